"""The timeline of a part of a long run: it has the times of the run, and says what the part begins in."""

from collections.abc import Sequence
from typing import Final

from playground.history.answer import attempt_of
from playground.history.parts import PartOfEvents, chunk_before
from playground.history.timeline import Cut, Timeline, build_timeline, stall_length
from playground.recording.events import (
    ATTEMPT_FAILED,
    ATTEMPT_STARTED,
    CHUNK,
    FIRST_BYTE,
    RESPONSE_HEADERS,
    RETRY_SCHEDULED,
    Event,
)
from playground.recording.metrics import Metrics

_OF_AN_ATTEMPT: Final = frozenset({RESPONSE_HEADERS, FIRST_BYTE, ATTEMPT_FAILED, RETRY_SCHEDULED})


def timeline_of(events: Sequence[Event], metrics: Metrics, now: int | None) -> Timeline:
    """Of a run, or of a part of it; the `metrics` are the run's."""
    if not isinstance(events, PartOfEvents):
        return build_timeline(list(events), now=now)
    median = metrics.get("gap_p50_ms")
    return build_timeline(
        list(events),
        now=None if events.goes_on else now,
        cut=_cut(events),
        stall_from=None if median is None else stall_length(round(median * 1000)),
    )


def _cut(part: PartOfEvents) -> Cut:
    if part.number == 1:
        return Cut(goes_on=part.goes_on)
    before = chunk_before(part)
    return Cut(part.earlier[-1].t, part.goes_on, _opening(part, before), _attempt(part, before))


def _attempt(part: PartOfEvents, before: Event | None) -> int:
    """The attempt that a part begins in, by the chunks next to its beginning."""
    return attempt_of(before or next((event for event in part if event.kind == CHUNK), part[part.first]))


def _opening(part: PartOfEvents, before: Event | None) -> Sequence[Event]:
    """How the attempt began that a part begins in, and the last chunk before the part.

    That is sought in the part before it and in the first part of the run, where most runs have it.
    """
    least = [before] if before else []
    for place in (part.earlier, part.head):
        begun = next((event for event in reversed(place) if event.kind == ATTEMPT_STARTED), None)
        if begun is None or isinstance(begun.data, str):
            continue
        if before and before.seq > begun.seq and begun.data.get("attempt", 1) != attempt_of(before):
            return least
        later = [event for event in place if event.seq > begun.seq]
        first = next((event for event in later if event.kind == CHUNK), None)
        chunks = {event.seq: event for event in (first, before) if event and event.seq > begun.seq}
        known = [begun, *(event for event in later if event.kind in _OF_AN_ATTEMPT), *chunks.values()]
        return sorted(known, key=lambda event: event.seq)
    return least
