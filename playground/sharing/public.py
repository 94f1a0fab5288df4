"""Sessions, turns, runs and recordings as somebody sees them who has no account: stripped, and with spans hidden.

What is returned is for showing: model instances that must not be saved.
"""

import copy
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from playground.recording.log import Read
from playground.recording.redaction import MASK, Hidden, Span, redact_events, redact_text
from playground.review.models import Redaction
from playground.runs.continuing import part_before
from playground.runs.grants import Lens
from playground.runs.lens import LensedEvents
from playground.runs.models import Run, Turn
from playground.runs.reader import RecordedLog, open_log
from playground.runs.stored import LONG
from playground.runs.turns import TITLE_LENGTH
from playground.sharing.contents import Contents
from playground.sharing.stripping import public_usage, strip

Part = Redaction.Part
_TIMELESS: Final = frozenset({"cut", "empty", "retried", "one_chunk", "repaired"})
"""Findings that can be told without saying when, or for how long."""


@dataclass(frozen=True, slots=True)
class Redactions:
    """The spans that are hidden of some turns and their runs."""

    _of_turns: Mapping[tuple[UUID, str], Sequence[Span]] = field(default_factory=dict)
    _of_runs: Mapping[tuple[UUID, str], Sequence[Span]] = field(default_factory=dict)

    def of_turn(self, turn: Turn, part: Part) -> Sequence[Span]:
        return self._of_turns.get((turn.pk, part.value), ())

    def of_run(self, run_id: UUID) -> Hidden:
        return Hidden(
            answer=self._of_runs.get((run_id, Part.ANSWER.value), ()),
            reasoning=self._of_runs.get((run_id, Part.REASONING.value), ()),
        )


def redactions_of(turns: Iterable[UUID]) -> Redactions:
    """One query."""
    of_turns: dict[tuple[UUID, str], list[Span]] = defaultdict(list)
    of_runs: dict[tuple[UUID, str], list[Span]] = defaultdict(list)
    for row in Redaction.objects.filter(turn__in=list(turns)):
        if row.run_id is None:
            of_turns[row.turn_id, row.part].append(Span(row.start, row.end))
        else:
            of_runs[row.run_id, row.part].append(Span(row.start, row.end))
    return Redactions(of_turns, of_runs)


def make_lens(run: Run, contents: Contents, redactions: Redactions | None = None) -> Lens:
    """How the events of `run` are shown. Reads the recording where something of it is hidden."""
    found = redactions_of([run.turn_id]) if redactions is None else redactions
    hidden = found.of_run(run.pk)
    if not hidden.answer and not hidden.reasoning:
        return lambda event: strip(event, contents)
    redact = redact_events(open_log(run).events, hidden)
    return lambda event: strip(redact(event), contents)


def public_log(run: Run, contents: Contents, redactions: Redactions | None = None) -> RecordedLog:
    """The recording of a run, of which nothing more can be read than is shown. Of a long one nothing is kept."""
    found = redactions_of([run.turn_id]) if redactions is None else redactions
    log = open_log(run)
    redact = redact_events(log.events, found.of_run(run.pk))
    events = LensedEvents(log.events, lambda event: strip(redact(event), contents))
    return PublicLog(run.pk, log.status, events if len(events) > LONG else list(events))


class PublicLog(RecordedLog):
    __slots__ = ()

    def reads(self) -> list[Read]:
        """Raw bytes are nobody's business outside."""
        return []

    def received(self) -> int:
        return 0


def public_run(run: Run, contents: Contents, redactions: Redactions) -> Run:
    """Of its messages, only the part of the answer that it goes on from is left."""
    shown = copy.copy(run)
    hidden = redactions.of_run(run.pk)
    shown.text = redact_text(run.text, hidden.answer)
    shown.reasoning = redact_text(run.reasoning, hidden.reasoning)
    part = _part_before(run, redactions)
    shown.messages = [{"role": "assistant", "content": part}] if part else []
    shown.error_message = ""
    shown.owner_process = ""
    shown.usage = public_usage(run.usage) if contents.timeline else None
    if not contents.timeline:
        shown.metrics = {name: run.metrics[name] for name in ("chunks",) if name in run.metrics}
        shown.ttft_ms = shown.tokens_per_s = None
        found = [finding for finding in run.findings if finding.get("code") in _TIMELESS]
        shown.findings = [{**finding, "t": 0, "length": 0} for finding in found]
    return shown


def _part_before(run: Run, redactions: Redactions) -> str:
    """What a continuation goes on from, with what is hidden of the earlier runs; "" of any other run.

    Of their texts no more than was sent: who is asked in words to go on writes the word anew that was cut.
    """
    texts: list[str] = []
    end = len(part_before(run))
    while (before := run.continues) is not None:
        begin = len(part_before(before))
        texts.append(redact_text(before.text[: max(0, end - begin)], redactions.of_run(before.pk).answer))
        run, end = before, min(begin, end)
    return "".join(reversed(texts))


def public_turn(turn: Turn, contents: Contents, redactions: Redactions) -> Turn:
    """Without its session and runs: who shows them takes them from elsewhere."""
    shown = copy.copy(turn)
    shown.prompt = redact_text(turn.prompt, redactions.of_turn(turn, Part.PROMPT))
    shown.system = redact_text(turn.system, redactions.of_turn(turn, Part.SYSTEM)) if contents.system else ""
    shown.parameters = turn.parameters if contents.parameters else {}
    return shown


def hidden_texts(turns: Iterable[Turn], runs: Iterable[Run], redactions: Redactions) -> list[str]:
    """What is hidden, as it was written: for `hide_quotes`."""
    found: list[str] = []
    for turn in turns:
        for part, text in ((Part.PROMPT, turn.prompt), (Part.SYSTEM, turn.system)):
            found += [text[start:end] for start, end in redactions.of_turn(turn, part)]
    for run in runs:
        hidden = redactions.of_run(run.pk)
        found += [run.text[start:end] for start, end in hidden.answer]
        found += [run.reasoning[start:end] for start, end in hidden.reasoning]
    return found


def hide_quotes(text: str, hidden: Iterable[str]) -> str:
    """`text` without what is hidden elsewhere: a comment may quote the answer, a title the prompt."""
    for secret in sorted(filter(None, (secret.strip() for secret in hidden)), key=len, reverse=True):
        text = text.replace(secret, MASK).replace(_one_line(secret), MASK)
    return text


def public_title(title: str, first: Turn | None, redactions: Redactions, hidden: Iterable[str]) -> str:
    """A session is named after its first prompt, whose hidden spans its title may hold cut short."""
    if first is not None and (spans := redactions.of_turn(first, Part.PROMPT)):
        stem = title.removesuffix("…").rstrip()
        if stem in _one_line(first.prompt):
            return _one_line(redact_text(first.prompt, spans))[:TITLE_LENGTH]
    return hide_quotes(title, hidden)


def _one_line(text: str) -> str:
    return " ".join(text.split())
