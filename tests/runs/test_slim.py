"""A signal and an inbox, for one task that waits."""

import asyncio

import pytest

from playground.runs.slim import Inbox, Signal


async def test_a_signal_that_is_set_keeps_nobody_waiting() -> None:
    signal = Signal()
    signal.set()
    await signal.wait()
    assert signal.is_set()


async def test_who_waits_goes_on_even_if_the_signal_is_cleared_at_once() -> None:
    signal = Signal()
    waiting = asyncio.create_task(signal.wait())
    await asyncio.sleep(0)
    signal.set()
    signal.clear()
    await waiting
    assert not signal.is_set()


async def test_a_signal_outlives_a_wait_that_was_cancelled() -> None:
    signal = Signal()
    waiting = asyncio.create_task(signal.wait())
    await asyncio.sleep(0)
    waiting.cancel()
    signal.set()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await signal.wait()


async def test_an_inbox_gives_what_came_in_order() -> None:
    inbox = Inbox()
    waiting = asyncio.create_task(inbox.get())
    await asyncio.sleep(0)
    for item in (1, 2, 3):
        inbox.put_nowait(item)
    assert inbox.qsize() == 3
    assert [await waiting, inbox.get_nowait(), await inbox.get()] == [1, 2, 3]
    assert inbox.empty()


async def test_what_comes_when_a_wait_is_cancelled_stays_in_the_inbox() -> None:
    inbox = Inbox()
    waiting = asyncio.create_task(inbox.get())
    await asyncio.sleep(0)
    inbox.put_nowait("kept")
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert await inbox.get() == "kept"
