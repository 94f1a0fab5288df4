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
    phase: Phase
    start: int
    end: int

    @property
    def length(self) -> int:
        return self.end - self.start


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

    @property
    def end(self) -> int:
        return max((span.end for span in self.spans), default=self.start)

    def at(self, mark: Mark) -> int | None:
        return next((t for found, t in self.marks if found == mark), None)


@dataclass(frozen=True, slots=True)
class Timeline:
    """`end` is the run's end, or now for a live run. `stall_from` is the length from which a gap is a stall."""

    end: int
    live: bool
    lanes: Sequence[Lane]
    gaps: Sequence[Gap]
    stalls: Sequence[Gap]
    stall_from: int
    status: str = ""


def build_timeline(events: Sequence[Event], *, now: int | None = None) -> Timeline:
    """`now`: for a live run, the time since it began; what is under way lasts until then."""
    ended = events[-1] if events and events[-1].kind == RUN_ENDED else None
    end = max(events[-1].t if events else 0, 0 if ended else now or 0)
    lanes = _lanes(events)
    gaps = [Gap(a, b) for lane in lanes for a, b in itertools.pairwise(lane.chunks)]
    stall_from = _stall_from(gaps)
    for lane, following in itertools.zip_longest(lanes, lanes[1:]):
        _cut_into_spans(lane, following.start if following else end)
    stalls = [gap for gap in gaps if gap.length >= stall_from]
    if (silence := _last_silence(lanes, end)) and silence.length >= stall_from:
        stalls.append(silence)
    for lane in lanes:
        lane.spans += [Span(Phase.STALL, *stall) for stall in stalls if lane.chunks and _inside(stall, lane)]
    if lanes and ended:
        lanes[-1].marks.append((Mark.END, end))
    status = str(ended.data["status"]) if ended and not isinstance(ended.data, str) else ""
    return Timeline(end, ended is None, [lane for lane in lanes if lane.spans], gaps, stalls, stall_from, status)


def _lanes(events: Sequence[Event]) -> list[Lane]:
    lane = Lane(0, 0)
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


def _stall_from(gaps: Sequence[Gap]) -> int:
    median = int(statistics.median(gap.length for gap in gaps)) if gaps else 0
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
