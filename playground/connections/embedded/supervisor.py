"""Keeps the embedded model running while somebody needs it."""

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from playground.connections.embedded import SLOTS, lockfile
from playground.connections.embedded.errors import EmbeddedModelFailed, EmbeddedModelUnavailable, death
from playground.connections.embedded.health import answers
from playground.connections.embedded.lockfile import Address
from playground.connections.embedded.probe import Probe, probe
from playground.connections.embedded.process import Child
from playground.connections.notices import Notify

logger = logging.getLogger(__name__)

_START_S: Final = 60.0
_LOOK_AGAIN_S: Final = 0.1
_POLL_S: Final = 5.0
_POLLS_MISSED: Final = 3  # then it hangs, and is killed
_PROGRESS: Final = {"starting": 0.0, "loading": 0.2, "warming": 0.8, "ready": 1.0}


class EmbeddedModel:
    """An async context manager that lives on one event loop: `async with model.use(notify) as address`.

    The first use starts the child, or finds the one that another process of this host has started; `idle_s` after the
    last use it is stopped. A child that dies is started again by the next use.
    """

    def __init__(self, data_dir: Path, *, idle_s: float, can_run: Probe | None = None) -> None:
        self._lock = lockfile.lock_path(data_dir)
        self._users_file = lockfile.users_path(data_dir)
        self._shared_use = lockfile.SharedUse(self._users_file)
        self._idle_s = idle_s
        self._can_run = can_run
        self._places = asyncio.Semaphore(SLOTS)
        self._uses = 0
        self._child: Child | None = None
        self._watching: asyncio.Task[None] | None = None
        self._starting: asyncio.Task[Address] | None = None
        self._idle_timer: asyncio.TimerHandle | None = None
        self._stopping: asyncio.Task[None] | None = None
        self._stage = "starting"
        self._audience: list[Notify] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stops the child that this process started; another process's is left alone."""
        self._cancel_idle_timer()
        await _end(self._stopping)
        await _end(self._starting)
        await self._stop_child()
        self._shared_use.end()

    @asynccontextmanager
    async def use(self, notify: Notify) -> AsyncIterator[Address]:
        """Raises EmbeddedModelUnavailable or EmbeddedModelFailed. `notify`: see `Runtimes.open`."""
        can_run = self._can_run or probe()
        if not can_run.available:
            raise EmbeddedModelUnavailable(str(can_run.reason))
        if self._places.locked():
            notify("model.waiting", f"The demo model answers {SLOTS} at a time: waiting for a free place.")
        async with self._places, self._in_use():
            address = await self._address(notify)
            child = self._child
            yield address
            if lockfile.read(self._lock).address != address:
                reason = await _last_words(child)
                notify("model.crashed", f"The demo model went down: {reason}. The next run starts it again: retry.")

    @asynccontextmanager
    async def _in_use(self) -> AsyncIterator[None]:
        self._uses += 1
        self._cancel_idle_timer()
        try:
            while not self._shared_use.begin():  # noqa: ASYNC110 (a file lock of another process wakes nobody)
                await asyncio.sleep(_LOOK_AGAIN_S)
            yield
        finally:
            self._uses -= 1
            if self._uses == 0:
                self._shared_use.end()
                self._start_idle_timer()

    # --- start -------------------------------------------------------------------------------------------------------

    async def _address(self, notify: Notify) -> Address:
        """Where the child answers. Of simultaneous callers one start serves all, and outlives those that give up."""
        known = lockfile.read(self._lock).address
        watched = self._watching is not None and not self._watching.done()
        if known is not None and (watched or await answers(known.port)):
            return known
        if self._starting is None:
            self._starting = _task(self._start(), "embedded model start")
        _tell(notify, self._stage)
        self._audience.append(notify)
        try:
            return await asyncio.shield(self._starting)
        finally:
            self._audience.remove(notify)

    async def _start(self) -> Address:
        try:
            async with asyncio.timeout(_START_S):
                while True:
                    address = await self._find_or_start()
                    if address is not None:
                        self._on_stage("ready")
                        return address
                    await asyncio.sleep(_LOOK_AGAIN_S)
        except TimeoutError:
            raise EmbeddedModelFailed(f"it was not ready after {_START_S:g} s") from None
        finally:
            self._starting = None
            self._stage = "starting"

    async def _find_or_start(self) -> Address | None:
        """None: look again, another process is starting or stopping it."""
        held, address = lockfile.read(self._lock)
        if held:
            return address if address is not None and await answers(address.port) else None
        await self._stop_child()
        child = self._child = await Child.start(self._lock)
        served = False
        try:
            served = await child.ready(self._on_stage)
        finally:
            if not served:
                await self._stop_child()
        if not served:
            return None
        address = lockfile.read(self._lock).address
        if address is not None:
            logger.info("The embedded model runs as process %d", child.pid)
            self._watching = _task(self._watch(child, address), "embedded model watch")
        return address

    def _on_stage(self, stage: str) -> None:
        self._stage = stage
        for notify in self._audience:
            _tell(notify, stage)

    # --- watch and stop ----------------------------------------------------------------------------------------------

    async def _watch(self, child: Child, address: Address) -> None:
        missed = 0
        while not child.exited.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(_POLL_S):
                    await child.exited.wait()
                    break
            missed = 0 if await answers(address.port) else missed + 1
            if missed >= _POLLS_MISSED:
                logger.error("The embedded model hangs, and is killed")
                child.kill()
                await child.exited.wait()
        logger.error("The embedded model went down: %s", death(child.returncode))

    def _start_idle_timer(self) -> None:
        self._idle_timer = asyncio.get_running_loop().call_later(self._idle_s, self._idle_out)

    def _cancel_idle_timer(self) -> None:
        if self._idle_timer is not None:
            self._idle_timer.cancel()
            self._idle_timer = None

    def _idle_out(self) -> None:
        self._stopping = _task(self._stop_unless_used(), "embedded model idle")

    async def _stop_unless_used(self) -> None:
        """A use that begins meanwhile, in any process, waits until the child is gone, and starts a new one."""
        with lockfile.SoleUse(self._users_file) as sole:
            if sole.granted and self._starting is None:
                await self._stop_child()
                return
        if self._uses == 0 and self._child is not None:
            self._start_idle_timer()

    async def _stop_child(self) -> None:
        await _end(self._watching)
        child, self._child = self._child, None
        if child is not None:
            await child.stop()


async def _last_words(child: Child | None) -> str:
    """How the child ended; one of another process can only be seen to be gone."""
    if child is None:
        return "the process that ran it has stopped"
    await child.exited.wait()
    return death(child.returncode)


def _tell(notify: Notify, stage: str) -> None:
    notify("model.loading", "Loading the demo model…", stage=stage, progress=_PROGRESS.get(stage, 0.0))


def _task(work: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
    task = asyncio.create_task(work, name=name)
    task.add_done_callback(lambda done: done.cancelled() or done.exception())  # who waited got it; no one may have
    return task


async def _end(task: asyncio.Task[Any] | None) -> None:
    """Cancels and awaits a task, whatever its own end."""
    if task is None:
        return
    task.cancel()
    await asyncio.wait({task})
