"""A long run is shown in parts, each as if it were the run: no page grows with how much a model wrote.

A part is a sequence of events in which each stands at its own seq, as in the whole; only iterating and slicing keep to
the part. So whatever reads the events of a run reads those of a part of it.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Final, NamedTuple, overload

from django.utils.translation import gettext as _

from playground.http import SignedInRequest, position_in
from playground.recording.events import CHUNK, Event
from playground.recording.units import duration
from playground.runs.reader import RecordedLog
from playground.runs.stored import LONG

PART: Final = 2_048  # events: those of one block


class PartOfEvents(Sequence[Event]):
    """The events `first` to `last` of a run; its length is that of the whole."""

    def __init__(self, events: Sequence[Event], number: int) -> None:
        self.number = number
        self.of = -(-len(events) // PART)
        self.first = (number - 1) * PART
        self._all = events
        self._part = events[self.first : self.first + PART]

    @property
    def last(self) -> int:
        return self.first + len(self._part) - 1

    @cached_property
    def begin(self) -> int:
        """Where the bytes of the part begin: behind those of the last event before it that bytes caused."""
        before = (self._all[seq].offset for seq in range(self.first - 1, -1, -1))
        return next((offset for offset in before if offset >= 0), 0)

    @cached_property
    def end(self) -> int:
        """Where the last byte of the part ends."""
        return max((event.offset for event in self._part), default=-1)

    @cached_property
    def earlier(self) -> Sequence[Event]:
        """Those of the part before it."""
        return self._all[max(0, self.first - PART) : self.first]

    @cached_property
    def later(self) -> Sequence[Event]:
        """Those of the part behind it."""
        return self._all[self.last + 1 : self.last + 1 + PART]

    @cached_property
    def head(self) -> Sequence[Event]:
        """Those of the run's first part, if it is before this one."""
        return self._all[: min(PART, self.first)]

    @property
    def goes_on(self) -> bool:
        return self.number < self.of

    @property
    def whole(self) -> Sequence[Event]:
        return self._all

    def __len__(self) -> int:
        return len(self._all)

    def __iter__(self) -> Iterator[Event]:
        return iter(self._part)

    def __reversed__(self) -> Iterator[Event]:
        return reversed(self._part)

    @overload
    def __getitem__(self, place: int) -> Event: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Event]: ...
    def __getitem__(self, place: int | slice) -> Event | Sequence[Event]:
        if isinstance(place, slice):
            start, stop, step = place.indices(len(self))
            return self._part[max(0, start - self.first) : max(0, stop - self.first) : step]
        seq = place + len(self) if place < 0 else place
        return self._part[seq - self.first] if self.first <= seq <= self.last else self._all[seq]


class Place(NamedTuple):
    """A part, for the links around it: `words` say which of the run's events it holds."""

    number: int
    of: int
    words: str

    @property
    def earlier(self) -> int | None:
        return self.number - 1 if self.number > 1 else None

    @property
    def later(self) -> int | None:
        return self.number + 1 if self.number < self.of else None


def in_part(request: SignedInRequest, log: RecordedLog) -> RecordedLog:
    """The log; of a long one, the part that holds the event, the moment or the position that the URL names.

    Without any it is the part that the URL names, or the first.
    """
    total = len(log.events)
    if total <= LONG:
        return log
    count = -(-total // PART)
    return replace(log, events=PartOfEvents(log.events, min(count, max(1, _number(request, log.events)))))


def part_with(log: RecordedLog, seq: int) -> RecordedLog:
    """The log; of a long one, the part that holds an event."""
    if not LONG < len(log.events) > seq:
        return log
    return replace(log, events=PartOfEvents(log.events, seq // PART + 1))


def _number(request: SignedInRequest, events: Sequence[Event]) -> int:
    seq, after = position_in(request, "seq"), position_in(request, "after")
    if seq is not None:
        return seq // PART + 1
    if after is not None:
        return (after + 1) // PART + 1
    if (moment := moment_in(request)) is not None:
        return (bisect_right(events, moment, key=lambda event: event.t) - 1) // PART + 1
    return position_in(request, "part") or 1


def moment_in(request: SignedInRequest) -> int | None:
    """`t` of the URL, seconds there and µs here."""
    try:
        seconds = float(request.GET.get("t", ""))
    except ValueError:
        return None
    return round(seconds * 1e6) if 0 <= seconds < 1e6 else None


def place_of(log: RecordedLog) -> Place | None:
    """Which part of a long run this is."""
    part = log.events
    if not isinstance(part, PartOfEvents):
        return None
    start, end = part[part.first], part[part.last]
    words = _("Part %(number)s of %(count)s: events %(first)s to %(last)s, %(start)s to %(end)s after the start.") % {
        "number": f"{part.number:,}",
        "count": f"{part.of:,}",
        "first": f"{part.first:,}",
        "last": f"{part.last:,}",
        "start": duration(start.t),
        "end": duration(end.t),
    }
    return Place(part.number, part.of, words)


def part_query(log: RecordedLog) -> str:
    """What a link to the same part has behind the rest of its query."""
    return f"&part={log.events.number}" if isinstance(log.events, PartOfEvents) else ""


def with_part(query: str, log: RecordedLog) -> str:
    """A query of the same part; "" stays it."""
    return f"{query}{part_query(log)}" if query else ""


def whole(log: RecordedLog) -> RecordedLog:
    """The log of the run, whichever part of it is shown."""
    return replace(log, events=log.events.whole) if isinstance(log.events, PartOfEvents) else log


def in_parts(log: RecordedLog) -> bool:
    """Whether a part of it is shown."""
    return isinstance(log.events, PartOfEvents)


def goes_on(log: RecordedLog) -> bool:
    """Whether another part follows the one that is shown."""
    return isinstance(log.events, PartOfEvents) and log.events.goes_on


def chunk_before(events: Sequence[Event]) -> Event | None:
    """The last chunk before a part, unless it is far from it."""
    if not isinstance(events, PartOfEvents):
        return None
    return next((event for event in reversed(events.earlier) if event.kind == CHUNK), None)


def with_neighbours(events: Sequence[Event]) -> Sequence[Event]:
    """The events; of a part, with the chunk before it and the one behind it."""
    if not isinstance(events, PartOfEvents):
        return events
    before = chunk_before(events)
    after = next((event for event in events.later if event.kind == CHUNK), None)
    return [*([before] if before else []), *events, *([after] if after else [])]


def received(log: RecordedLog) -> int:
    """How many bytes of response bodies came in the whole run."""
    if not isinstance(log.events, PartOfEvents):
        return log.received()
    last = PartOfEvents(log.events.whole, log.events.of)
    return max(last.begin, replace(log, events=last).received())
