"""A run as the holder of a link reads it.

What a lens shows is made when it is read, and forgotten but for the newest frames: a long recording is no more in
memory than without the lens.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Final, overload
from uuid import UUID
from weakref import WeakValueDictionary

from playground.errors import NotFound
from playground.recording.events import Event
from playground.recording.frames import MAX_EVENTS, Frame, encode_frame, frame_head
from playground.recording.status import RunStatus
from playground.runs.database import DatabaseThreads
from playground.runs.grants import Grant, Lens
from playground.runs.models import Run
from playground.runs.sources import Source

MESSAGES_PER_S: Final = 10_000
"""To all viewers of one link together: 300 that follow two runs hear of each at least every 60 ms."""

AT_ONCE_S: Final = 0.005
"""So long a wait is none."""

_FRAMES: Final = 8
"""Viewers that keep up share the newest frame; stragglers share a few older ones."""


class LensedEvents(Sequence[Event]):
    """Events seen through a lens, each anew whenever it is read."""

    def __init__(self, events: Sequence[Event], lens: Lens) -> None:
        self._events = events
        self._lens = lens

    def __len__(self) -> int:
        return len(self._events)

    def __iter__(self) -> Iterator[Event]:
        return map(self._lens, self._events)

    @overload
    def __getitem__(self, place: int) -> Event: ...
    @overload
    def __getitem__(self, place: slice) -> list[Event]: ...
    def __getitem__(self, place: int | slice) -> Event | list[Event]:
        if isinstance(place, slice):
            return [self._lens(event) for event in self._events[place]]
        return self._lens(self._events[place])


class Beat:
    """When the viewers of one link are woken: all together, and the more they are, the less often.

    A viewer looks at all its runs whenever it is woken, so the runs of one link share a beat.
    """

    def __init__(self) -> None:
        self.viewers = 0
        self._loop = asyncio.get_running_loop()
        self._due: set[LensedSource] = set()
        self._flush: asyncio.TimerHandle | None = None
        self._flushed_at = 0.0

    def has_news(self, source: "LensedSource") -> None:
        self._due.add(source)
        if self._flush is not None:
            return
        window = self.viewers / MESSAGES_PER_S
        at = self._flushed_at + (window if window > AT_ONCE_S else 0.0)
        if at <= self._loop.time():
            self._wake_viewers()
        else:
            self._flush = self._loop.call_at(at, self._wake_viewers)

    def _wake_viewers(self) -> None:
        self._flush = None
        self._flushed_at = self._loop.time()
        due, self._due = self._due, set()
        for wake in {wake for source in due for wake in source.wakes}:
            wake()


class LensedSource:
    """A `Source` that shows another one through a lens. All viewers of one link share it, and so its encoded frames.

    What was shown once stays as it was shown: a later redaction makes a new source.
    """

    def __init__(self, run_id: UUID, source: Source, lens: Lens, beat: Beat, epoch: str = "") -> None:
        self.epoch = epoch or source.epoch
        self.wakes: set[Callable[[], None]] = set()
        self._beat = beat
        self._source = source
        self._lens = lens
        self._head = frame_head(str(run_id), self.epoch)
        self._frames: dict[tuple[int, int], Frame] = {}

    @property
    def status(self) -> RunStatus:
        return self._source.status

    @property
    def gone(self) -> bool:
        return self._source.gone

    @property
    def events(self) -> Sequence[Event]:
        return self._source.events

    @property
    def last_seq(self) -> int:
        return self._source.last_seq

    def frame_after(self, seq: int) -> Frame | None:
        key = (seq, self.last_seq)
        frame = self._frames.get(key)
        if frame is None and (events := self._shown(seq + 1, seq + 1 + MAX_EVENTS)):
            frame = encode_frame(self._head, events)
            if len(self._frames) >= _FRAMES:
                del self._frames[next(iter(self._frames))]
            self._frames[key] = frame
        return frame

    def _shown(self, first: int, until: int) -> Sequence[Event] | None:
        """As `read`, through the lens."""
        events = self._source.read(first, until)
        return events and [self._lens(event) for event in events]

    def read(self, first: int, until: int) -> Sequence[Event] | None:
        return self._source.read(first, until)

    def attach(self, wake: Callable[[], None]) -> None:
        if not self.wakes:
            self._source.attach(self._appended)
        if wake not in self.wakes:
            self.wakes.add(wake)
            self._beat.viewers += 1

    def detach(self, wake: Callable[[], None]) -> None:
        if wake not in self.wakes:
            return
        self.wakes.discard(wake)
        self._beat.viewers -= 1
        if not self.wakes:
            self._source.detach(self._appended)

    def _appended(self) -> None:
        self._beat.has_news(self)


class Lenses:
    """The runs of this process that are read by links, each once for all who read it by the same link."""

    def __init__(self, threads: DatabaseThreads, source: Callable[[Run], Awaitable[Source]]) -> None:
        self._threads = threads
        self._source = source
        self._shared: WeakValueDictionary[tuple[UUID, str], LensedSource] = WeakValueDictionary()
        self._beats: WeakValueDictionary[str, Beat] = WeakValueDictionary()
        self._opening: WeakValueDictionary[tuple[UUID, str], asyncio.Lock] = WeakValueDictionary()
        self._forgotten = 0

    async def open(self, run_id: UUID, grant: Grant) -> Source:
        """A run as the holders of `grant` may see it.

        What one of them reads, the others of the same key may read too; a whole audience asks the database once.

        Raises:
            NotFound: it is not theirs to read, or does not exist.
        """
        key = (run_id, grant.key)
        lock = self._opening.setdefault(key, asyncio.Lock())
        async with lock:
            shared = self._shared.get(key)
            while shared is None or shared.gone:
                asked_at = self._forgotten
                run = await self._threads.call(lambda: grant.runs().filter(id=run_id).first())
                if run is None:
                    raise NotFound("There is no such run, or it is not yours.")
                lens = await self._threads.call(grant.lens, run)
                if asked_at == self._forgotten:  # else the lens may be of before what changed
                    shared = self._shared[key] = LensedSource(
                        run_id, await self._source(run), lens, self._beats.setdefault(grant.key, Beat())
                    )
            return shared

    def forget(self, grant_key: str) -> None:
        """What a link shows has changed, or what all do ("")."""
        self._forgotten += 1
        for key in list(self._shared):
            if grant_key in ("", key[1]):
                del self._shared[key]
