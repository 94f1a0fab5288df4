"""The engine: owns every live run of this process, and everything that a run needs.

A run is a task of the engine and not of whoever asked for it; its log is the truth; its end is stored before it is
shown; a run whose process died is ended by another.
"""

import asyncio
import contextvars
import secrets
from collections.abc import Coroutine, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Protocol, Self
from uuid import UUID

from django.db import InterfaceError, OperationalError
from django.utils.translation import gettext_lazy

from playground.connections.runtime import Runtimes
from playground.providers.http import UpstreamClient
from playground.recording.events import Event
from playground.recording.pacing import SAMPLE_EVERY_S, Pacer
from playground.recording.status import FINAL, RunStatus
from playground.runs.admission import Admission
from playground.runs.bus import Bus
from playground.runs.compactor import Compactor
from playground.runs.credentials import Credentials, expired
from playground.runs.database import DatabaseThreads
from playground.runs.leases import Leases
from playground.runs.live import LiveRun, RunSpec, StopReason
from playground.runs.models import Run
from playground.runs.sources import Follower, Source, load_recording
from playground.runs.supervisor import Opener, supervise
from playground.runs.writer import Writer

READ_THREADS = 4
GUARD_EVERY_S = 3.0
BUSY_RUNS = 10  # compaction waits while more runs than that are live


@dataclass(frozen=True, slots=True)
class EngineConfig:
    """`sole_owner`: no other process can own runs in this database, so whatever is live at the start is orphaned."""

    max_runs: int
    run_deadline_s: float
    sole_owner: bool
    redis_url: str = ""


class OpenSocket(Protocol):
    """A socket, as the engine closes it: when this server stops, or when who opened it may not read any more."""

    credentials: Credentials

    async def restart(self) -> None: ...
    async def sign_out(self) -> None: ...


