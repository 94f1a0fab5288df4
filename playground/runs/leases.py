"""Leases: how a run that lost its process is found, and how a run is stopped from another process."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from uuid import UUID

from django.db import Error

from playground.recording.events import Event
from playground.recording.status import RunStatus
from playground.runs import store
from playground.runs.database import DatabaseThreads, is_away
from playground.runs.metrics import RUNS_ENDED

logger = logging.getLogger(__name__)

STOP_EVERY_S = 0.4
RENEW_EVERY_S = 2.0


class Leases:
    """Renews the leases of our live runs, looks for requests to stop them, and ends the runs of dead processes.

    After an outage of the database all leases are old, whoever holds them, so nobody is declared dead until all had one
    lease of time to renew. What keeps our own runs alive has a thread of its own, and waits for nothing: neither for
    what viewers ask of the database, nor for the runs of others to be ended.
    """

    def __init__(
        self,
        owner: str,
        threads: DatabaseThreads,
        *,
        stop: Callable[[UUID], None],
        is_idle: Callable[[], bool],
        tail: Callable[[UUID, str], Awaitable[list[Event]]],
        ended: Callable[[UUID], None],
    ) -> None:
        self._owner = owner
        self._threads = threads
        self._stop = stop
        self._is_idle = is_idle
        self._tail = tail
        self._ended = ended
        self._reap_from = 0.0
        self._seen_at = 0.0
        self._left_alone: set[UUID] = set()
        self._thread = DatabaseThreads(1, "leases")
        self._reaping: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Look after the leases until cancelled."""
        async with self._thread:
            try:
                await self._look_after_forever()
            finally:
                if self._reaping is not None:
                    self._reaping.cancel()
                    await asyncio.gather(self._reaping, return_exceptions=True)

    async def _look_after_forever(self) -> None:
        loop = asyncio.get_running_loop()
        self._seen_at = loop.time()
        self._wait_a_lease()  # the outage that ended just now, for which nobody could renew, may be why we start
        renew_at = loop.time()
        while True:
            try:
                if loop.time() >= renew_at:
                    renew_at = loop.time() + RENEW_EVERY_S
                    await self._look_after()
                if not self._is_idle():
                    for run_id in await self._thread.call(store.runs_to_stop, self._owner):
                        self._stop(run_id)
            except Error as error:
                if not is_away(error):
                    raise
                self._wait_a_lease()  # `DatabaseWatch` says that the database is away
            await asyncio.sleep(STOP_EVERY_S)

    async def reap_all(self) -> None:
        """End every live run that is not ours, at the start of a process that has the database to itself."""
        for run_id, epoch in await self._threads.call(store.orphans, all_of_others=self._owner):
            if await self._interrupt(run_id, epoch, even_if_leased=True):
                _count(run_id)

    def _wait_a_lease(self) -> None:
        self._reap_from = asyncio.get_running_loop().time() + store.LEASE.total_seconds()

    async def _look_after(self) -> None:
        await self._renew()
        now = asyncio.get_running_loop().time()
        if now - self._seen_at > 2 * RENEW_EVERY_S:  # the database took that long, or this process stood still
            self._wait_a_lease()
        self._seen_at = now
        if now >= self._reap_from and (self._reaping is None or self._reaping.done()):
            if self._reaping is not None:
                self._reaping.result()
            self._reaping = asyncio.create_task(self._reap(), name="reap")

    async def _renew(self) -> None:
        """Also without a run of ours, to learn whether the database is there."""
        if self._is_idle():
            await self._thread.call(store.orphans)
        else:
            await self._thread.call(store.renew_leases, self._owner)

    async def _reap(self) -> None:
        try:
            for run_id, epoch in await self._thread.call(store.orphans):
                if self._may_reap and await self._interrupt(run_id, epoch):
                    _count(run_id)
                    self._ended(run_id)
        except Error as error:
            if not is_away(error):
                raise
            self._wait_a_lease()

    @property
    def _may_reap(self) -> bool:
        """Whether the database was there all the time lately: else those who lost nothing could not renew either."""
        now = asyncio.get_running_loop().time()
        return now >= self._reap_from and now - self._seen_at <= 2 * RENEW_EVERY_S

    async def _interrupt(self, run_id: UUID, epoch: str, *, even_if_leased: bool = False) -> bool:
        """End an orphan; False if it is not ours to end. One that cannot be ended is left alone, and said once: neither
        the others nor the start of the process wait for it."""
        if run_id in self._left_alone:
            return False
        try:
            tail = await self._tail(run_id, epoch)
            return await self._threads.call(store.interrupt, run_id, tail, even_if_leased=even_if_leased)
        except Exception as error:
            if is_away(error):
                raise
            logger.exception("A run that lost its process cannot be ended.", extra={"run": run_id})
            self._left_alone.add(run_id)
            return False


def _count(run_id: UUID) -> None:
    logger.warning("A run lost its process, and was ended as interrupted.", extra={"run": run_id})
    RUNS_ENDED.labels(RunStatus.INTERRUPTED.value).inc()
