"""A live run on the process that owns it: its log, and how its viewers are woken."""

import asyncio
import enum
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from playground.connections.catalogue import ResolvedModel
from playground.providers.request import GenerationRequest
from playground.recording.event_list import EventList
from playground.recording.events import CHUNK, Event
from playground.recording.frames import Frame, FrameEncoder
from playground.recording.log import EventLog
from playground.recording.pacing import Pacer
from playground.recording.status import FINAL, RunStatus, check_move


@dataclass(frozen=True, slots=True)
class RunSpec:
    """What the engine needs to start a run, read from the database once.

    `keeps_bytes`: the live run has a `tape` of the bytes that it reads, for who passes them on.
    """

    run_id: UUID
    user_id: int
    epoch: str
    model_id: str
    resolved: ResolvedModel
    request: GenerationRequest
    is_recorded: bool = True
    keeps_bytes: bool = False
    workspace_id: int | None = None


class StopReason(enum.Enum):
    """Why a stream was cancelled, and the status that its run ends with."""

    USER = RunStatus.CANCELLED
    SHUTDOWN = RunStatus.INTERRUPTED
    UNSTORED = RunStatus.FAILED


class LiveRun:
    """A `Source` for viewers, fed by the run's log.

    `on_append` is called after each event; `is_final` tells whether it was the end, which is stored already. A viewer
    registers a wake-up with `attach`; wake-ups are called on the event loop, at the pace of `pacer`.
    """

    def __init__(self, spec: RunSpec, *, pacer: Pacer, on_append: Callable[["LiveRun"], None]) -> None:
        self.spec = spec
        self.run_id = spec.run_id
        self.epoch = spec.epoch
        self.status = RunStatus.QUEUED
        self.gone = False
        self.stop_reason: StopReason | None = None
        self.stream: asyncio.Task[object] | None = None
        self.tape = bytearray() if spec.keeps_bytes else None
        self.log = EventLog(on_append=self._appended, tape=self.tape)
        self.stored_seq = -1
        self._frames = FrameEncoder(str(spec.run_id), spec.epoch, self.log.events)
        self._pacer = pacer
        self._on_append = on_append
        self._loop = asyncio.get_running_loop()
        self._wakes: set[Callable[[], None]] = set()
        self._flush: asyncio.Handle | None = None
        self._flushed_at = 0.0
        self._has_chunk = False

    @property
    def events(self) -> EventList:
        return self.log.events

    @property
    def last_seq(self) -> int:
        return self.log.last_seq

    @property
    def is_final(self) -> bool:
        return self.status in FINAL

    @property
    def is_streaming(self) -> bool:
        """Whether its upstream may still say something, and nobody has stopped it."""
        return self.stream is not None and not self.stream.done() and self.stop_reason is None

    def frame_after(self, seq: int) -> Frame | None:
        return self._frames.after(seq)

    def read(self, first: int, until: int) -> Sequence[Event]:
        return self.log.events[first:until]

    def attach(self, wake: Callable[[], None]) -> None:
        self._wakes.add(wake)

    def detach(self, wake: Callable[[], None]) -> None:
        self._wakes.discard(wake)

    def stop(self, reason: StopReason) -> None:
        """Cancel the stream, which closes its upstream. The first reason counts; calling it again does nothing."""
        if self.stop_reason is None and not self.gone:
            self.stop_reason = reason
            if self.stream is not None:
                self.stream.cancel()

    def begin(self) -> None:
        self._move(RunStatus.STREAMING)

    def end(self, event: Event, status: RunStatus) -> None:
        """Show the end, which is stored by now.

        Raises:
            ValueError: it does not follow what is shown; nothing has changed then.
        """
        before = self.status
        self._move(status)  # first, for who is told of the event and asks whether it was the end
        try:
            self.log.append(event)
        except ValueError:
            self.status = before
            raise

    def abandon(self) -> None:
        """Another process ended this run: what is shown here is no longer the truth, so viewers must read anew."""
        self.gone = True
        self._wake_viewers()

    def _move(self, status: RunStatus) -> None:
        check_move(self.status, status)
        self.status = status

    def _appended(self) -> None:
        self._on_append(self)
        if not self._has_chunk and self.log.events[-1].kind == CHUNK:
            self._has_chunk = True
            if self._flush is not None:  # the first token waits for no window
                self._flush.cancel()
                self._flush = self._loop.call_soon(self._wake_viewers)
                return
            self._flushed_at = 0.0
        if self._flush is None and self._wakes:
            window = self._pacer.window
            if not window:
                self._flush = self._loop.call_soon(self._wake_viewers)
            else:
                self._flush = self._loop.call_at(self._flushed_at + window, self._wake_viewers)

    def _wake_viewers(self) -> None:
        self._flush = None
        self._flushed_at = self._loop.time()
        for wake in tuple(self._wakes):
            wake()
