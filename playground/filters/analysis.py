"""What a rule did to a recording: each match, the chunks that it was cut into, and how long text was held back."""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final, NamedTuple

from playground.filters.streaming import Piece, Rewrite, RuleFilter
from playground.recording.events import CHUNK, Event

MAX_CHARACTERS: Final = 100_000
"""Of a recording, looked at."""


class Arrival(NamedTuple):
    """Text that came at `t`, in µs since the run began."""

    t: int
    text: str


class Mark(NamedTuple):
    """A stretch of the text. `raw` is cut where chunks ended; `shown` stands in its place where the rule matched."""

    raw: tuple[str, ...]
    shown: str
    is_match: bool


@dataclass(slots=True)
class Report:
    """Times in µs. `held_mean` is over all characters, those that were not held back too."""

    marks: list[Mark] = field(default_factory=list)
    shown: list[Arrival] = field(default_factory=list)
    matches: int = 0
    cut: int = 0
    removed: int = 0
    inserted: int = 0
    held_most: int = 0
    held_longest: int = 0
    held_mean: float = 0.0

    @property
    def text(self) -> str:
        return "".join(arrival.text for arrival in self.shown)


def arrivals(events: Sequence[Event], part: str) -> list[Arrival]:
    """The last attempt's text or reasoning, as it came; at most MAX_CHARACTERS of it."""
    found: list[Arrival] = []
    attempt, left = 1, MAX_CHARACTERS
    for event in events:
        if event.kind != CHUNK:
            continue
        data: Mapping[str, Any] = {"text": event.data} if isinstance(event.data, str) else event.data
        if data.get("attempt", 1) > attempt:
            found, attempt, left = [], data["attempt"], MAX_CHARACTERS
        text = (data.get(part) or "")[:left] if not data.get("choice") else ""
        if text:
            found.append(Arrival(event.t, text))
            left -= len(text)
    return found


def examine(rule: Rewrite, came: Sequence[Arrival], end: int) -> Report:
    """`end`: when the run ended, and what was held back was let go."""
    return _Examination(rule).of(came, end)


class _Examination:
    def __init__(self, rule: Rewrite) -> None:
        self._filter = RuleFilter(rule)
        self._report = Report()
        self._waiting: deque[list[int]] = deque()  # [t, characters] of what came and is not shown
        self._chunks: deque[int] = deque()  # the lengths of the chunks from here on
        self._waited = 0
        self._characters = 0

    def of(self, came: Sequence[Arrival], end: int) -> Report:
        self._chunks.extend(len(arrival.text) for arrival in came)
        for arrival in came:
            self._waiting.append([arrival.t, len(arrival.text)])
            self._take(arrival.t, self._filter.feed(arrival.text))
            self._report.held_most = max(self._report.held_most, self._filter.held)
        self._take(max(end, came[-1].t if came else 0), self._filter.finish())
        self._report.held_mean = self._waited / self._characters if self._characters else 0.0
        return self._report

    def _take(self, now: int, pieces: Iterable[Piece]) -> None:
        report = self._report
        shown = ""
        for piece in pieces:
            self._wait(now, len(piece.raw))
            parts = self._parts(piece.raw)
            if piece.is_match:
                report.matches += 1
                report.cut += len(parts) > 1
                report.removed += len(piece.raw)
                report.inserted += len(piece.shown)
            if report.marks and not piece.is_match and not report.marks[-1].is_match:
                before = report.marks.pop()
                report.marks.append(Mark((before.raw[0] + piece.raw,), before.shown + piece.shown, is_match=False))
            else:
                report.marks.append(Mark(parts if piece.is_match else (piece.raw,), piece.shown, piece.is_match))
            shown += piece.shown
        if shown:
            report.shown.append(Arrival(now, shown))

    def _wait(self, now: int, characters: int) -> None:
        self._characters += characters
        while characters:
            first = self._waiting[0]
            taken = min(characters, first[1])
            self._waited += taken * (now - first[0])
            self._report.held_longest = max(self._report.held_longest, now - first[0])
            characters -= taken
            first[1] -= taken
            if not first[1]:
                self._waiting.popleft()

    def _parts(self, raw: str) -> tuple[str, ...]:
        """`raw`, cut where the chunks that it came in ended."""
        cuts = [0]
        while cuts[-1] < len(raw):
            taken = min(len(raw) - cuts[-1], self._chunks[0])
            cuts.append(cuts[-1] + taken)
            self._chunks[0] -= taken
            if not self._chunks[0]:
                self._chunks.popleft()
        return tuple(raw[start:stop] for start, stop in pairwise(cuts))
