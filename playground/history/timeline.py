"""What happened in a run, when: one lane an attempt, cut into phases; the gaps between chunks; the numbers.

All times are in µs since the run began.
"""

import itertools
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, NamedTuple

from playground.recording.events import (
    ATTEMPT_FAILED,
    ATTEMPT_STARTED,
    CHUNK,
    FIRST_BYTE,
    NOTICE,
    RESPONSE_HEADERS,
    RETRY_SCHEDULED,
    RUN_ENDED,
    Event,
)

_LOCAL: Final = "astream_events"  # the method of an attempt that asks no server: a LangChain Runnable
STALL_LEAST: Final = 1_000_000
STALL_FACTOR: Final = 10


class Phase(StrEnum):
    QUEUED = "queued"  # the run waits for its first attempt
    LOADING = "loading"  # the embedded model is being loaded
    WORK = "work"  # a Runnable works, in this process; until its first chunk
    HEADERS = "headers"  # connecting and sending; until the response's headers
    BODY = "body"  # from the headers to the first byte of the body
    FIRST = "first"  # from the first byte to the first chunk
    STREAM = "stream"  # from the first chunk on
    STALL = "stall"  # inside `stream`: no chunk for so long that it stands out
    RETRY = "retry"  # the wait before the next attempt


class Mark(StrEnum):
    HEADERS = "headers"
    FIRST_BYTE = "first-byte"
    FIRST_CHUNK = "first-chunk"
    FAILED = "failed"
    END = "end"


_MARKED: Final = {
    RESPONSE_HEADERS: Mark.HEADERS,
    FIRST_BYTE: Mark.FIRST_BYTE,
    ATTEMPT_FAILED: Mark.FAILED,
}


class Span(NamedTuple):
    """`is_cut`: it began before the part of the run that is told of, or goes on after it."""

    phase: Phase
    start: int
    end: int
    is_cut: bool = False

    @property
    def length(self) -> int:
        return self.end - self.start


class Cut(NamedTuple):
    """Which part of a run is told of: from `start` on, and `goes_on` where another follows.

    `before` are earlier events, which say what it begins in; it is in the attempt `attempt`, wherever that began.
    """

    start: int = 0
    goes_on: bool = False
    before: Sequence[Event] = ()
    attempt: int = 0


class Gap(NamedTuple):
    """No chunk from `start` to `end`."""

    start: int
    end: int

    @property
    def length(self) -> int:
        return self.end - self.start


@dataclass(slots=True)
class Lane:
    """One attempt; number 0 is what came before the first."""

    number: int
    start: int
    spans: list[Span] = field(default_factory=list)
    marks: list[tuple[Mark, int]] = field(default_factory=list)
    status: int | None = None
    chunks: list[int] = field(default_factory=list)
    error: Mapping[str, Any] | None = None
    retry: Mapping[str, Any] | None = None
    loading: int | None = None
    is_local: bool = False
    is_begun: bool = True  # False: where it began is not known
    goes_on: bool = False  # after the part that is told of

    @property
    def length(self) -> int | None:
        """None where not all of it is known."""
        return self.end - self.start if self.is_begun and not self.goes_on else None

    @property
    def end(self) -> int:
        return max((span.end for span in self.spans), default=self.start)

    def at(self, mark: Mark) -> int | None:
        return next((t for found, t in self.marks if found == mark), None)


@dataclass(frozen=True, slots=True)
class Timeline:
    """`end` is the run's end, or now for a live run; of a part of a run, that of the part, and `start` its beginning.

    `stall_from` is the length from which a gap is a stall.
    """

    end: int
    live: bool
    lanes: Sequence[Lane]
    gaps: Sequence[Gap]
    stalls: Sequence[Gap]
    stall_from: int
    status: str = ""
    start: int = 0
    is_part: bool = False

    @property
    def length(self) -> int:
        return max(1, self.end - self.start)


def build_timeline(
    events: Sequence[Event], *, now: int | None = None, cut: Cut | None = None, stall_from: int | None = None
) -> Timeline:
    """`now`: for a live run, the time since it began; what is under way lasts until then.

    `cut`: the events are a part of a run; `stall_from` is then that of the run.
    """
    is_part = cut is not None
    cut = cut or Cut()
    ended = events[-1] if events and events[-1].kind == RUN_ENDED else None
    end = max(events[-1].t if events else 0, 0 if ended else now or 0)
    lanes = _lanes([*cut.before, *events], _lane_before(cut))
    gaps = [Gap(a, b) for lane in lanes for a, b in itertools.pairwise(lane.chunks) if b > cut.start or not cut.start]
    if stall_from is None:
        stall_from = stall_length(int(statistics.median(gap.length for gap in gaps)) if gaps else 0)
    for lane, following in itertools.zip_longest(lanes, lanes[1:]):
        _cut_into_spans(lane, following.start if following else end)
    stalls = [gap for gap in gaps if gap.length >= stall_from]
    if not cut.goes_on and (silence := _last_silence(lanes, end)) and silence.length >= stall_from:
        stalls.append(silence)
    for lane in lanes:
        lane.spans += [Span(Phase.STALL, *stall) for stall in stalls if lane.chunks and _inside(stall, lane)]
    if lanes and ended:
        lanes[-1].marks.append((Mark.END, end))
    _cut_lanes(lanes, cut, end)
    status = str(ended.data["status"]) if ended and not isinstance(ended.data, str) else ""
    shown = [lane for lane in lanes if lane.spans]
    return Timeline(end, ended is None, shown, gaps, stalls, stall_from, status, cut.start, is_part)


