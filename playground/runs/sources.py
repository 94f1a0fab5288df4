"""Where a viewer reads a run from: the live run itself, a recording, or a live run of another process."""

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol
from uuid import UUID

from playground.recording.events import RUN_ENDED, Event
from playground.recording.frames import Frame, FrameEncoder
from playground.recording.status import FINAL, RunStatus
from playground.runs.database import DatabaseThreads
from playground.runs.models import Run
from playground.runs.store import load_events

POLL_S = 0.25
POLL_FED_S = 1.0


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

    def attach(self, wake: Callable[[], None]) -> None:
        pass

    def detach(self, wake: Callable[[], None]) -> None:
        pass


def load_recording(run: Run) -> Recording:
    """Read a run that has ended from the database."""
    return Recording(run.id, run.epoch, RunStatus(run.status), load_events(run.id))


class Follower:
    """A live run of another process, read from what that process stores.

    Its task polls the database while it has viewers: often, unless the bus feeds it, for then only to learn that the
    run's process died. `loaded` is set once what was stored is here. It ends by itself when the run does, or with its
    last viewer.
    """

    def __init__(self, run_id: UUID, epoch: str, threads: DatabaseThreads, *, is_fed: Callable[[], bool]) -> None:
        self.run_id = run_id
        self.epoch = epoch
        self.status = RunStatus.STREAMING
        self.gone = False
        self.events: list[Event] = []
        self._frames = FrameEncoder(str(run_id), epoch, self.events)
        self._threads = threads
        self._is_fed = is_fed
        self.loaded = asyncio.Event()
        self._ended = asyncio.Event()
        self._wakes: set[Callable[[], None]] = set()

    @property
    def last_seq(self) -> int:
        return len(self.events) - 1

    def frame_after(self, seq: int) -> Frame | None:
        return self._frames.after(seq)

    def attach(self, wake: Callable[[], None]) -> None:
        self._wakes.add(wake)

    def detach(self, wake: Callable[[], None]) -> None:
        self._wakes.discard(wake)

    async def run(self) -> None:
        """Poll until the run has ended, its epoch is over, or nobody watches."""
        try:
            while True:
                epoch, events = await self._threads.call(_stored_since, self.run_id, self.last_seq)
                if epoch != self.epoch:
                    return
                self.feed(events)
                self.loaded.set()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(POLL_FED_S if self._is_fed() else POLL_S):
                        await self._ended.wait()
                if self._ended.is_set() or not self._wakes:
                    return
        finally:
            self.gone = self.status not in FINAL
            self.loaded.set()
            self._wake()

    def feed(self, events: Sequence[Event]) -> None:
        """Take events in order: those that are here already are passed over, what follows a hole is left alone."""
        before = self.last_seq
        for event in events:
            if event.seq > self.last_seq + 1:
                break
            if event.seq == self.last_seq + 1:
                self.events.append(event)
        if self.last_seq == before:
            return
        last = self.events[-1]
        if last.kind == RUN_ENDED and isinstance(last.data, Mapping):
            self.status = RunStatus(last.data["status"])
            self._ended.set()
        self._wake()

    def _wake(self) -> None:
        for wake in tuple(self._wakes):
            wake()


def _stored_since(run_id: UUID, seq: int) -> tuple[str, list[Event]]:
    """A run's epoch ("" if it was deleted) and its events after `seq`, of that epoch or an earlier one."""
    events = load_events(run_id, seq)
    return Run.objects.filter(id=run_id).values_list("epoch", flat=True).first() or "", events
