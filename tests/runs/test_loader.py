"""Questions asked in one moment go to the database together, and each gets its own answer."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress

import pytest

from playground.runs.database import DatabaseThreads
from playground.runs.loader import Loader
from playground.runs.tasks import Tasks


class Table:
    """Answers with the double of a number, of odd ones with nothing; waits while it is `shut`."""

    def __init__(self) -> None:
        self.asked: list[list[int]] = []
        self.error: Exception | None = None
        self.open = threading.Event()
        self.open.set()

    def doubles(self, keys: list[int]) -> dict[int, int]:
        self.asked.append(keys)
        self.open.wait()
        if self.error is not None:
            raise self.error
        return {key: 2 * key for key in keys if key % 2 == 0}


@pytest.fixture
def table() -> Iterator[Table]:
    table = Table()
    yield table
    table.open.set()


@pytest.fixture
async def loader(table: Table) -> AsyncIterator[Loader[int, int]]:
    tasks = Tasks()
    async with DatabaseThreads(1, "loader") as threads:
        yield Loader(threads, table.doubles, tasks.own)
        table.open.set()
        await tasks.cancel()


async def asking(loader: Loader[int, int], *keys: int) -> list[asyncio.Task[int | None]]:
    tasks = [asyncio.create_task(loader.get(key)) for key in keys]
    await asyncio.sleep(0.01)
    return tasks


async def test_who_asks_alone_is_answered(loader: Loader[int, int], table: Table) -> None:
    assert await loader.get(2) == 4
    assert await loader.get(3) is None
    assert await loader.get(2) == 4, "nothing is kept"
    assert table.asked == [[2], [3], [2]]


async def test_those_who_ask_meanwhile_are_asked_for_together(loader: Loader[int, int], table: Table) -> None:
    table.open.clear()
    first = await asking(loader, 2)
    rest = await asking(loader, 2, 4, 4, 6, 7)
    table.open.set()
    assert await asyncio.gather(*first, *rest) == [4, 4, 8, 8, 12, None]
    assert table.asked == [[2], [2, 4, 6, 7]], "an answer is not older than its question"


async def test_an_error_is_for_those_who_asked_together(loader: Loader[int, int], table: Table) -> None:
    table.open.clear()
    table.error = ZeroDivisionError("the database is away")
    first = await asking(loader, 2)
    table.open.set()
    with pytest.raises(ZeroDivisionError):
        await first[0]
    table.error = None
    assert await loader.get(2) == 4


async def test_who_stops_waiting_does_not_stop_the_others(loader: Loader[int, int], table: Table) -> None:
    table.open.clear()
    impatient, patient = await asking(loader, 2, 2)
    impatient.cancel()
    with suppress(asyncio.CancelledError):
        await impatient
    table.open.set()
    assert await patient == 4


async def test_nobody_waits_for_an_owner_that_has_ended(table: Table) -> None:
    tasks = Tasks()
    async with DatabaseThreads(1, "loader") as threads:
        loader = Loader(threads, table.doubles, tasks.own)
        table.open.clear()
        waiting = [*await asking(loader, 2), *await asking(loader, 4)]
        await tasks.cancel()
        table.open.set()
        answers = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(answer) for answer in answers] == [asyncio.CancelledError] * 2
