"""One socket without a server: what it is answered while nobody can tell who it is, and that nothing of it stays."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
import pytest

from playground.runs import consumers
from playground.runs.consumers import RunConsumer
from playground.runs.credentials import Credentials
from playground.runs.health import Health, Trouble


class Threads:
    """Answers at once, until it `hangs`."""

    def __init__(self) -> None:
        self.hangs = False
        self.asked = asyncio.Event()

    async def call(self, function: Any, *_args: Any) -> Any:
        if self.hangs:
            self.asked.set()
            await asyncio.Event().wait()
        return Credentials() if function is consumers.authenticate else {"a room"}


class Rooms:
    def __init__(self) -> None:
        self.members: list[tuple[str, object]] = []
        self.joined = asyncio.Event()

    def join(self, room: str, member: object) -> None:
        self.members.append((room, member))
        self.joined.set()

    def leave(self, room: str, member: object) -> None:
        self.members.remove((room, member))


class Expired:
    """What is known of credentials; while it `hangs`, nothing."""

    def __init__(self) -> None:
        self.hangs = False
        self.known = False

    async def get(self, _credentials: Credentials) -> bool:
        if self.hangs:
            await asyncio.Event().wait()
        return self.known


class OneEngine:
    """What a socket knows of one."""

    def __init__(self) -> None:
        self.expired = Expired()
        self.threads = Threads()
        self.health = Health()
        self.rooms = Rooms()
        self.sockets: set[Any] = set()


class Socket:
    """A server's end of a socket that has joined a room."""

    def __init__(self) -> None:
        self.inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.sent: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    def says(self, **message: object) -> None:
        self.inbox.put_nowait({"type": "websocket.receive", "text": orjson.dumps(message).decode()})

    async def send(self, message: dict[str, Any]) -> None:
        self.sent.put_nowait(message)

    async def next(self, op: str) -> Any:
        """The next message that it is sent, which has this op."""
        async with asyncio.timeout(5):
            while (sent := await self.sent.get())["type"] != "websocket.send":
                pass
        message = orjson.loads(sent["text"])
        assert message["op"] == op, message
        return message


@pytest.fixture
async def engine(monkeypatch: pytest.MonkeyPatch) -> OneEngine:
    engine = OneEngine()
    monkeypatch.setattr(consumers, "current_engine", lambda: engine)
    return engine


@asynccontextmanager
async def in_a_room(engine: OneEngine) -> AsyncIterator[tuple[Socket, asyncio.Task[None]]]:
    socket = Socket()
    application = asyncio.create_task(RunConsumer()({"type": "websocket"}, socket.inbox.get, socket.send))
    socket.inbox.put_nowait({"type": "websocket.connect"})
    socket.says(op="join", room="session:0190c4d4-0000-7000-8000-000000000000")
    async with asyncio.timeout(5):
        await engine.rooms.joined.wait()
    yield socket, application
    assert application.done()
    assert not engine.sockets
    assert not engine.rooms.members
    assert [task for task in asyncio.all_tasks() if task.get_name() == "viewer"] == []


async def test_nothing_stays_of_one_that_its_client_closes(engine: OneEngine) -> None:
    async with in_a_room(engine) as (socket, application):
        socket.inbox.put_nowait({"type": "websocket.disconnect", "code": 1001})
        await application


async def test_nothing_stays_of_one_that_the_server_kills_while_it_waits_for_the_database(engine: OneEngine) -> None:
    async with in_a_room(engine) as (socket, application):
        engine.threads.hangs = True
        socket.says(op="join", room="session:0190c4d4-0000-7000-8000-000000000001")
        await engine.threads.asked.wait()
        application.cancel()
        with pytest.raises(asyncio.CancelledError):
            await application


async def test_nothing_stays_of_one_that_a_fault_ends(engine: OneEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(_consumer: RunConsumer, _message: object) -> None:
        raise RuntimeError("a fault")

    monkeypatch.setattr(RunConsumer, "_ping", broken)
    async with in_a_room(engine) as (socket, application):
        socket.says(op="ping")
        with pytest.raises(RuntimeError, match="a fault"):
            await application


@pytest.mark.parametrize(("is_away", "answer"), [(True, "pong"), (False, "error")])
async def test_who_cannot_be_checked_is_answered_only_while_the_database_is_known_to_be_away(
    engine: OneEngine, monkeypatch: pytest.MonkeyPatch, is_away: bool, answer: str
) -> None:
    monkeypatch.setattr(consumers, "FRESH_S", 0.0)
    monkeypatch.setattr(consumers, "CHECK_WITHIN_S", 0.05)
    async with in_a_room(engine) as (socket, application):
        await socket.next("joined")
        engine.expired.hangs, engine.expired.known = True, True
        engine.health.note(Trouble.DATABASE, is_away)
        socket.says(op="ping")
        message = await socket.next(answer)
        assert message.get("code", "") == ("" if is_away else "busy")
        engine.expired.hangs = False
        socket.says(op="ping")
        async with asyncio.timeout(5):
            assert await socket.sent.get() == {"type": "websocket.close", "code": consumers.NOT_SIGNED_IN}
        socket.inbox.put_nowait({"type": "websocket.disconnect", "code": 4401})
        await application
