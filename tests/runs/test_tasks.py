"""Tasks with an owner: what a fault ends begins anew, or is named where it cannot."""

import asyncio
import contextlib

import pytest

from playground.runs import tasks as tasks_module
from playground.runs.tasks import Tasks, again


async def test_what_a_fault_ends_begins_anew_until_it_is_cancelled(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(tasks_module, "AGAIN_S", 0.001)
    begun: list[int] = []
    third = asyncio.Event()

    async def work() -> None:
        begun.append(len(begun))
        if len(begun) < 3:
            raise TypeError("nobody thought of that")
        third.set()
        await asyncio.Event().wait()

    tasks = Tasks()
    tasks.own(again(work, "purge"), "purge")
    async with asyncio.timeout(5):
        await third.wait()
    assert caplog.text.count("“purge” ended by a fault") == 2
    await tasks.cancel()
    assert begun == [0, 1, 2]
    assert not tasks.faults


async def test_what_cannot_begin_anew_is_named(caplog: pytest.LogCaptureFixture) -> None:
    async def work() -> None:
        raise TypeError("nobody thought of that")

    tasks = Tasks()
    tasks.own(work(), "writer", for_life=True)
    tasks.own(work(), "a question")
    await asyncio.sleep(0)
    await tasks.cancel()
    assert tasks.faults == ["writer"]
    assert "nobody thought of that" in caplog.text


async def test_who_takes_a_cancellation_for_itself_is_cancelled_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(tasks_module, "CANCEL_AGAIN_S", 0.01)

    async def work() -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        await asyncio.Event().wait()

    tasks = Tasks()
    tasks.own(work(), "rooms")
    await asyncio.sleep(0)
    async with asyncio.timeout(5):
        await tasks.cancel()
    assert "Still not ended: rooms" in caplog.text
