"""When a socket reads from its client, and when it does not."""

import asyncio
from typing import Any

import pytest

from playground.runs import patient_socket
from playground.runs.backpressure import NotRead
from playground.runs.patient_socket import MOST_UNANSWERED, PatientSocket
from playground.runs.slim import Inbox


class Transport:
    """What a socket does with its connection."""

    def __init__(self) -> None:
        self.is_reading = True

    def pauseProducing(self) -> None:  # noqa: N802  (Twisted's name)
        self.is_reading = False

    def resumeProducing(self) -> None:  # noqa: N802  (Twisted's name)
        self.is_reading = True


class Reader:
    """The client, who takes what was sent once `has_read` is set."""

    def __init__(self) -> None:
        self.has_read = asyncio.Event()
        self.is_dead = False

    async def taken(self, _transport: object, **_within: float) -> None:
        await self.has_read.wait()
        if self.is_dead:
            raise NotRead


@pytest.fixture
async def reader(monkeypatch: pytest.MonkeyPatch) -> Reader:
    reader = Reader()
    monkeypatch.setattr(patient_socket, "until_taken", reader.taken)
    return reader


@pytest.fixture
async def socket() -> Any:
    socket = PatientSocket()
    socket.transport, socket.application_queue = Transport(), Inbox()
    socket.muted, socket.client_addr = False, None
    socket.state = socket.STATE_OPEN
    return socket


def ask(socket: Any, messages: int) -> None:
    for _ in range(messages):
        socket.onMessage(b"{}", isBinary=False)


async def until_reading(socket: Any) -> None:
    async with asyncio.timeout(5):
        while not socket.transport.is_reading:  # noqa: ASYNC110
            await asyncio.sleep(0.005)


def timers() -> list[Any]:
    loop: Any = asyncio.get_running_loop()
    return [timer for timer in loop._scheduled if not timer.cancelled()]


async def test_who_asks_too_much_is_read_on_once_most_was_answered(socket: Any) -> None:
    ask(socket, MOST_UNANSWERED)
    assert socket.transport.is_reading
    ask(socket, 1)
    assert not socket.transport.is_reading
    while socket.application_queue.qsize() > MOST_UNANSWERED // 2:
        socket.application_queue.get_nowait()
    await until_reading(socket)


async def test_who_asks_too_much_is_not_read_on_because_it_has_read(socket: Any, reader: Reader) -> None:
    sending = asyncio.create_task(socket.until_read())
    await asyncio.sleep(0)
    ask(socket, MOST_UNANSWERED + 1)  # what one read had brought
    reader.has_read.set()
    await sending
    assert not socket.transport.is_reading
    while not socket.application_queue.empty():
        socket.application_queue.get_nowait()
    await until_reading(socket)


async def test_who_has_read_is_read_on(socket: Any, reader: Reader) -> None:
    sending = asyncio.create_task(socket.until_read())
    await asyncio.sleep(0)
    assert not socket.transport.is_reading
    reader.has_read.set()
    await sending
    assert socket.transport.is_reading


async def test_nobody_looks_after_a_closed_socket_whose_application_was_killed(socket: Any) -> None:
    ask(socket, MOST_UNANSWERED + 1)
    assert len(timers()) == 1
    socket.state = socket.STATE_CLOSED
    await until_reading(socket)
    assert timers() == []
    assert socket.application_queue.qsize() > MOST_UNANSWERED
