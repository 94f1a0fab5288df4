"""What each view of an answer shows: the context of its template, from the recording of a run."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone

from playground.filters.display import display_of
from playground.history.answer import Answer, assemble
from playground.history.characters import PAGE as CHARACTERS
from playground.history.characters import chunk_texts, first_characters, render_characters
from playground.history.event_rows import FIRST_ROWS, event_page, kinds
from playground.history.event_rows import PAGE as EVENTS
from playground.history.gaps import gap_labels, probability_labels
from playground.history.moments import at_moment, cursor_at
from playground.history.numbers import counts, speed
from playground.history.origins import origin, placed_of
from playground.history.part_timeline import timeline_of
from playground.history.parts import (
    goes_on,
    in_parts,
    moment_in,
    part_query,
    received,
    whole,
    with_neighbours,
    with_part,
)
from playground.history.read_rows import READS, read_page
from playground.history.step_filter import StepFilter
from playground.history.step_rows import step_rows
from playground.history.timeline_drawing import draw
from playground.history.timeline_words import PHASES, description, moments
from playground.history.tokens import render_tokens, token_page
from playground.http import SignedInRequest, position_in, wants_part
from playground.markdown import render_markdown
from playground.recording.events import Event
from playground.recording.status import RunStatus
from playground.recording.steps import steps
from playground.recording.units import duration
from playground.runs.models import Run
from playground.runs.reader import RecordedLog

_MOST = 500_000  # characters of one part of a run that are shown
_BEFORE_CHOSEN = 5  # rows above the event that the URL points at
_WITH_STEPS = frozenset({"timeline", "events"})
_ENDED_BADLY = frozenset(RunStatus) - {RunStatus.QUEUED, RunStatus.STREAMING, RunStatus.COMPLETED}


def answer(request: SignedInRequest, run: Run, log: RecordedLog) -> dict[str, Any]:
    """As the workspace's filters show it, unless the reader wants it raw."""
    came = assemble(log.events) if log.events else Answer(text=run.text, reasoning=run.reasoning)
    filtering = display_of(request, run)
    found = came
    if filtering is not None:
        found = replace(came, text=filtering.text(came.text), reasoning=filtering.reasoning(came.reasoning))
    return {
        "answer": found,
        "is_changed": found != came,
        "html": render_markdown(found.text[:_MOST]),
        **_beginning(len(found.text)),
        "choices": [(index + 1, render_markdown(text)) for index, text in found.choices.items()],
        "ended_badly": RunStatus(run.status) in _ENDED_BADLY,
        "goes_on": goes_on(log),
    }


def characters(request: SignedInRequest, _run: Run, log: RecordedLog) -> dict[str, Any]:
    start = position_in(request, "start") or 0
    chunks = chunk_texts(log.events)
    lines, total = render_characters(first_characters(chunks, _MOST), start, CHARACTERS)
    end = min(start + CHARACTERS, total)
    return {
        "lines": lines,
        "total": total,
        **_beginning(sum(map(len, chunks))),
        "first": start + 1,
        "last": end,
        "next_query": with_part(f"start={end}" if end < total else "", log),
        "before_query": with_part(f"start={max(0, start - CHARACTERS)}" if start else "", log),
    }


def _beginning(length: int) -> dict[str, int]:
    """What is said where only the beginning of a very long text is shown."""
    return {"shown": _MOST, "length": length} if length > _MOST else {}


def tokens(request: SignedInRequest, _run: Run, log: RecordedLog) -> dict[str, Any]:
    after = _after(request)
    chosen = chosen_seq(request, log)
    page = token_page(log.events, after, holding=chosen)
    return {
        "page": page,
        "html": render_tokens(page, linked=_on_run_page(request), chosen=chosen, by_seq=in_parts(log)),
        "from_start": page.first > 0,
        "next_query": f"after={page.next}",
        "gap_labels": gap_labels(),
        "probability_labels": probability_labels(),
    }


