"""Where a viewer reads a run from: the live run itself, a recording, or a live run of another process."""

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol
from uuid import UUID

from django.db import Error

from playground import rows
from playground.recording.events import RUN_ENDED, Event
from playground.recording.frames import Frame, FrameEncoder
from playground.recording.segments import CorruptSegment, unpack_events
from playground.recording.status import FINAL, RunStatus
from playground.runs.database import DatabaseThreads, is_away
from playground.runs.long_recording import LongRecording
from playground.runs.models import Run, Segment
from playground.runs.store import load_events
from playground.runs.stored import LONG, blocks_of
from playground.runs.tasks import Own

POLL_S = 0.25
POLL_FED_S = 1.0  # one question for all that are fed: `runs.followers`
LOOK_S = 0.1  # a hole is looked for in the database at once, but no more often than that


class Source(Protocol):
    """A run as a viewer reads it. `gone`: this source is not the truth any more, ask for the run's source anew."""

    @property
    def epoch(self) -> str: ...
    @property
    def status(self) -> RunStatus: ...
    @property
    def gone(self) -> bool: ...
    @property
    def events(self) -> Sequence[Event]: ...
    @property
    def last_seq(self) -> int: ...

    def frame_after(self, seq: int) -> Frame | None:
        """The next frame after `seq`, None if there is none yet."""

    def read(self, first: int, until: int) -> Sequence[Event] | None:
        """Some events from `first` on, those before `until`; None where they are there, but not in memory yet."""

    def attach(self, wake: Callable[[], None]) -> None:
        """Call `wake` whenever there may be a next frame."""

    def detach(self, wake: Callable[[], None]) -> None: ...


class Recording:
    """A run that has ended. Nothing will wake its viewers."""

    def __init__(self, run_id: UUID, epoch: str, status: RunStatus, events: Sequence[Event]) -> None:
        self.epoch = epoch
        self.status = status
        self.gone = False
        self.events = events
        self._frames = FrameEncoder(str(run_id), epoch, events)

    @property
    def last_seq(self) -> int:
        return len(self.events) - 1

    def frame_after(self, seq: int) -> Frame | None:
        return self._frames.after(seq)

    def read(self, first: int, until: int) -> Sequence[Event]:
        return self.events[first:until]

    def attach(self, wake: Callable[[], None]) -> None:
        pass

    def detach(self, wake: Callable[[], None]) -> None:
        pass


def open_recording(run: Run, threads: DatabaseThreads, own: Own) -> Source:
    """A run that has ended, from the database: as a whole, unless it is long. `own` takes tasks."""
    status = RunStatus(run.status)
    if run.last_seq < LONG:
        return Recording(run.id, run.epoch, status, load_events(run.id))
    return LongRecording(run.id, run.epoch, status, blocks_of(run.id, run.last_seq), threads, own)


class Stored(NamedTuple):
    """How a run stands in the database: `last_seq` of what is stored of its events, -1 for nothing."""

    epoch: str
    status: str
    last_seq: int


