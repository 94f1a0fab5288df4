"""The log of a run: what happened, in order, with times. It is the truth; every view of a run is a read of it."""

import time
from collections.abc import Callable
from typing import NamedTuple

from playground.recording.event_list import EventList
from playground.recording.events import Event, EventData


class Read(NamedTuple):
    """One network read: its time in µs since the run began, and its bytes as they came."""

    t: int
    raw: bytes


class EventLog:
    """An append-only list of events with seq 0, 1, 2, … and no hole; a `providers.sink.Sink`.

    `on_append` is called after each event, on the thread that appended it. `tape`, where one is given, gets all bytes
    that were read, for who takes them out again. Times never go backwards, even where events
    of a read (stamped with the read's time) follow one that was stamped on its own.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], int] = time.monotonic_ns,
        on_append: Callable[[], None] | None = None,
        tape: bytearray | None = None,
    ) -> None:
        self.events = EventList()
        self.reads: list[Read] = []
        self._clock = clock
        self._origin = clock()
        self._on_append = on_append
        self._tape = tape
        self._read_time = 0
        self._last_time = 0

    @property
    def last_seq(self) -> int:
        return len(self.events) - 1

    def read(self, raw: bytes) -> None:
        self._read_time = t = (self._clock() - self._origin) // 1000
        self.reads.append(Read(t, raw))
        if self._tape is not None:
            self._tape += raw

    def emit(self, kind: str, data: EventData, *, offset: int = -1) -> None:
        t = self._read_time if offset >= 0 else (self._clock() - self._origin) // 1000
        t = max(t, self._last_time)
        self._last_time = t
        self.events.add(t, kind, data, offset)
        if self._on_append is not None:
            self._on_append()

    def draft(self, kind: str, data: EventData) -> Event:
        """The event that `emit` would append now, not appended: for an end that is stored before it is shown."""
        t = max((self._clock() - self._origin) // 1000, self._last_time)
        return Event(len(self.events), t, kind, data)

    def append(self, event: Event) -> None:
        """Append a drafted event.

        Raises:
            ValueError: another event took its place; appending it would leave a hole or a double.
        """
        if event.seq != len(self.events):
            raise ValueError(f"event {event.seq} does not follow event {len(self.events) - 1}")
        self._last_time = event.t
        self.events.add(*event[1:])
        if self._on_append is not None:
            self._on_append()
