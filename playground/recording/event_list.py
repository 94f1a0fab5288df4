"""The events of a live run in memory: columns, which take a third of what a list of events takes.

Tuples of a class of ours are looked through by each garbage collection; 200 answers have 100,000 of them.
"""

from array import array
from collections.abc import Iterator, Sequence
from itertools import count
from typing import overload

from playground.recording.events import Event, EventData


class EventList(Sequence[Event]):
    """Events with consecutive seqs from `first` on; only appended to. An event is made when it is asked for.

    It may be read on any thread while one appends.
    """

    __slots__ = ("_data", "_kinds", "_offsets", "_times", "first")

    def __init__(self, first: int = 0) -> None:
        self.first = first
        self._times = array("q")  # appended to last: its length is that of the whole
        self._kinds: list[str] = []
        self._data: list[EventData] = []
        self._offsets = array("q")

    def add(self, t: int, kind: str, data: EventData, offset: int) -> None:
        """Append the next event."""
        self._offsets.append(offset)
        self._data.append(data)
        self._kinds.append(kind)
        self._times.append(t)

    def part(self, start: int, until: int | None = None) -> "EventList":
        """What is from the place `start` on, before `until`, as columns again: a copy."""
        until = len(self._times) if until is None else min(until, len(self._times))
        copied = EventList(self.first + start)
        copied._times, copied._kinds = self._times[start:until], self._kinds[start:until]
        copied._data, copied._offsets = self._data[start:until], self._offsets[start:until]
        return copied

    @property
    def times(self) -> Sequence[int]:
        return self._times

    @property
    def kinds(self) -> Sequence[str]:
        return self._kinds

    @property
    def data(self) -> Sequence[EventData]:
        return self._data

    @property
    def offsets(self) -> Sequence[int]:
        return self._offsets

    def rows(self, start: int, until: int) -> list[tuple[int, str, EventData]]:
        """Of the events at the places from `start` on, before `until`, what a frame tells."""
        return list(zip(self._times[start:until], self._kinds[start:until], self._data[start:until], strict=False))

    def __len__(self) -> int:
        return len(self._times)

    @overload
    def __getitem__(self, place: int) -> Event: ...
    @overload
    def __getitem__(self, place: slice) -> list[Event]: ...
    def __getitem__(self, place: int | slice) -> Event | list[Event]:
        if isinstance(place, slice):
            start, stop, step = place.indices(len(self._times))
            return [self[at] for at in range(start, stop, step)] if step != 1 else list(self._between(start, stop))
        at = place if place >= 0 else place + len(self._times)
        if not 0 <= at < len(self._times):
            raise IndexError(place)
        return Event(self.first + at, self._times[at], self._kinds[at], self._data[at], self._offsets[at])

    def _between(self, start: int, stop: int) -> Iterator[Event]:
        times, kinds = self._times[start:stop], self._kinds[start:stop]
        data, offsets = self._data[start:stop], self._offsets[start:stop]
        return map(Event, count(self.first + start), times, kinds, data, offsets)

    def __iter__(self) -> Iterator[Event]:
        """Also what is appended meanwhile."""
        return map(Event, count(self.first), self._times, self._kinds, self._data, self._offsets)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and len(self) == len(other) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]  # it changes

    def __repr__(self) -> str:
        return f"EventList({list(self)!r})"
