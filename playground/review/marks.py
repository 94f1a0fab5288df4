"""What a page of a session marks: counts of open threads, thumbs, and spans of text, by turn and run."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from playground.accounts.models import User
from playground.recording.redaction import Span
from playground.review.models import Anchor, Redaction, Thread
from playground.review.ratings import thumbs_in
from playground.review.redactions import OF_RUNS, shown_text
from playground.review.shown_text import ShownText
from playground.runs.models import Run, Session


def marks_of(session: Session, user: User) -> dict[str, Any]:
    """At most four queries. As JSON:

    `open`; `turns`: by id {open, hidden}; `runs`: by id {open, up, down, mine, spans, hidden}.
    A span is [thread, start, end], a hidden one [part, start, end], in marks of what is shown (see `shown_text`).
    """
    turns: dict[str, dict[str, Any]] = defaultdict(lambda: {"open": 0, "hidden": []})
    runs: dict[str, dict[str, Any]] = defaultdict(
        lambda: {"open": 0, "up": 0, "down": 0, "mine": 0, "spans": [], "hidden": []}
    )
    threads = Thread.objects.filter(session=session, resolved_at=None)
    total = 0
    spans: dict[UUID, list[tuple[UUID, Span]]] = defaultdict(list)
    for thread in threads:
        total += 1
        if thread.run_id is not None:
            runs[str(thread.run_id)]["open"] += 1
        elif thread.turn_id is not None:
            turns[str(thread.turn_id)]["open"] += 1
        if thread.anchor == Anchor.TEXT and thread.run_id and thread.start is not None and thread.end is not None:
            spans[thread.run_id].append((thread.pk, Span(thread.start, thread.end)))
    for run_id, opinions in thumbs_in(session, user).items():
        runs[str(run_id)].update(up=opinions.up, down=opinions.down, mine=opinions.mine or 0)
    _add_spans(runs, spans)
    _add_hidden(session, turns, runs)
    return {"open": total, "turns": turns, "runs": runs}


def _add_spans(runs: Mapping[str, dict[str, Any]], spans: Mapping[UUID, list[tuple[UUID, Span]]]) -> None:
    if not spans:
        return
    for run in Run.objects.filter(pk__in=spans).only("pk", "text"):
        shown = ShownText.of_markdown(run.text)
        for thread_id, span in spans[run.pk]:
            if marks := shown.place(span):
                runs[str(run.pk)]["spans"].append([str(thread_id), *marks])


def _add_hidden(session: Session, turns: Mapping[str, dict[str, Any]], runs: Mapping[str, dict[str, Any]]) -> None:
    texts: dict[tuple[UUID, UUID | None, str], ShownText] = {}
    redactions = Redaction.objects.filter(turn__session=session).select_related("turn", "run")
    for redaction in redactions.defer("run__messages"):
        key = (redaction.turn_id, redaction.run_id, redaction.part)
        if key not in texts:
            texts[key] = shown_text(redaction)
        marks = texts[key].place(Span(redaction.start, redaction.end))
        if marks is None:
            continue
        place = runs[str(redaction.run_id)] if redaction.part in OF_RUNS else turns[str(redaction.turn_id)]
        place["hidden"].append([redaction.part, *marks])
