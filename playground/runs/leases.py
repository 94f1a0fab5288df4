"""Leases: how a run that lost its process is found, and how a run is stopped from another process."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from uuid import UUID

from django.db import InterfaceError, OperationalError

from playground.recording.events import Event
from playground.runs import store
from playground.runs.database import DatabaseThreads

logger = logging.getLogger(__name__)

STOP_EVERY_S = 0.4
RENEW_EVERY_S = 2.0


class Leases:
    """Renews the leases of our live runs, looks for requests to stop them, and ends the runs of dead processes.

    After an outage of the database all leases are old, whoever holds them, so nobody is declared dead until all had one
    lease of time to renew.
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

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        renew_at = loop.time()
        while True:
            try:
                if loop.time() >= renew_at:
                    renew_at = loop.time() + RENEW_EVERY_S
                    await self._renew_and_reap(loop.time())
                elif not self._is_idle():
                    for run_id in await self._threads.call(store.runs_to_stop, self._owner):
                        self._stop(run_id)
            except (OperationalError, InterfaceError) as error:
                logger.warning("Leases cannot be renewed, the database does not answer: %s", error)
                self._reap_from = loop.time() + store.LEASE.total_seconds()
            await asyncio.sleep(STOP_EVERY_S)

    async def reap_all(self) -> None:
        """End every live run that is not ours, at the start of a process that has the database to itself."""
        for run_id, epoch in await self._threads.call(store.orphans, all_of_others=self._owner):
            await self._threads.call(store.interrupt, run_id, await self._tail(run_id, epoch), even_if_leased=True)

    async def _renew_and_reap(self, now: float) -> None:
        if not self._is_idle():
            await self._threads.call(store.renew_leases, self._owner)
        if now < self._reap_from:
            return
        for run_id, epoch in await self._threads.call(store.orphans):
            if await self._threads.call(store.interrupt, run_id, await self._tail(run_id, epoch)):
                logger.warning("Run %s lost its process and was ended as interrupted.", run_id)
                self._ended(run_id)
