"""The daily removal goes on, whatever one day's met."""

import asyncio

import pytest
from django.db import IntegrityError, InternalError, OperationalError

from playground.runs import purge as purge_module
from playground.runs.database import DatabaseThreads
from playground.runs.purge import purge_daily


@pytest.mark.parametrize(
    "error",
    [
        OperationalError("gone"),
        InternalError("cannot execute DELETE in a read-only transaction"),
        IntegrityError("a turn was added meanwhile"),
        ValueError("nobody thought of that"),
    ],
    ids=repr,
)
async def test_a_day_that_fails_is_followed_by_another(
    error: Exception, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tries: list[str] = []
    twice = asyncio.Event()
    loop = asyncio.get_running_loop()

    def failing() -> int:
        tries.append("purge")
        if tries.count("purge") > 1:
            loop.call_soon_threadsafe(twice.set)
            return 0
        raise error

    async def noted(_threads: DatabaseThreads) -> None:
        tries.append("prune")

    monkeypatch.setattr(purge_module, "purge", failing)
    monkeypatch.setattr(purge_module, "prune_old", noted)
    async with DatabaseThreads(1, "purge") as threads:
        task = asyncio.create_task(purge_daily(threads, every_s=0.01))
        async with asyncio.timeout(5):
            await twice.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert tries[:3] == ["purge", "prune", "purge"]
    assert str(error) in caplog.text
