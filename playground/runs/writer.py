"""Group commit: one writer stores the new events of all live runs in one transaction, at most every 250 ms.

While the database is away the writer tries on, and what comes meanwhile waits in the logs of the runs: nothing is
dropped, and no run ends before its end is stored. What the database refuses for what it is, is refused of one run only.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar
from uuid import UUID

from django.db import Error

from playground.recording.events import Event
from playground.runs import metrics, store
from playground.runs.database import DatabaseThreads, first_line, is_away
from playground.runs.database_watch import DatabaseWatch, Source
from playground.runs.live import LiveRun

logger = logging.getLogger(__name__)
P = ParamSpec("P")
T = TypeVar("T")

TICK_S = 0.2
DURABLE_WITHIN_S = 0.25  # of being shown
MARGIN_S = 0.03  # for timers and threads that come late
RETRY_S = (0.1, 0.25, 0.5, 1.0, 1.0, 2.0)
SLOW_S = 5.0  # a database that has not answered for so long is away; one that is only slow, on a busy machine, is not


@dataclass(frozen=True, slots=True)
class _End:
    event: Event
    summary: dict[str, Any]
    stored: asyncio.Future[bool]


class Writer:
    """Owned by the engine. `touch` and `finish` are called on the event loop; storing happens on one thread.

    `on_lost` is called with a run that is the database's now: another process took it over, or it cannot be stored.
    """

    def __init__(self, owner: str, on_lost: Callable[[LiveRun], None], watch: DatabaseWatch) -> None:
        self._owner = owner
        self._on_lost = on_lost
        self._watch = watch
        self._thread = DatabaseThreads(1, "writer")
        self._dirty: set[LiveRun] = set()
        self._ends: dict[LiveRun, _End] = {}
        self._due = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._is_time = False
        self._commit_s = 0.05  # what the slowest of the last commits took

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
            spare = DURABLE_WITHIN_S - MARGIN_S - 2 * self._commit_s
            wait = max(TICK_S / 2, min(TICK_S, spare))
            self._timer = asyncio.get_running_loop().call_later(wait, self._tick)

    async def finish(self, live: LiveRun, event: Event, summary: dict[str, Any]) -> bool:
        """Store the end of a run and all that came before it; False if another process ended the run first."""
        end = _End(event, summary, asyncio.get_running_loop().create_future())
        self._ends[live] = end
        self._dirty.add(live)
        self._due.set()
        return await end.stored

    def _tick(self) -> None:
        self._timer, self._is_time = None, True
        self._due.set()

    async def _commit(self) -> None:
        """Store all that is new once it is time, and the runs that have ended at once."""
        self._due.clear()
        ends, self._ends = self._ends, {}
        if self._is_time:
            self._is_time = False
            runs, self._dirty = list(self._dirty), set()
        else:
            runs = list(ends)
            self._dirty.difference_update(runs)
        if not runs:
            return
        batches = [self._batch(live, ends.get(live)) for live in runs]
        with metrics.commit():
            lost = await self._save(batches)
        for live, batch in zip(runs, batches, strict=True):
            if live.run_id in lost:
                self._on_lost(live)
            elif batch.events:
                live.stored_seq = batch.events[-1].seq
                metrics.stored(batch.events)
            if live in ends:
                ends[live].stored.set_result(live.run_id not in lost)

    def _batch(self, live: LiveRun, end: _End | None) -> store.Batch:
        reads, live.log.reads = live.log.reads, []
        if not live.spec.is_recorded:
            kept = store.without_content(end.summary) if end is not None else None
            return store.Batch(live.run_id, (), (), started=True, end=kept)
        events = live.events.part(live.stored_seq + 1)
        started = live.stored_seq == -1
        if end is None:
            return store.Batch(live.run_id, events, reads, started)
        events.add(*end.event[1:])
        return store.Batch(live.run_id, events, reads, started, end.summary)

    async def _save(self, batches: list[store.Batch]) -> set[UUID]:
        """Store batches, however long it takes; return the ids of the runs that are not ours any more."""
        try:
            return await self._insist(store.save, self._owner, batches)
        except Exception as error:
            if len(batches) == 1:
                logger.exception(
                    "What was recorded of a run cannot be stored: it ends as failed", extra={"run": batches[0].run_id}
                )
                return await self._give_up(batches[0].run_id)
            why = f"{type(error).__name__}: {first_line(error)}"
            logger.warning("A commit was refused; each of its %d runs is stored alone: %s", len(batches), why)
            return {lost for batch in batches for lost in await self._save([batch])}

    async def _give_up(self, run_id: UUID) -> set[UUID]:
        try:
            await self._insist(store.give_up, self._owner, run_id)
        except Exception:
            logger.exception("Nor can its end", extra={"run": run_id})
        return {run_id}

    async def _insist(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call until the database is there for it; raises what the database refuses for what it is."""
        tries = 0
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            slow = loop.call_later(SLOW_S, self._watch.silent, Source.WRITER, SLOW_S)
            try:
                result = await self._thread.call(function, *args, **kwargs)
            except Error as error:
                if not is_away(error):
                    raise
                self._watch.refused(Source.WRITER, error)
                await asyncio.sleep(RETRY_S[min(tries, len(RETRY_S) - 1)])
                tries += 1
            else:
                self._commit_s = max(loop.time() - began, 0.8 * self._commit_s)
                self._watch.took(Source.WRITER)
                return result
            finally:
                slow.cancel()
