"""Leases are renewed in time whatever else is asked of the database; what they end is compacted."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import pytest
from asgiref.sync import sync_to_async

from playground.recording.events import Event
from playground.runs import compactor, leases, store
from playground.runs.database import DatabaseThreads
from playground.runs.engine import Engine, EngineConfig
from playground.runs.leases import Leases
from playground.runs.models import Run, Segment
from tests.runs.factories import make_events, make_live_run

pytestmark = pytest.mark.django_db(transaction=True)
WITHIN_S = 10.0
FAR = timedelta(hours=1)


async def until(holds: Callable[[], Awaitable[bool]], within_s: float = WITHIN_S) -> None:
    async with asyncio.timeout(within_s):
        while not await holds():  # noqa: ASYNC110  (the database tells nobody)
            await asyncio.sleep(0.02)


def leases_of(threads: DatabaseThreads, tail: Callable[[UUID, str], Awaitable[list[Event]]]) -> Leases:
    return Leases("here", threads, stop=lambda _: None, is_idle=lambda: False, tail=tail, ended=lambda _: None)


async def no_tail(_run_id: UUID, _epoch: str) -> list[Event]:
    return []


async def is_renewed(run: Run) -> bool:
    before = run.lease_expires_at
    await run.arefresh_from_db()
    assert run.lease_expires_at is not None
    assert before is not None
    return run.lease_expires_at > before


async def test_a_lease_is_renewed_while_all_threads_of_the_engine_are_busy() -> None:
    run = await sync_to_async(make_live_run)("here", lease=timedelta(seconds=1))
    async with DatabaseThreads(1, "engine") as threads:
        storm = [asyncio.create_task(threads.call(time.sleep, 0.1)) for _ in range(50)]
        task = asyncio.create_task(leases_of(threads, no_tail).run())
        await until(lambda: is_renewed(run), 2.0)
        assert not storm[-1].done()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        for call in storm:
            call.cancel()


async def test_a_lease_is_renewed_while_the_runs_of_a_dead_process_are_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "LEASE", timedelta(0))
    monkeypatch.setattr(leases, "RENEW_EVERY_S", 0.05)
    run = await sync_to_async(make_live_run)("here", lease=FAR)
    await sync_to_async(make_live_run)("dead", lease=timedelta(seconds=-1))
    asked = asyncio.Event()

    async def silent(_run_id: UUID, _epoch: str) -> list[Event]:
        asked.set()
        return await asyncio.get_running_loop().create_future()

    async with DatabaseThreads(1, "engine") as threads:
        task = asyncio.create_task(leases_of(threads, silent).run())
        async with asyncio.timeout(WITHIN_S):
            await asked.wait()
        monkeypatch.setattr(store, "LEASE", 2 * FAR)
        await until(lambda: is_renewed(run))
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_run_of_a_dead_process_is_compacted_by_who_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compactor, "EVERY_S", 0.01)
    monkeypatch.setattr(store, "LEASE", timedelta(seconds=0.5))

    def orphan() -> Run:
        run = make_live_run("dead", lease=FAR)
        store.save("dead", [store.Batch(run.id, make_events("a", "b"))])
        Run.objects.filter(pk=run.pk).update(lease_expires_at=store.Now())
        return run

    run = await sync_to_async(orphan)()

    async def is_compact() -> bool:
        await run.arefresh_from_db()
        segments = [segment.is_compact async for segment in Segment.objects.filter(run=run)]
        return run.status == "interrupted" and segments == [True]

    async with Engine(EngineConfig(max_runs=10, run_deadline_s=60, sole_owner=False)):
        await until(is_compact)