class Engine:
    """An async context manager that lives on one event loop.

    `start` and `stop` may be called from any thread; the rest belongs to the loop.
    """

    def __init__(self, config: EngineConfig, runtimes: Runtimes | None = None) -> None:
        self.owner = secrets.token_hex(8)
        self.admission = Admission(config.max_runs)
        self.threads = DatabaseThreads(READ_THREADS, "engine")
        self.pacer = Pacer()
        self.writer = Writer(self.owner, self._lost)
        self.bus: Bus | None = None
        self.sockets: set[OpenSocket] = set()
        self._compactor = Compactor(self.threads, is_busy=lambda: len(self._live) > BUSY_RUNS)
        self._config = config
        self._runtimes = runtimes or Runtimes()
        self._live: dict[UUID, LiveRun] = {}
        self._followers: dict[UUID, Follower] = {}
        self._tasks: set[asyncio.Task[Any]] = set()

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        if self._config.redis_url:
            self.bus = Bus(self._config.redis_url, self.owner, self._stop_asked)
        leases = Leases(
            self.owner, self.threads, stop=self._stop_asked, is_idle=lambda: not self._live, tail=self._tail
        )
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self.threads)
            self._http = await stack.enter_async_context(UpstreamClient())
            self._opener: Opener = await stack.enter_async_context(self._runtimes)
            if self._config.sole_owner:
                await leases.reap_all()
            self._stack = stack.pop_all()
        self._own(self.writer.run(), "writer")
        self._own(self._watch_lag(), "loop lag")
        if self.bus is not None:
            self._own(self.bus.run(), "bus")
        self._own(leases.run(), "leases")
        self._own(self._compactor.run(), "compactor")
        self._own(self._guard_sockets(), "socket guard")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End live runs as `interrupted`, store them, then cancel and await everything else."""
        self.admission.close(gettext_lazy("The server is stopping. Try again in a few seconds."))
        for live in list(self._live.values()):
            live.stop(StopReason.SHUTDOWN)
        runs = [task for task in self._tasks if task.get_name().startswith("run ")]
        if runs:
            await asyncio.wait(runs)
        await asyncio.gather(*(socket.restart() for socket in list(self.sockets)))
        rest = list(self._tasks)
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)
        await self._stack.aclose()

    # From any thread ------------------------------------------------------------------------------------------------

    def start(self, specs: Sequence[RunSpec]) -> None:
        """Start runs whose rows exist and for which `admission` holds places."""
        self._loop.call_soon_threadsafe(self._start, list(specs), context=contextvars.Context())

    def stop(self, run_id: UUID, owner: str) -> None:
        """Stop a run if it lives here; else ring for its owner, who reads the request from the database anyway."""
        if owner == self.owner:
            self._loop.call_soon_threadsafe(self._stop_asked, run_id, context=contextvars.Context())
        elif self.bus is not None:
            asyncio.run_coroutine_threadsafe(self.bus.ring(owner, run_id), self._loop)

    def live_run(self, run_id: UUID) -> LiveRun | None:
        """The run, if it lives on this process."""
        return self._live.get(run_id)

    @property
    def live_count(self) -> int:
        return len(self._live)

    # On the loop ----------------------------------------------------------------------------------------------------

    async def source(self, run: Run) -> Source:
        """Where to read a run from. `run` may be a little old: where the database disagrees, the database counts."""
        live = self._live.get(run.id)
        if live is not None:
            return live
        fresh = await self.threads.call(Run.objects.get, id=run.id)
        if RunStatus(fresh.status) in FINAL:
            return await self.threads.call(load_recording, fresh)
        follower = self._followers.get(run.id)
        if follower is None or follower.epoch != fresh.epoch:
            follower = Follower(
                run.id, fresh.epoch, self.threads, is_fed=lambda: self.bus is not None and self.bus.healthy
            )
            self._followers[run.id] = follower
            self._own(self._follow(follower), f"follow {run.id}")
        await follower.loaded.wait()
        return follower

    async def _follow(self, follower: Follower) -> None:
        try:
            if self.bus is not None:
                await self.bus.follow(follower)
            await follower.run()
        finally:
            if self.bus is not None:
                self.bus.unfollow(follower)
            if self._followers.get(follower.run_id) is follower:
                del self._followers[follower.run_id]

    def _start(self, specs: list[RunSpec]) -> None:
        for spec in specs:
            live = LiveRun(spec, pacer=self.pacer, on_append=self._appended)
            self._live[spec.run_id] = live
            self._own(self._run(live), f"run {spec.run_id}")

    async def _run(self, live: LiveRun) -> None:
        try:
            await supervise(
                live,
                runtimes=self._opener,
                http=self._http,
                writer=self.writer,
                deadline_s=self._config.run_deadline_s,
            )
        finally:
            self._live.pop(live.run_id, None)
            self.admission.release(duration_s=live.events[-1].t / 1e6 if live.events else None)
        if not live.gone:
            self._compactor.add(live.run_id)

    def _appended(self, live: LiveRun) -> None:
        if not live.is_final:  # an end is stored before it is appended
            self.writer.touch(live)
        if self.bus is not None:
            self.bus.touch(live)

    async def _tail(self, run_id: UUID, epoch: str) -> list[Event]:
        return await self.bus.tail(run_id, epoch) if self.bus is not None else []

    def _stop_asked(self, run_id: UUID) -> None:
        live = self._live.get(run_id)
        if live is not None:
            live.stop(StopReason.USER)

    def _lost(self, live: LiveRun) -> None:
        """Another process ended the run: it is the database's now."""
        self._live.pop(live.run_id, None)
        live.stop(StopReason.SHUTDOWN)
        live.abandon()

    def _own(self, work: Coroutine[Any, Any, None], name: str) -> None:
        task = self._loop.create_task(work, name=name, context=contextvars.Context())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _guard_sockets(self) -> None:
        while True:
            await asyncio.sleep(GUARD_EVERY_S)
            try:
                lost = await self.threads.call(expired, {socket.credentials for socket in self.sockets})
            except (OperationalError, InterfaceError):
                continue  # the writer says that the database is away
            for socket in [socket for socket in self.sockets if socket.credentials in lost]:
                await socket.sign_out()

    async def _watch_lag(self) -> None:
        while True:
            due = self._loop.time() + SAMPLE_EVERY_S
            await asyncio.sleep(SAMPLE_EVERY_S)
            self.pacer.sample(self._loop.time() - due)
