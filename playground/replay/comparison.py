"""Two runs side by side: their numbers, their gaps, and what differed in what was asked."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from playground.history.characters import chunk_texts
from playground.history.filters import STATUS_WORDS
from playground.history.timeline import Timeline, build_timeline
from playground.history.tokens import tokens
from playground.recording.events import CHUNK
from playground.recording.metrics import Metrics
from playground.recording.status import RunStatus
from playground.recording.units import duration
from playground.replay.diff import Diff, Unit, diff_chunks, diff_texts
from playground.runs.models import Run
from playground.runs.reader import RecordedLog, open_log

MOST_GAPS: Final = 20
_MANY: Final = 10  # times: from here on a percentage says less than the factor
_LEAST_SHARE: Final = 0.005


@dataclass(frozen=True)
class Side:
    """One of the two. `letter` names it: "A" or "B"."""

    letter: str
    run: Run
    log: RecordedLog

    @classmethod
    def of(cls, letter: str, run: Run) -> "Side":
        return cls(letter, run, open_log(run))

    @cached_property
    def timeline(self) -> Timeline:
        return build_timeline(self.log.events)

    @cached_property
    def metrics(self) -> Metrics:
        return self.log.metrics()

    @cached_property
    def text(self) -> str:
        return "".join(chunk_texts(self.log.events)) if self.log.events else self.run.text

    @cached_property
    def chunks(self) -> list[Unit]:
        """The answer's chunks, each with its place and time; those of an attempt that failed are not of the answer."""
        found = list(tokens(self.log.events))
        last = max((token.attempt for token in found), default=1)
        return [
            Unit(token.text, token.seq, token.t)
            for token in found
            if token.attempt == last and token.part == "text" and token.choice == 0 and token.text
        ]


class Number(NamedTuple):
    """`change` is from A to B, "" where one of them has none."""

    label: str
    hint: str
    a: str
    b: str
    change: str


class Fact(NamedTuple):
    label: str
    a: str
    b: str

    @property
    def differs(self) -> bool:
        return self.a != self.b


class LongGap(NamedTuple):
    """A gap that stands out: `seconds` is where it began, `seq` the chunk that ended it, or None if the end did."""

    seconds: str
    at: str
    length: str
    seq: int | None


# label, hint, key in Metrics, unit
_NUMBERS: Final[Sequence[tuple[str | Promise, str | Promise, str, str]]] = (
    (gettext_lazy("TTFT"), gettext_lazy("Time to first token, waits and retries included"), "ttft_ms", "ms"),
    (gettext_lazy("Tokens/s"), gettext_lazy("Chunks per second, from the first to the last"), "tokens_per_s", "rate"),
    (gettext_lazy("p50 gap"), gettext_lazy("Half of the gaps between chunks are shorter"), "gap_p50_ms", "ms"),
    (gettext_lazy("p99 gap"), gettext_lazy("99 of 100 gaps between chunks are shorter"), "gap_p99_ms", "ms"),
    (gettext_lazy("Longest gap"), gettext_lazy("The longest time between two chunks"), "gap_max_ms", "ms"),
    (gettext_lazy("Duration"), gettext_lazy("From the start of the run to its end"), "duration_ms", "ms"),
    (gettext_lazy("Chunks"), gettext_lazy("Pieces as the provider cut them"), "chunks", "count"),
    (gettext_lazy("Stalls"), gettext_lazy("Gaps of at least 1 s, and 10 times the median"), "stalls", "count"),
    (gettext_lazy("Attempts"), gettext_lazy("Requests that were sent"), "attempts", "count"),
    (gettext_lazy("Number of characters"), gettext_lazy("Length of the answer"), "characters", "count"),
    (gettext_lazy("Prompt tokens"), gettext_lazy("As the provider counted them"), "prompt_tokens", "count"),
    (gettext_lazy("Answer tokens"), gettext_lazy("As the provider counted them"), "completion_tokens", "count"),
)


