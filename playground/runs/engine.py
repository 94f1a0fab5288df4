"""The engine: owns every live run of this process, and everything that a run needs.

A run is a task of the engine and not of whoever asked; its log is the truth; its end is stored before it is shown.
"""

import asyncio
import contextvars
import logging
import secrets
import time
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from uuid import UUID
from weakref import WeakValueDictionary

from django.utils.translation import gettext_lazy

from playground.connections.catalogue import ResolvedModel
from playground.connections.runtime import Runtimes
from playground.logs import about_run
from playground.providers.http import UpstreamClient
from playground.providers.request import GenerationRequest
from playground.providers.sink import Outcome
from playground.recording.events import Event
from playground.recording.log import EventLog
from playground.recording.pacing import SAMPLE_EVERY_S, Pacer
from playground.recording.status import FINAL, RunStatus
from playground.runs import database_watch, duties
from playground.runs.activity import Activity
from playground.runs.admission import Admission
from playground.runs.backlog import bound_backlog
from playground.runs.compactor import Compactor
from playground.runs.credentials import readable_runs, which_expired
from playground.runs.database import DatabaseThreads
from playground.runs.followers import Followers
from playground.runs.guard import OpenSocket, guard
from playground.runs.health import Health, Trouble
from playground.runs.leases import Leases
from playground.runs.lens import Lenses
from playground.runs.live import LiveRun, RunSpec, StopReason
from playground.runs.loader import Loader
from playground.runs.messages import no_run
from playground.runs.models import Run
from playground.runs.purge import purge_daily
from playground.runs.rooms import Rooms
from playground.runs.shown import Views
from playground.runs.sources import Recording, Source, open_recording
from playground.runs.supervisor import Opener, stream_into, supervise
from playground.runs.tasks import Tasks, again
from playground.runs.writer import Writer

if TYPE_CHECKING:
    from playground.runs.bus import Bus

logger = logging.getLogger(__name__)

READ_THREADS = 4
BUSY_RUNS = 10  # compaction waits while more runs than that are live
RUN_TASK = "run "  # how the names of their tasks begin
# Without one of these, runs are lost, nobody is told, or goes on reading; a fault in any other has it begin anew.
VITAL = ("writer", "database", "leases", "health", "backlog", "bus", "socket guard")
STORE_GRACE_S = 10.0  # a process that stops waits so long for a database that is away


@dataclass(frozen=True, slots=True)
class EngineConfig:
    """`sole_owner`: no other process can own runs in this database, so whatever is live at the start is orphaned.

    `max_unstored_bytes`: how much all live runs may hold in memory while the database is away.
    """

    max_runs: int
    run_deadline_s: float
    sole_owner: bool
    redis_url: str = ""
    max_unstored_bytes: int = 256 * 1024 * 1024


