"""Compaction: the small segments of runs that ended are merged into few compressed ones, when there is time for it."""

import asyncio
import logging
from collections.abc import Callable
from uuid import UUID

from django.db import InterfaceError, OperationalError

from playground.runs.database import DatabaseThreads
from playground.runs.store import compact, uncompacted

logger = logging.getLogger(__name__)

EVERY_S = 5.0


class Compactor:
    """Owned by the engine. What it had no time for when the process ended, the next process finds and does."""

    def __init__(self, threads: DatabaseThreads, *, is_busy: Callable[[], bool]) -> None:
        self._threads = threads
        self._is_busy = is_busy
        self._ended: list[UUID] = []

    def add(self, run_id: UUID) -> None:
        """A run has ended."""
        self._ended.append(run_id)

    async def run(self) -> None:
        """Compact until cancelled."""
        found = False
        while True:
            await asyncio.sleep(EVERY_S)
            try:
                if not found:
                    self._ended += await self._threads.call(uncompacted)
                    found = True
                while self._ended and not self._is_busy():
                    await self._threads.call(compact, self._ended[-1])
                    self._ended.pop()
            except (OperationalError, InterfaceError) as error:
                logger.warning("Recordings cannot be compacted now, the database does not answer: %s", error)
