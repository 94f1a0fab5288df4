"""Group commit: one writer stores the new events of all live runs in one transaction, at most every 250 ms."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import InterfaceError, OperationalError

from playground.recording.events import Event
from playground.runs import store
from playground.runs.database import DatabaseThreads
from playground.runs.live import LiveRun

logger = logging.getLogger(__name__)

TICK_S = 0.2
RETRY_S = (0.1, 0.25, 0.5, 1.0, 2.0)


@dataclass(frozen=True, slots=True)
class _End:
    event: Event
    summary: dict[str, Any]
    stored: asyncio.Future[bool]


class Writer:
    """Owned by the engine. `touch` and `finish` are called on the event loop; storing happens on one thread.

    `on_lost` is called with a run that another process took over, once its batch was refused.
    """

    def __init__(self, owner: str, on_lost: Callable[[LiveRun], None]) -> None:
        self.healthy = True
        self._owner = owner
        self._on_lost = on_lost
        self._thread = DatabaseThreads(1, "writer")
        self._dirty: set[LiveRun] = set()
        self._ends: dict[LiveRun, _End] = {}
        self._due = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None

    async def run(self) -> None:
        """Store until cancelled. Whoever cancels it has ended all runs before."""
        async with self._thread:
            try:
                while True:
                    await self._due.wait()
                    await self._commit()
            finally:
                if self._timer is not None:
                    self._timer.cancel()

    def touch(self, live: LiveRun) -> None:
        """There are new events of `live`."""
        self._dirty.add(live)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(TICK_S, self._due.set)

    async def finish(self, live: LiveRun, event: Event, summary: dict[str, Any]) -> bool:
        """Store the end of a run and all that came before it; False if another process ended the run first."""
        end = _End(event, summary, asyncio.get_running_loop().create_future())
        self._ends[live] = end
        self._dirty.add(live)
        self._due.set()
        return await end.stored

    async def _commit(self) -> None:
        self._due.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        runs, ends = list(self._dirty), self._ends
        self._dirty, self._ends = set(), {}
        batches = [self._batch(live, ends.get(live)) for live in runs]
        lost = await self._save(batches)
        for live, batch in zip(runs, batches, strict=True):
            if live.run_id in lost:
                self._on_lost(live)
            elif batch.events:
                live.stored_seq = batch.events[-1].seq
            if live in ends:
                ends[live].stored.set_result(live.run_id not in lost)

    def _batch(self, live: LiveRun, end: _End | None) -> store.Batch:
        reads, live.log.reads = live.log.reads, []
        if not live.spec.is_recorded:
            kept = store.without_content(end.summary) if end is not None else None
            return store.Batch(live.run_id, (), (), started=True, end=kept)
        events = live.events[live.stored_seq + 1 :]
        started = live.stored_seq == -1
        if end is None:
            return store.Batch(live.run_id, events, reads, started)
        return store.Batch(live.run_id, [*events, end.event], reads, started, end.summary)

    async def _save(self, batches: list[store.Batch]) -> set[UUID]:
        """Try until the database takes the batches; what comes meanwhile waits in the logs."""
        tries = 0
        while True:
            try:
                lost = await self._thread.call(store.save, self._owner, batches)
            except (OperationalError, InterfaceError) as error:
                if self.healthy:
                    logger.warning("The database does not take what is recorded; trying again: %s", error)
                self.healthy = False
                await asyncio.sleep(RETRY_S[min(tries, len(RETRY_S) - 1)])
                tries += 1
            else:
                if not self.healthy:
                    logger.warning("The database takes what is recorded again.")
                self.healthy = True
                return lost
