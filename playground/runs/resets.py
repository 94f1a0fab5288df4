"""Connections that notice when the client has reset them, on uvloop too."""

import socket
from typing import Any

from twisted.internet import main, tcp


class Connection(tcp.Server):
    """A client's connection.

    uvloop lets a socket that has an error be read once more, and then watches it no longer. Where data came just before
    the reset, as of a program that is killed while it is sent to, that read finds the data and not the reset, and the
    connection would stay open for good (https://github.com/MagicStack/uvloop/issues/552).
    """

    def doRead(self) -> Any:  # noqa: N802  (Twisted's name)
        """What Twisted's own does, which returns what ended the connection; None where nothing did."""
        ended = super().doRead()
        if ended is None and self.connected and self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            return main.CONNECTION_LOST
        return ended