def timeline(request: SignedInRequest, run: Run, log: RecordedLog) -> dict[str, Any]:
    now = None if run.is_final else int((timezone.now() - run.created_at).total_seconds() * 1e6)
    metrics = whole(log).metrics()
    found = timeline_of(log.events, metrics, now)
    drawing = draw(found)
    moment = moment_in(request)
    return {
        "cursor": cursor_at(moment, found.start, found.end) if moment is not None else None,
        "at_moment": at_moment(with_neighbours(log.events), moment) if moment is not None else None,
        "timeline": found,
        "steps": _steps(StepFilter(request.GET), log.events, found.end, found.start),
        "drawing": drawing,
        "legend": [(phase.value, label) for phase, label in PHASES.items() if phase in drawing.phases],
        "gap_labels": gap_labels(),
        "description": description(found),
        "moments": list(moments(found)),
        "speed": speed(metrics),
        "counts": counts(metrics, received(log), found),
        "stall_from": duration(found.stall_from),
    }


def events(request: SignedInRequest, _run: Run, log: RecordedLog) -> dict[str, Any]:
    found = kinds(log.events)
    kind = request.GET.get("kind", "")
    kind = kind if kind in dict(found) else ""
    chosen = chosen_seq(request, log)
    after = _after(request) if chosen is None else max(-1, chosen - 1 - _BEFORE_CHOSEN)
    step_filter = StepFilter(request.GET)
    lets_in = step_filter.lets_in if step_filter.is_active else None
    page = event_page(log.events, kind, after, FIRST_ROWS if after < 0 and chosen is None else EVENTS, lets_in)
    return {
        "page": page,
        "kinds": found,
        "kind": kind,
        "total": sum(count for _kind, count in found),
        "after": after,
        "part_query": part_query(log),
        "chosen": chosen,
        "steps": _steps(step_filter, log.events),
    }


def read_bytes(request: SignedInRequest, run: Run, log: RecordedLog) -> dict[str, Any]:
    """The tab "Bytes". With `seq`, the page that holds the read which that event came from."""
    reads = placed_of(log)
    chosen = chosen_seq(request, log)
    found = origin(log.events, reads, chosen) if chosen is not None else None
    first = position_in(request, "from") or 0
    if found is not None:
        first = (found.reads[0].number - reads[0].number) // READS * READS
    page = read_page(log.events, reads, first, chosen)
    end = first + len(page)
    return {
        "reads": page,
        "total": len(reads),
        "page_url": reverse("history:run", args=[run.pk]),
        "next_query": with_part(f"from={end}" if end < len(reads) else "", log),
        "before_query": with_part(f"from={max(0, first - READS)}" if first else "", log),
    }


def chosen_seq(request: SignedInRequest, log: RecordedLog) -> int | None:
    """The event that the URL points at, if the run has it."""
    seq = position_in(request, "seq")
    return seq if seq is not None and seq < len(log.events) else None


def place_query(request: SignedInRequest, log: RecordedLog, view: str) -> str:
    """What another tab is asked for, so that it shows the same place, and of the steps the same."""
    query = {"view": view}
    chosen, moment = chosen_seq(request, log), request.GET.get("t", "")
    if chosen is not None:
        query["seq"] = str(chosen)
    if view == "timeline" and chosen is not None:
        query["t"] = f"{log.events[chosen].t / 1e6:.3f}"
    elif chosen is None and moment_in(request) is not None:
        query["t"] = moment
    steps_shown = StepFilter(request.GET).query if view in _WITH_STEPS else ""
    place = with_part(urlencode(query), log) if len(query) == 1 else urlencode(query)
    return "&".join(filter(None, [place, steps_shown]))


def _steps(chosen: StepFilter, events: Sequence[Event], end: int = 0, start: int = 0) -> dict[str, Any] | None:
    """What the templates of steps need; None for a run without any."""
    every = steps(events)
    if not every:
        return None
    shown = steps(events, chosen.lets_in) if chosen.is_active else every
    rows, more = step_rows(shown, end, start)
    counts = {"shown": len(shown), "total": len(every)}
    return {"rows": rows, "more": more, "filter": chosen, "groups": chosen.groups(every), **counts}


def _on_run_page(request: SignedInRequest) -> bool:
    """Whether the view is a tab of the run's page, not of a lane."""
    match = request.resolver_match
    return (match is not None and match.url_name == "run") or not wants_part(request)


def _after(request: SignedInRequest) -> int:
    """The last position that the page has: -1 is before the first."""
    after = position_in(request, "after")
    return -1 if after is None else after
