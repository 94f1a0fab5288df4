"""Leaving the threads that ask the database, also while it hangs."""

import asyncio
import threading
import time

import pytest

from playground.runs import database
from playground.runs.database import DatabaseThreads, has_left_threads


async def test_who_leaves_waits_for_what_they_are_doing() -> None:
    done: list[str] = []

    def slow() -> None:
        time.sleep(0.1)
        done.append("slow")

    async with DatabaseThreads(2, "ours") as threads:
        working = asyncio.create_task(threads.call(slow))
        await asyncio.sleep(0)
    await working
    assert done == ["slow"]
    assert not has_left_threads()


async def test_who_leaves_does_not_wait_for_ever_for_a_database_that_hangs(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(database, "CLOSE_WITHIN_S", 0.1)
    answers = threading.Event()
    async with asyncio.timeout(10):
        async with DatabaseThreads(2, "ours") as threads:
            asking = asyncio.create_task(threads.call(answers.wait, 20))
            await asyncio.sleep(0)
        assert has_left_threads()
        assert "what “ours” asked it is given up" in caplog.text
        answers.set()
        await asking
        while has_left_threads():  # noqa: ASYNC110  (they are no tasks)
            await asyncio.sleep(0.005)
