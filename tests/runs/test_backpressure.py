"""A client that reads slowly, and one that does not read, over a real connection."""

import asyncio
import contextlib
import socket
import sys
from collections.abc import Iterator

import pytest
from twisted.internet.abstract import FileDescriptor

from playground.runs.backpressure import MOST_UNSENT, NotRead, until_taken

WITHIN_S = 0.5


class Transport(FileDescriptor):
    """A transport of Twisted's with more waiting in it than may."""

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        self.connected = 1
        self.dataBuffer, self.offset, self._tempDataLen = b"", 0, 2 * MOST_UNSENT

    def fileno(self) -> int:
        return self.socket.fileno()


@pytest.fixture
def ends() -> Iterator[tuple[Transport, socket.socket]]:
    """A transport whose kernel takes no more, and its client."""
    with socket.create_server(("127.0.0.1", 0)) as listening, socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(listening.getsockname())
        client.setblocking(False)
        connection, _ = listening.accept()
        with connection:
            connection.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                while True:
                    connection.send(bytes(65536))
            yield Transport(connection), client


async def test_who_takes_nothing_is_not_waited_for(ends: tuple[Transport, socket.socket]) -> None:
    with pytest.raises(NotRead):
        await until_taken(ends[0], within_s=WITHIN_S)


@pytest.mark.parametrize(
    "writes",
    [
        0,
        pytest.param(8192, marks=pytest.mark.skipif(sys.platform != "linux", reason="only Linux counts what is taken")),
    ],
    ids=["alone", "while others write"],
)
async def test_who_reads_slowly_is_waited_for(ends: tuple[Transport, socket.socket], writes: int) -> None:
    transport, client = ends

    async def read_slowly() -> None:
        until = asyncio.get_running_loop().time() + 3 * WITHIN_S
        while asyncio.get_running_loop().time() < until:
            await asyncio.sleep(0.02)
            with contextlib.suppress(BlockingIOError):
                client.recv(4096)
            transport._tempDataLen += writes
        transport._tempDataLen = 0

    reading = asyncio.create_task(read_slowly())
    await until_taken(transport, within_s=WITHIN_S)
    await reading
