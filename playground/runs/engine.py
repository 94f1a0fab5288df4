"""The engine: owns every live run of this process, and everything that a run needs.

A run is a task of the engine and not of whoever asked for it; its log is the truth; its end is stored before it is
shown; a run whose process died is ended by another.
"""

import asyncio
import contextvars
import logging
import secrets
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from uuid import UUID

from django.utils.translation import gettext_lazy

from playground.connections.catalogue import ResolvedModel
from playground.connections.runtime import Runtimes
from playground.providers.http import UpstreamClient
from playground.providers.request import GenerationRequest
from playground.providers.sink import Outcome
from playground.recording.events import Event
from playground.recording.log import EventLog
from playground.recording.pacing import SAMPLE_EVERY_S, Pacer
from playground.recording.status import FINAL, RunStatus
from playground.runs import duties
from playground.runs.activity import Activity
from playground.runs.admission import Admission
from playground.runs.bus import Bus
from playground.runs.compactor import Compactor
from playground.runs.database import DatabaseThreads
from playground.runs.guard import OpenSocket, guard
from playground.runs.leases import Leases
from playground.runs.lens import Lenses
from playground.runs.live import LiveRun, RunSpec, StopReason
from playground.runs.models import Run
from playground.runs.purge import purge_daily
from playground.runs.rooms import Rooms
from playground.runs.shown import Views
from playground.runs.sources import Follower, Source, load_recording
from playground.runs.supervisor import Opener, stream_into, supervise
from playground.runs.writer import Writer

logger = logging.getLogger(__name__)

READ_THREADS = 4
BUSY_RUNS = 10  # compaction waits while more runs than that are live


@dataclass(frozen=True, slots=True)
class EngineConfig:
    """`sole_owner`: no other process can own runs in this database, so whatever is live at the start is orphaned."""

    max_runs: int
    run_deadline_s: float
    sole_owner: bool
    redis_url: str = ""


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
        self.rooms = Rooms(self.owner)
        self._activity = Activity(self.rooms, self.threads)
        self.sockets: set[OpenSocket] = set()
        self._compactor = Compactor(self.threads, is_busy=lambda: len(self._live) > BUSY_RUNS)
        self._config = config
        self._runtimes = runtimes or Runtimes()
        self._live: dict[UUID, LiveRun] = {}
        self._followers: dict[UUID, Follower] = {}
        self.lenses = Lenses(self.threads, self.source)
        self.views = Views(self.threads)
        self._tasks: set[asyncio.Task[Any]] = set()

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        if self._config.redis_url:
            self.bus = Bus(self._config.redis_url, self.owner, self._stop_asked)
        leases = Leases(
            self.owner,
            self.threads,
            stop=self._stop_asked,
            is_idle=lambda: not self._live,
            tail=self._tail,
            ended=self._activity.ended,
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
        self._own(purge_daily(self.threads), "purge")
        self._own(self.rooms.run(), "rooms")
        self._own(self._activity.run(), "activity")
        self._own(guard(self.sockets, self.threads), "socket guard")
        for name, duty in duties.registered():
            self._own(duty(self), name)
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
        self._loop.call_soon_threadsafe(self.launch, list(specs), context=contextvars.Context())

    def stop(self, run_id: UUID, owner: str) -> None:
        """Stop a run if it lives here; else ring for its owner, who reads the request from the database anyway."""
        if owner == self.owner:
            self._loop.call_soon_threadsafe(self._stop_asked, run_id, context=contextvars.Context())
        elif self.bus is not None:
            asyncio.run_coroutine_threadsafe(self.bus.ring(owner, run_id), self._loop)

    def look_after(self, work: Callable[[], Coroutine[Any, Any, None]], name: str) -> None:
        """Own a task of an app above: it ends by itself, or with the engine."""
        self._loop.call_soon_threadsafe(lambda: self._own(work(), name), context=contextvars.Context())

    def live_run(self, run_id: UUID) -> LiveRun | None:
        """The run, if it lives on this process."""
        return self._live.get(run_id)

    @property
    def live_count(self) -> int:
        return len(self._live)

    def forget_lenses(self, grant_key: str = "") -> None:
        """What is shown by a link has changed (all links, if none is named): who asks from now on reads anew."""
        self._loop.call_soon_threadsafe(self.lenses.forget, grant_key, context=contextvars.Context())

    # On the loop ----------------------------------------------------------------------------------------------------

    async def ask(self, resolved: ResolvedModel, request: GenerationRequest, log: EventLog) -> Outcome:
        """Ask a model as a run does, and record nothing. Raises a ProviderError where its runtime cannot start."""
        return await stream_into(log, resolved, request, runtimes=self._opener, http=self._http)

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

    def launch(self, specs: Sequence[RunSpec]) -> list[LiveRun]:
        """`start`, for who is on the loop and goes on with the live runs."""
        started = []
        for spec in specs:
            live = LiveRun(spec, pacer=self.pacer, on_append=self._appended)
            self._live[spec.run_id] = live
            self._own(self._run(live), f"run {spec.run_id}")
            self._activity.started(spec.run_id)
            started.append(live)
        return started

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
            self._activity.ended(live.run_id)
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
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("The engine's task “%s” ended by a fault", task.get_name(), exc_info=error)

    async def _watch_lag(self) -> None:
        while True:
            due = self._loop.time() + SAMPLE_EVERY_S
            await asyncio.sleep(SAMPLE_EVERY_S)
            self.pacer.sample(self._loop.time() - due)