class Follower:
    """A live run of another process, read from what that process stores.

    Its task polls the database while it has viewers. Where the bus feeds it, it only reads what is missing, once it is
    `told` that its run's process died, or that the bus lost something. While the database is away the bus goes on
    feeding it. `loaded` is set once what was stored is here. It ends by itself when the run does, or with its last
    viewer; also at what is stored and `damage`d, behind which nothing can be shown.
    """

    def __init__(self, run_id: UUID, epoch: str, threads: DatabaseThreads, *, is_fed: Callable[[], bool]) -> None:
        self.run_id = run_id
        self.epoch = epoch
        self.status = RunStatus.STREAMING
        self.gone = False
        self.events: list[Event] = []
        self.damage: CorruptSegment | None = None
        self._frames = FrameEncoder(str(run_id), epoch, self.events)
        self._threads = threads
        self._is_fed = is_fed
        self.loaded = asyncio.Event()
        self._look = asyncio.Event()
        self._seen_seq = -1  # of what came, also behind a hole
        self._told_seq = -1  # what was here when it was told last
        self._wakes: set[Callable[[], None]] = set()

    @property
    def last_seq(self) -> int:
        return len(self.events) - 1

    def frame_after(self, seq: int) -> Frame | None:
        return self._frames.after(seq)

    def read(self, first: int, until: int) -> Sequence[Event]:
        return self.events[first:until]

    def attach(self, wake: Callable[[], None]) -> None:
        self._wakes.add(wake)

    def detach(self, wake: Callable[[], None]) -> None:
        self._wakes.discard(wake)

    async def run(self, on_loaded: Callable[["Follower"], None] | None = None) -> None:
        """Poll until the run has ended, its epoch is over, or nobody watches. `on_loaded` is called once."""
        try:
            while await self._read_stored():
                if self.loaded.is_set() and on_loaded is not None:
                    on_loaded(self)
                    on_loaded = None
                await self._rest()
                if self.status in FINAL or not self._wakes:
                    return
        except CorruptSegment as error:
            self.damage = error
        finally:
            self.gone = self.status not in FINAL
            self.loaded.set()
            self._wake()

    async def _read_stored(self) -> bool:
        """Take what is stored by now; False if this epoch is over."""
        self._look.clear()
        try:
            epoch, events = await self._threads.call(_stored_since, self.run_id, self.last_seq)
        except Error as error:
            if not is_away(error):
                raise
            return True  # the writer says that the database is away
        if epoch != self.epoch:
            return False
        self.feed(events)
        self.loaded.set()
        return True

    async def _rest(self) -> None:
        """Wait until it is time to read again, or the run has ended."""
        loop = asyncio.get_running_loop()
        earliest = loop.time() + LOOK_S
        has_all = self._is_fed() and self._seen_seq <= self.last_seq
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(None if has_all else POLL_S):
                await self._look.wait()
        if self.status not in FINAL:
            await asyncio.sleep(max(0.0, earliest - loop.time()))

    @property
    def is_to_read(self) -> bool:
        """Whether something is to be read from the database at once."""
        return self._look.is_set()

    def told(self, stored: Stored | None) -> None:
        """How its run stands, None for not at all. What is stored may be some way ahead of the bus: it is missing here
        if nothing has come since this was said last."""
        is_behind = stored is not None and stored.last_seq > self.last_seq == self._told_seq
        is_over = stored is None or stored.epoch != self.epoch or RunStatus(stored.status) in FINAL
        self._told_seq = self.last_seq
        if is_behind or is_over or not self._wakes or not self._is_fed():
            self._look.set()

    def miss(self) -> None:
        """What came next could not be read: it is to be read from the database."""
        self._seen_seq = max(self._seen_seq, self.last_seq + 1)
        self._look.set()

    def feed(self, events: Sequence[Event]) -> None:
        """Take events in order: those that are here already are passed over, what follows a hole is left alone."""
        before = self.last_seq
        for event in events:
            if event.seq > self.last_seq + 1:
                self._look.set()
                break
            if event.seq == self.last_seq + 1:
                self.events.append(event)
        if events:
            self._seen_seq = max(self._seen_seq, events[-1].seq)
        if self.last_seq == before:
            return
        last = self.events[-1]
        if last.kind == RUN_ENDED and isinstance(last.data, Mapping):
            self.status = RunStatus(last.data["status"])
            self._look.set()
        self._wake()

    def _wake(self) -> None:
        for wake in tuple(self._wakes):
            wake()


def _stored_since(run_id: UUID, seq: int) -> tuple[str, list[Event]]:
    """A run's epoch ("" if it was deleted) and its events after `seq`, of one moment."""
    run, segment = rows.table_of(Run), rows.table_of(Segment)
    found = rows.fetch(
        f"SELECT r.epoch, s.events FROM {run} r LEFT JOIN {segment} s ON s.run_id = r.id AND s.last_seq > %s "  # noqa: S608
        "WHERE r.id = %s ORDER BY s.first_seq",
        [seq, *rows.keys_of([run_id])],
    )
    epoch = found[0][0] if found else ""
    packed = [part for _, part in found if part is not None]
    return epoch, [event for part in packed for event in unpack_events(part) if event.seq > seq]
