"""How much a client has not taken yet, and waiting for one that reads slowly.

ASGI tells an application nothing of it, and Daphne takes whatever it is given: what a client does not read piles up in
Twisted's transport, in the memory of this process. So `playground.runs.server` asks here after each message.
"""

import asyncio
import fcntl
import math
import socket
import struct
import sys
import termios
from typing import Any, Final

from twisted.internet.abstract import FileDescriptor

MOST_UNSENT: Final = 256 * 1024
"""Bytes that may wait in a transport before the sender does."""

_LOOK_EVERY_S: Final = (0.01, 0.25)  # at first, and at most
_SO_NWRITE: Final = 0x1024  # macOS: the same as Linux' TIOCOUTQ
_BYTES_ACKED: Final = 120  # where it is in Linux' tcp_info


class NotRead(OSError):
    """Whoever is at the other end took nothing for too long. An `OSError`, which is what ASGI lets `send` raise."""


def unsent(transport: object) -> int:
    """The bytes that wait in this process; 0 for what is no socket of Twisted's own, or is closed."""
    if not isinstance(transport, FileDescriptor) or not transport.connected:
        return 0
    return len(transport.dataBuffer) - transport.offset + transport._tempDataLen  # noqa: SLF001  (it has no public name)


async def until_taken(transport: Any, *, within_s: float, most: int = MOST_UNSENT) -> None:
    """Wait until at most `most` bytes wait in the transport, or it is closed.

    However slow a client is, it may go on as long as it takes something.

    Raises:
        NotRead: it took nothing for `within_s`.
    """
    loop = asyncio.get_running_loop()
    first, longest = _LOOK_EVERY_S
    before, since, pause = -math.inf, loop.time(), first
    # Twisted tells of an empty buffer only, which of a slow client may never come.
    while unsent(transport) > most:
        now = _taken(transport)
        if now > before:
            since, pause = loop.time(), first
        elif loop.time() - since >= within_s:
            raise NotRead(f"The client has taken nothing for {within_s:g} s.")
        else:
            pause = min(2 * pause, longest)
        before = now
        await asyncio.sleep(pause)


def _taken(transport: Any) -> int:
    """A number that grows whenever the client takes something.

    Linux counts what a client has acknowledged. Elsewhere it is told by what waits here and in the kernel, where others
    who write meanwhile hide it. What waits here alone would not do: it goes down in strides, which a slow reader takes
    longer for than it is given.
    """
    try:
        if sys.platform == "linux":
            told = transport.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _BYTES_ACKED + 8)
            if len(told) == _BYTES_ACKED + 8:
                return int.from_bytes(told[_BYTES_ACKED:], sys.byteorder)
        return -(unsent(transport) + _in_kernel(transport))
    except OSError:  # neither is known here: what waits in this process has to do
        return -unsent(transport)


def _in_kernel(transport: Any) -> int:
    if sys.platform == "darwin":
        return int(transport.socket.getsockopt(0xFFFF, _SO_NWRITE))
    (waiting,) = struct.unpack("i", fcntl.ioctl(transport.fileno(), termios.TIOCOUTQ, bytes(4)))
    return int(waiting)
