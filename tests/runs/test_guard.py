"""The guard closes each socket on its own: none is kept open by another's fault or slowness."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from playground.runs import guard as guard_module
from playground.runs.credentials import Credentials
from playground.runs.database import DatabaseThreads
from playground.runs.guard import Reading, guard
from playground.runs.tasks import Tasks

pytestmark = pytest.mark.django_db(transaction=True)
WITHIN_S = 5.0


class Socket:
    """Of somebody who is not signed in any more. `broken`: closing it raises; `slow`: it has no end."""

    viewing = pending_bytes = 0

    def __init__(self, *, broken: bool = False, slow: bool = False) -> None:
        self.credentials = Credentials(session_key="gone")
        self.is_over = False
        self.closed = 0
        self._broken, self._slow = broken, slow

    async def sign_out(self) -> None:
        self.is_over = True
        self.closed += 1
        if self._broken:
            raise RuntimeError("Unexpected ASGI message 'websocket.close', after sending 'websocket.close'.")
        if self._slow:
            await asyncio.Event().wait()

    def reading(self) -> Reading:
        return Reading()

    async def lose(self, lost: Reading) -> None:
        raise AssertionError(lost)

    async def restart(self) -> None: ...
    async def tell(self, text: str) -> None: ...


@pytest.fixture
async def sockets(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[list[Socket]]:
    """Those of a guard that is at work."""
    monkeypatch.setattr(guard_module, "EVERY_S", 0.01)
    found: list[Socket] = []
    tasks = Tasks()
    async with DatabaseThreads(1, "guard") as threads:
        tasks.own(guard(found, threads, tasks.own), "guard", for_life=True)
        yield found
        assert not tasks.faults
        await tasks.cancel()


async def until_closed(socket: Socket) -> None:
    async with asyncio.timeout(WITHIN_S):
        while not socket.closed:  # noqa: ASYNC110  (nobody tells)
            await asyncio.sleep(0.01)


async def test_a_socket_that_cannot_be_closed_or_does_not_end_keeps_no_other_open(
    sockets: list[Socket], caplog: pytest.LogCaptureFixture
) -> None:
    broken, slow, other = Socket(broken=True), Socket(slow=True), Socket()
    sockets += [broken, slow, other]
    for socket in sockets:
        await until_closed(socket)
    sockets.append(late := Socket())
    await until_closed(late)
    assert [socket.closed for socket in sockets] == [1, 1, 1, 1]
    assert "websocket.close" in caplog.text


async def test_a_round_that_fails_is_followed_by_another(
    sockets: list[Socket], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    expired = guard_module.expired

    def broken_once(known: set[Credentials]) -> set[Credentials]:
        monkeypatch.setattr(guard_module, "expired", expired)
        raise ValueError("a link that nobody thought of")

    monkeypatch.setattr(guard_module, "expired", broken_once)
    sockets.append(socket := Socket())
    await until_closed(socket)
    assert "nobody thought of" in caplog.text