def _cut_lanes(lanes: Sequence[Lane], cut: Cut, end: int) -> None:
    """Leave of the lanes what is in the part."""
    if cut.goes_on:
        lanes[-1].goes_on = True
        lanes[-1].spans = [s._replace(is_cut=s.end == end and s.phase != Phase.STALL) for s in lanes[-1].spans]
    if not cut.start:
        return
    for lane in lanes:
        spans = [span for span in lane.spans if span.end > cut.start]
        lane.spans = [
            s._replace(start=max(s.start, cut.start), is_cut=s.is_cut or _is_older(s, lane, cut)) for s in spans
        ]
        lane.marks = [(mark, t) for mark, t in lane.marks if t > cut.start]


def _is_older(span: Span, lane: Lane, cut: Cut) -> bool:
    return span.start < cut.start or (span.start == cut.start and not lane.is_begun)


def _lane_before(cut: Cut) -> Lane:
    is_known = not cut.attempt or any(event.kind == ATTEMPT_STARTED for event in cut.before)
    return Lane(cut.attempt, cut.start, is_begun=is_known)


def _lanes(events: Sequence[Event], lane: Lane) -> list[Lane]:
    """`lane` is the one that they begin in."""
    lanes = [lane]
    for event in events:
        if event.kind == CHUNK:
            lane.chunks.append(event.t)
        elif event.kind == ATTEMPT_STARTED and not isinstance(event.data, str):
            lane = Lane(int(event.data.get("attempt", len(lanes))), event.t)
            lane.is_local = event.data.get("method") == _LOCAL
            lanes.append(lane)
        elif not isinstance(event.data, str):
            _note(lane, event.kind, event.t, event.data)
    for lane in lanes:
        if lane.chunks:
            lane.marks.append((Mark.FIRST_CHUNK, lane.chunks[0]))
    return lanes


def _note(lane: Lane, kind: str, t: int, data: Mapping[str, Any]) -> None:
    if kind in _MARKED:
        lane.marks.append((_MARKED[kind], t))
    if kind == RESPONSE_HEADERS:
        lane.status = data.get("status")
    elif kind == ATTEMPT_FAILED:
        lane.error = data
    elif kind == RETRY_SCHEDULED:
        lane.retry = data
    elif kind == NOTICE and data.get("code") == "model.loading" and lane.loading is None:
        lane.loading = t


def stall_length(median: int) -> int:
    """From which length a gap is a stall, by the median of all gaps of the run."""
    return max(STALL_LEAST, STALL_FACTOR * median)


def _cut_into_spans(lane: Lane, until: int) -> None:
    """Phases follow one another without a hole; what did not happen has no phase."""
    if lane.number == 0:
        loading = until if lane.loading is None else lane.loading
        cuts = [(Phase.QUEUED, 0, loading), (Phase.LOADING, loading, until)]
    else:
        failed = lane.at(Mark.FAILED)
        end = until if failed is None else failed
        first = lane.at(Mark.FIRST_CHUNK)
        body = lane.at(Mark.FIRST_BYTE)
        headers = lane.at(Mark.HEADERS)
        begin = Phase.WORK if lane.is_local else Phase.HEADERS
        starts = [(begin, lane.start), (Phase.BODY, headers), (Phase.FIRST, body), (Phase.STREAM, first)]
        known = [(phase, t) for phase, t in starts if t is not None]
        ends = [*(t for _phase, t in known[1:]), end]
        cuts = [(phase, start, stop) for (phase, start), stop in zip(known, ends, strict=True)]
        if failed is not None and lane.retry is not None:
            cuts.append((Phase.RETRY, failed, until))
    lane.spans = [Span(phase, start, stop) for phase, start, stop in cuts if stop > start]


def _last_silence(lanes: Sequence[Lane], end: int) -> Gap | None:
    """From the last chunk to the end of its attempt."""
    lane = next((lane for lane in reversed(lanes) if lane.chunks), None)
    if lane is None:
        return None
    stop = lane.at(Mark.FAILED)
    return Gap(lane.chunks[-1], end if stop is None else stop)


def _inside(gap: Gap, lane: Lane) -> bool:
    return lane.chunks[0] <= gap.start <= lane.chunks[-1]
