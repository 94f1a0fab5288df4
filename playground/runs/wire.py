"""The short way to a WebSocket of Daphne's, for frames: the same bytes go to the sockets of all viewers, as they are.

ASGI's `send` takes a text, of which Daphne and Autobahn make those bytes anew for each viewer, and Twisted sends them a
turn of the event loop later. That was most of what a frame cost.
"""

from collections.abc import Mapping
from typing import Any, Final

from twisted.internet.tcp import Connection

from playground.runs.backpressure import unsent

SCOPE_KEY: Final = "playground.send_now"


class Wire:
    """Calling it with the bytes of a whole WebSocket message sends them at once.

    False if it did not: the socket is not open, it is encrypted here, or its client has not taken all that was sent
    before. ASGI's `send` knows what to do then.
    """

    __slots__ = ("_protocol",)

    def __init__(self, protocol: Any) -> None:
        self._protocol = protocol

    @property
    def is_closed(self) -> bool:
        """Whether the connection is gone. The application hears of it only after what came before was answered."""
        return bool(self._protocol.state == self._protocol.STATE_CLOSED)

    def __call__(self, message: bytes) -> bool:
        protocol = self._protocol
        transport = protocol.transport
        if protocol.state != protocol.STATE_OPEN or protocol.send_queue or not isinstance(transport, Connection):
            return False
        if transport.TLS or not transport.connected or transport.disconnecting or unsent(transport):
            return False
        sent = transport.writeSomeData(message)
        if not isinstance(sent, int):  # the connection is lost, of which Twisted will tell
            return False
        if sent < len(message):
            transport.write(message[sent:])  # type: ignore[no-untyped-call]
        return True


def of_scope(scope: Mapping[str, Any]) -> Wire | None:
    """A socket's, where the server has given it one."""
    found = scope.get(SCOPE_KEY)
    return found if isinstance(found, Wire) else None
