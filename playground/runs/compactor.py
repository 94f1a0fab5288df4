"""Compaction: the small segments of runs that ended are merged into few compressed ones, when there is time for it."""

import asyncio
import logging
from collections.abc import Callable
from uuid import UUID

from django.db import Error

from playground.runs.compaction import compact, uncompacted
from playground.runs.database import DatabaseThreads, first_line, is_away

logger = logging.getLogger(__name__)

EVERY_S = 5.0
LOOK_EVERY_S = 3600.0


class Compactor:
    """Owned by the engine.

    Each hour it looks for what nobody told it of: what had no time when a process ended, what failed, what was copied.
    """

    def __init__(self, threads: DatabaseThreads, *, is_busy: Callable[[], bool]) -> None:
        self._threads = threads
        self._is_busy = is_busy
        self._ended: dict[UUID, None] = {}
        self._failed: set[UUID] = set()

    def add(self, run_id: UUID) -> None:
        """A run has ended."""
        self._ended[run_id] = None

    async def run(self) -> None:
        """Compact until cancelled."""
        loop = asyncio.get_running_loop()
        look_at = loop.time()
        while True:
            await asyncio.sleep(EVERY_S)
            try:
                if loop.time() >= look_at:
                    self._ended |= dict.fromkeys(await self._threads.call(uncompacted))
                    look_at = loop.time() + LOOK_EVERY_S
                while self._ended and not self._is_busy():
                    await self._compact(self._ended.popitem()[0])
            except Error as error:
                if not is_away(error):
                    raise
                logger.warning(
                    "Recordings cannot be compacted now, the database does not take it: %s", first_line(error)
                )

    async def _compact(self, run_id: UUID) -> None:
        """One whose recording cannot be read stays as it is, is told of once, and keeps no other waiting."""
        try:
            await self._threads.call(compact, run_id)
        except Exception as error:
            if is_away(error):
                self.add(run_id)
                raise
            if run_id not in self._failed:
                logger.exception("A recording cannot be compacted, and is left as it is.", extra={"run": run_id})
            self._failed.add(run_id)