def numbers(a: Side, b: Side) -> list[Number]:
    """What neither of them has is left out."""
    values = _values(a), _values(b)
    found = []
    for label, hint, key, unit in _NUMBERS:
        of_a, of_b = (each.get(key) for each in values)
        if of_a is not None or of_b is not None:
            found.append(
                Number(str(label), str(hint), _written(of_a, unit), _written(of_b, unit), _change(of_a, of_b, unit))
            )
    return found


def _values(side: Side) -> Mapping[str, Any]:
    usage = side.run.usage or {}
    told = ("prompt_tokens",) if usage.get("estimated") else ("prompt_tokens", "completion_tokens")
    counted = {name: usage.get(name) for name in told}
    return {**side.metrics, **counted, "stalls": len(side.timeline.stalls), "characters": len(side.text)}


def _written(value: float | None, unit: str) -> str:
    if value is None:
        return "–"
    if unit == "ms":
        return duration(round(value * 1000))
    return f"{value:,.1f}" if unit == "rate" else f"{value:,}"


def _change(a: float | None, b: float | None, unit: str) -> str:
    """For example "+120 ms (+30 %)"."""
    if a is None or b is None:
        return ""
    if a == b:
        return "="
    sign = "+" if b > a else "−"
    size = _written(abs(b - a), unit)
    share = abs(b - a) / a if a else 0
    if b > _MANY * a > 0:
        return f"{sign}{size} (×{b / a:,.0f})"
    return f"{sign}{size} ({sign}{share:.0%})" if share >= _LEAST_SHARE else f"{sign}{size}"


def facts(a: Side, b: Side) -> list[Fact]:
    """What was asked of whom, and how it ended."""
    names = dict.fromkeys(name for side in (a, b) for name, _value in side.run.turn.ordered_parameters)
    return [
        Fact(_("Model"), a.run.model_id, b.run.model_id),
        Fact(_("Dialect"), _dialect(a), _dialect(b)),
        Fact(_("Status"), _status(a), _status(b)),
        Fact(_("Finish reason"), a.run.finish_reason, b.run.finish_reason),
        *(Fact(name, _parameter(a, name), _parameter(b, name)) for name in names),
        Fact(_("Earlier messages"), str(_earlier(a)), str(_earlier(b))),
    ]


def asked(a: Side, b: Side) -> Iterator[tuple[str, Diff]]:
    """The texts that were sent, where they differ."""
    turns = a.run.turn, b.run.turn
    for label, texts in (
        (_("System prompt"), (turns[0].system, turns[1].system)),
        (_("Prompt"), (turns[0].prompt, turns[1].prompt)),
    ):
        if texts[0] != texts[1]:
            yield label, diff_texts(*texts)


def answers(a: Side, b: Side, *, by_chunk: bool) -> Diff:
    """May raise `lcs.TooLarge` by chunk."""
    return diff_chunks(a.chunks, b.chunks) if by_chunk else diff_texts(a.text, b.text)


def long_gaps(side: Side) -> list[LongGap]:
    """Those that the timeline calls stalls, longest first."""
    gaps = sorted(side.timeline.stalls, key=lambda gap: -gap.length)[:MOST_GAPS]
    ends = {gap.end for gap in gaps}
    seqs = {event.t: event.seq for event in reversed(side.log.events) if event.t in ends and event.kind == CHUNK}
    return [
        LongGap(f"{gap.start / 1e6:f}", duration(gap.start), duration(gap.length), seqs.get(gap.end)) for gap in gaps
    ]


def _status(side: Side) -> str:
    return str(STATUS_WORDS[RunStatus(side.run.status)])


def _dialect(side: Side) -> str:
    started = side.log.events[0].data if side.log.events else {}
    return "" if isinstance(started, str) else str(started.get("dialect", ""))


def _parameter(side: Side, name: str) -> str:
    value = side.run.turn.parameters.get(name)
    return _("default") if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _earlier(side: Side) -> int:
    """Messages of the conversation before this turn's own."""
    own = 2 if side.run.turn.system else 1
    return max(0, len(side.run.messages) - own)