class Engine:
    """An async context manager that lives on one event loop.

    `start` and `stop` may be called from any thread; the rest belongs to the loop.
    """

    def __init__(self, config: EngineConfig, runtimes: Runtimes | None = None) -> None:
        self.owner = secrets.token_hex(8)
        self.health = Health()
        self.database = database_watch.DatabaseWatch(self.health)
        self.admission = Admission(config.max_runs, lambda: self.health.refusal, lambda: self.pacer.overload)
        self.threads = DatabaseThreads(READ_THREADS, "engine")
        self.pacer = Pacer()
        self.writer = Writer(self.owner, self._lost, self.database)
        self.bus: Bus | None = None
        self.rooms = Rooms(self.owner)
        self._activity = Activity(self.rooms, self.threads)
        self.sockets: set[OpenSocket] = set()
        self._compactor = Compactor(self.threads, is_busy=lambda: len(self._live) > BUSY_RUNS)
        self._config = config
        self._runtimes = runtimes or Runtimes()
        self._live: dict[UUID, LiveRun] = {}
        self._recordings: WeakValueDictionary[tuple[UUID, str], Recording] = WeakValueDictionary()
        self.lenses = Lenses(self.threads, self.source)
        self.views = Views(self.threads)
        self._tasks = Tasks()
        self._followers = Followers(self.threads, self._tasks.own, lambda: self.bus)
        self.expired = Loader(self.threads, which_expired, self._tasks.own)
        self.readable_runs = Loader(self.threads, readable_runs, self._tasks.own)
        self._runs = Loader(self.threads, Run.objects.in_bulk, self._tasks.own)
        self._hurry = asyncio.Event()
        self._is_ending = False

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        if self._config.redis_url:
            from playground.runs.bus import Bus  # redis takes 6 MiB, which one process alone does without

            self.bus = Bus(self._config.redis_url, self.owner, self._stop_asked, self._redis_is_well)
        leases = Leases(
            self.owner, self.threads, stop=self._stop_asked, is_idle=lambda: not self._live, tail=self._tail,
            ended=self._reaped,
        )  # fmt: skip
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self.threads)
            self._http = await stack.enter_async_context(UpstreamClient())
            self._opener: Opener = await stack.enter_async_context(self._runtimes)
            if self._config.sole_owner:
                await leases.reap_all()
            self._stack = stack.pop_all()
        work: dict[str, Callable[[], Coroutine[Any, Any, None]]] = {
            "writer": self.writer.run,
            "database": self.database.run,
            "loop lag": self._watch_lag,
            "health": lambda: self.health.run(self.sockets),
            "backlog": lambda: bound_backlog(self._live.values, self.health, self._config.max_unstored_bytes),
            "leases": leases.run,
            "compactor": self._compactor.run,
            "purge": lambda: purge_daily(self.threads),
            "rooms": self.rooms.run,
            "followers": self._followers.run,
            "activity": self._activity.run,
            "socket guard": lambda: guard(self.sockets, self.threads, self._tasks.own),
            **{name: partial(duty, self) for name, duty in duties.registered()},
        }
        if self.bus is not None:
            work["bus"] = self.bus.run
        for name, forever in work.items():
            vital = name in VITAL
            self._tasks.own(forever() if vital else again(forever, name), name, for_life=vital)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End live runs as `interrupted`, store them, then cancel and await everything else."""
        self.refuse_runs()
        self._is_ending = True
        for live in list(self._live.values()):
            live.stop(StopReason.SHUTDOWN)
        if not await self._tasks.end(RUN_TASK, STORE_GRACE_S, self._hurry):
            logger.error("%d runs could not be stored; the next start ends them with what was stored.", len(self._live))
        restarts = (socket.restart() for socket in list(self.sockets))
        for told in await asyncio.gather(*restarts, return_exceptions=True):
            if isinstance(told, Exception):  # as of a server that has closed the socket already
                logger.warning("A socket could not be told that this server stops: %r", told)
        await self._tasks.cancel()
        await self._stack.aclose()

    # Stopping -------------------------------------------------------------------------------------------------------

    def refuse_runs(self) -> None:
        """Begin no run from now on: this process is about to stop."""
        self.admission.close(gettext_lazy("The server is stopping. Try again in a few seconds."))

    async def drain(self, grace_s: float) -> None:
        """Refuse new runs, and give those that live `grace_s` seconds to end by themselves, or until `hurry`."""
        self.refuse_runs()
        await self._tasks.end(RUN_TASK, grace_s, self._hurry)
        self._hurry.clear()

    def hurry(self) -> None:
        """Whoever stops this process wants it now: end the wait that it is in, for runs or for the database."""
        self._hurry.set()

    # From any thread ------------------------------------------------------------------------------------------------

    def start(self, specs: Sequence[RunSpec]) -> None:
        """Start runs whose rows exist and for which `admission` holds places."""
        self._loop.call_soon_threadsafe(self.launch, list(specs), context=contextvars.Context())

    def stop(self, run_id: UUID, owner: str) -> None:
        """Stop a run if it lives here; else ring for its owner, who reads the request from the database anyway."""
        if owner == self.owner:
            self._loop.call_soon_threadsafe(self._stop_asked, run_id, context=contextvars.Context())
        elif self.bus is not None:
            self._loop.call_soon_threadsafe(self.bus.ring, owner, run_id, context=contextvars.Context())

    def look_after(self, work: Callable[[], Coroutine[Any, Any, None]], name: str) -> None:
        """Own a task of an app above: it ends by itself, or with the engine."""
        self._loop.call_soon_threadsafe(lambda: self._tasks.own(work(), name), context=contextvars.Context())

    def live_run(self, run_id: UUID) -> LiveRun | None:
        """The run, if it lives on this process."""
        return self._live.get(run_id)

    @property
    def is_sound(self) -> bool:
        """Whether all that runs rely on is still being done; else this process must be started anew."""
        return not self._tasks.faults

    @property
    def live_count(self) -> int:
        return len(self._live)

    @property
    def unstored_events(self) -> int:
        recorded = [live for live in list(self._live.values()) if live.spec.is_recorded]
        return sum(max(0, live.last_seq - live.stored_seq) for live in recorded)

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
        fresh = run if RunStatus(run.status) in FINAL else await self._runs.get(run.id)
        if fresh is None:
            raise no_run()
        if RunStatus(fresh.status) in FINAL:
            return await self._recording(fresh)
        return await self._followers.open(run.id, fresh.epoch)

    async def _recording(self, run: Run) -> Source:
        """Viewers of an ended run share what was read of it, as long as one of them is there."""
        shared = self._recordings.get((run.id, run.epoch))
        if shared is not None:
            return shared
        recording = await self.threads.call(open_recording, run, self.threads, self._tasks.own)
        if isinstance(recording, Recording):  # a long one is read block by block, at each viewer's own place
            self._recordings[run.id, run.epoch] = recording
        return recording

    def launch(self, specs: Sequence[RunSpec]) -> list[LiveRun]:
        """`start`, for who is on the loop and goes on with the live runs."""
        started = []
        for spec in specs:
            live = LiveRun(spec, pacer=self.pacer, on_append=self._appended)
            self._live[spec.run_id] = live
            self._tasks.own(self._run(live), f"{RUN_TASK}{spec.run_id}")
            self._activity.started(spec.run_id)
            started.append(live)
            if self._is_ending:
                live.stop(StopReason.SHUTDOWN)
        return started

    async def _run(self, live: LiveRun) -> None:
        try:
            with about_run(live.run_id):
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

    def _reaped(self, run_id: UUID) -> None:
        """We ended the run of a process that died."""
        self._activity.ended(run_id)
        self._compactor.add(run_id)

    def _redis_is_well(self, is_well: bool) -> None:
        self.health.note(Trouble.REDIS, not is_well)

    async def _watch_lag(self) -> None:
        while True:
            began, cpu = self._loop.time(), time.process_time()
            await asyncio.sleep(SAMPLE_EVERY_S)
            took = self._loop.time() - began
            self.pacer.sample(took - SAMPLE_EVERY_S, (time.process_time() - cpu) / took)
