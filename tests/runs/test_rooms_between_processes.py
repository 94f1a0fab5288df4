"""Two processes' rooms on one channel layer, without their servers."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any, cast

import orjson
import pytest
from channels.layers import InMemoryChannelLayer, channel_layers
from redis.exceptions import ConnectionError as RedisConnectionError

from playground.accounts.models import User
from playground.runs import rooms as rooms_module
from playground.runs.credentials import Credentials
from playground.runs.presence import OTHERS_EXPIRE_S, Others, Watchers
from playground.runs.rooms import Rooms

ROOM = "session:1"


class Socket:
    def __init__(self, name: str = "") -> None:
        """Of a person, or of a link if there is no name."""
        person = cast("User", SimpleNamespace(pk=name, get_username=lambda: name))
        self.credentials = Credentials(user=person if name else None)
        self.heard: list[dict[str, Any]] = []
        self._news = asyncio.Event()

    async def tell(self, text: str) -> None:
        self.heard.append(orjson.loads(text))
        self._news.set()

    async def until(self, found: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        async with asyncio.timeout(5):
            while True:
                for message in self.heard:
                    if found(message):
                        return message
                self._news.clear()
                await self._news.wait()

    async def nudges(self, count: int) -> list[object]:
        await self.until(lambda _: len(self._nudged()) >= count)
        return self._nudged()

    async def sees(self, watching: int) -> list[str]:
        message = await self.until(lambda m: m["op"] == "presence" and m["watching"] == watching)
        people: list[str] = message["people"]
        return people

    def _nudged(self) -> list[object]:
        return [message["data"]["n"] for message in self.heard if message["op"] == "nudge"]


class BrokenLayer(InMemoryChannelLayer):
    """Takes no message until it is mended."""

    is_broken = True

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        if self.is_broken:
            raise RedisConnectionError("away")
        await super().group_send(group, message)


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, seconds in {"DEBOUNCE_S": 0.02, "PRESENCE_EVERY_S": 0.05, "RETRY_S": 0.02}.items():
        monkeypatch.setattr(rooms_module, name, seconds)


@asynccontextmanager
async def running(*owners: str, layer: InMemoryChannelLayer | None = None) -> AsyncIterator[list[Rooms]]:
    before = channel_layers.set("default", layer or InMemoryChannelLayer())
    processes = [Rooms(owner) for owner in owners]
    tasks = [asyncio.create_task(rooms.run()) for rooms in processes]
    await asyncio.sleep(0)
    try:
        yield processes
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        channel_layers.set("default", before)


async def test_a_hint_reaches_everyone_in_the_room_once_and_in_order() -> None:
    async with running("a", "b") as (a, b):
        here, there, elsewhere = Socket("ada"), Socket("grace"), Socket("lin")
        a.join(ROOM, here)
        b.join(ROOM, there)
        b.join("session:2", elsewhere)
        await there.sees(2)
        for n in range(50):
            a.nudge(ROOM, "turns", {"n": n})
        assert await there.nudges(50) == list(range(50))
        assert await here.nudges(50) == list(range(50))
        assert not [message for message in elsewhere.heard if message["op"] == "nudge"]


async def test_presence_names_people_to_people_only() -> None:
    async with running("a", "b") as (a, b):
        ada, tab, link = Socket("ada"), Socket("ada"), Socket()
        a.join(ROOM, ada)
        b.join(ROOM, tab)
        b.join(ROOM, link)
        assert await ada.sees(2) == ["ada"]
        assert await tab.sees(2) == ["ada"]
        assert await link.sees(2) == []
        assert a.watching(ROOM) == b.watching(ROOM) == 2
        b.leave(ROOM, link)
        assert await ada.sees(1) == ["ada"]


async def test_a_room_that_all_have_left_is_forgotten() -> None:
    async with running("a") as (a,):
        ada = Socket("ada")
        a.join(ROOM, ada)
        await ada.sees(1)
        a.leave(ROOM, ada)
        heard = len(ada.heard)
        a.nudge(ROOM, "turns", {"n": 1})
        grace = Socket("grace")
        a.join("session:2", grace)
        await grace.sees(1)
        assert len(ada.heard) == heard
        assert a.watching(ROOM) == 0


async def test_while_the_layer_is_away_this_process_is_told_and_the_others_afterwards(
    caplog: pytest.LogCaptureFixture,
) -> None:
    layer = BrokenLayer()
    async with running("a", "b", layer=layer) as (a, b):
        here, there = Socket("ada"), Socket("grace")
        a.join(ROOM, here)
        b.join(ROOM, there)
        a.nudge(ROOM, "turns", {"n": 1})
        assert await here.nudges(1) == [1]
        assert await here.sees(1) == ["ada"]
        layer.is_broken = False
        assert await there.nudges(1) == [1]
        assert await here.sees(2) == ["ada", "grace"]
    said = [record.message for record in caplog.records if "does not answer" in record.message]
    assert len(said) == 2  # once a process


async def test_a_hint_of_more_than_a_hint_is_refused() -> None:
    async with running("a") as (a,):
        with pytest.raises(ValueError, match="at most"):
            a.nudge(ROOM, "turns", {"text": "x" * 9000})


def test_a_process_that_says_nothing_any_more_is_not_counted() -> None:
    others = Others()
    others.hear("a", Watchers({"1": "ada"}, 2), now=0.0)
    others.hear("b", Watchers({"1": "ada", "2": "grace"}), now=20.0)
    assert others.total(20.0) == Watchers({"1": "ada", "2": "grace"}, 2)
    assert others.total(OTHERS_EXPIRE_S + 1) == Watchers({"1": "ada", "2": "grace"})
    others.hear("b", Watchers(), now=30.0)
    assert others.total(30.0) == Watchers()
