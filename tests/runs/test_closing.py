"""A message to a socket that has just closed is nobody's fault."""

import pytest
from autobahn.exception import Disconnected

from playground.runs.consumers import while_open


async def test_a_message_to_a_closed_socket_is_dropped() -> None:
    async def closed(_message: object) -> None:
        raise Disconnected("Attempt to send on a closed protocol")

    await while_open(closed)({"type": "websocket.send", "text": "hello"})


async def test_a_message_to_an_open_socket_is_sent_as_it_is() -> None:
    sent: list[object] = []

    async def taken(message: object) -> None:
        sent.append(message)

    await while_open(taken)({"type": "websocket.send", "text": "hello"})
    assert sent == [{"type": "websocket.send", "text": "hello"}]


async def test_any_other_fault_is_told() -> None:
    async def broken(_message: object) -> None:
        raise ValueError("no such message")

    with pytest.raises(ValueError, match="no such message"):
        await while_open(broken)({})
