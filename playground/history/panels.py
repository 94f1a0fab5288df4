"""What each view of an answer shows: the context of its template, from the recording of a run."""

from typing import Any

from django.utils import timezone

from playground.history.answer import Answer, assemble
from playground.history.characters import PAGE as CHARACTERS
from playground.history.characters import chunk_texts, render_characters
from playground.history.event_rows import FIRST_ROWS, event_page, kinds
from playground.history.event_rows import PAGE as EVENTS
from playground.history.gaps import gap_labels, probability_labels
from playground.history.http import SignedInRequest
from playground.history.markdown import render_markdown
from playground.history.numbers import counts, speed
from playground.history.timeline import build_timeline
from playground.history.timeline_drawing import draw
from playground.history.timeline_words import PHASES, description, moments
from playground.history.tokens import render_tokens, token_page
from playground.recording.status import RunStatus
from playground.recording.units import duration
from playground.runs.models import Run
from playground.runs.reader import RecordedLog

_ENDED_BADLY = frozenset(RunStatus) - {RunStatus.QUEUED, RunStatus.STREAMING, RunStatus.COMPLETED}


def answer(_request: SignedInRequest, run: Run, log: RecordedLog) -> dict[str, Any]:
    found = assemble(log.events) if log.events else Answer(text=run.text, reasoning=run.reasoning)
    return {
        "answer": found,
        "html": render_markdown(found.text),
        "choices": [(index + 1, render_markdown(text)) for index, text in found.choices.items()],
        "ended_badly": RunStatus(run.status) in _ENDED_BADLY,
    }


def characters(request: SignedInRequest, _run: Run, log: RecordedLog) -> dict[str, Any]:
    start = _whole_number(request, "start", 0)
    lines, total = render_characters(chunk_texts(log.events), start, CHARACTERS)
    end = min(start + CHARACTERS, total)
    return {
        "lines": lines,
        "total": total,
        "first": start + 1,
        "last": end,
        "next_query": f"start={end}" if end < total else "",
        "before_query": f"start={max(0, start - CHARACTERS)}" if start else "",
    }


def tokens(request: SignedInRequest, _run: Run, log: RecordedLog) -> dict[str, Any]:
    after = _whole_number(request, "after", -1)
    page = token_page(log.events, after)
    return {
        "page": page,
        "html": render_tokens(page),
        "from_start": after >= 0,
        "next_query": f"after={page.next}",
        "gap_labels": gap_labels(),
        "probability_labels": probability_labels(),
    }


def timeline(_request: SignedInRequest, run: Run, log: RecordedLog) -> dict[str, Any]:
    now = None if run.is_final else int((timezone.now() - run.created_at).total_seconds() * 1e6)
    found = build_timeline(log.events, now=now)
    metrics = log.metrics()
    drawing = draw(found)
    return {
        "timeline": found,
        "drawing": drawing,
        "legend": [(phase.value, label) for phase, label in PHASES.items() if phase in drawing.phases],
        "gap_labels": gap_labels(),
        "description": description(found),
        "moments": list(moments(found)),
        "speed": speed(metrics),
        "counts": counts(metrics, log.events, found),
        "stall_from": duration(found.stall_from),
    }


def events(request: SignedInRequest, _run: Run, log: RecordedLog) -> dict[str, Any]:
    found = kinds(log.events)
    kind = request.GET.get("kind", "")
    kind = kind if kind in dict(found) else ""
    after = _whole_number(request, "after", -1)
    page = event_page(log.events, kind, after, FIRST_ROWS if after < 0 else EVENTS)
    return {"page": page, "kinds": found, "kind": kind, "total": len(log.events), "after": after}


def _whole_number(request: SignedInRequest, name: str, default: int) -> int:
    """A position in the URL; what is not one counts as none."""
    value = request.GET.get(name, "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else default
