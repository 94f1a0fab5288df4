"""A viewer whose connection is cut again and again, and what it holds of its run in the end."""

import asyncio
import contextlib
import hashlib
import random
import socket
from dataclasses import dataclass, field
from typing import Any

import orjson

from bench.websocket import WebSocket
from tests.reliability.copy import Copy
from tests.server import Server

PATIENCE_S = 120.0


@dataclass
class CutViewer:
    """Follows `run` to its end, and is cut `cuts` times on the way, or after it.

    The kinds of cuts: a clean close; a reset; unsubscribing and subscribing on the same socket; subscribing anew from
    an older seq than it holds, or with an epoch that is not the run's; a connection that breaks in the handshake.
    """

    server: Server
    headers: dict[str, str]
    run: str
    chance: random.Random
    cuts: int
    copy: Copy = field(default_factory=Copy)
    made: dict[str, int] = field(default_factory=dict)
    _socket: WebSocket | None = None
    _refused: dict[str, Any] | None = None
    _came: asyncio.Event = field(default_factory=asyncio.Event)

    async def follow(self) -> None:
        kinds = [self._close, self._reset, self._resubscribe, self._go_back, self._take_wrong_epoch, self._half_open]
        await self._open()
        for _ in range(self.cuts):
            await self._read_some()
            kind = self.chance.choice(kinds)
            name = kind.__name__.strip("_").replace("_", " ")
            self.made[name] = self.made.get(name, 0) + 1
            await kind()
        while not self.copy.has_ended:
            async with asyncio.timeout(PATIENCE_S):
                await self._next()
        await self._leave()

    # What comes ------------------------------------------------------------------------------------------------------

    def _take(self, payload: bytes, _ns: int) -> None:
        message: dict[str, Any] = orjson.loads(payload)
        if message["op"] == "error":
            self._refused = message
        elif message.get("run") == self.run:
            self.copy.take(message)
        self._came.set()

    async def _next(self) -> None:
        """Wait for a message. The server closes no socket of ours, and refuses nothing."""
        self._came.clear()
        await self._came.wait()
        assert self._refused is None, self._refused
        assert self._socket is not None
        assert not self._socket.closed.done(), self._socket.close_code
        self._acknowledge()

    async def _read_some(self) -> None:
        """Until the answer to `subscribe` is there, and often a few frames; or for a moment, where none come."""
        async with asyncio.timeout(PATIENCE_S):
            while self.copy.is_asking:
                await self._next()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.chance.choice((0.0, 0.01, 0.05))):
                for _ in range(self.chance.randrange(4)):
                    await self._next()

    def _acknowledge(self) -> None:
        if self._socket is not None and self.copy.after >= 0 and self.chance.random() < 0.5:
            self._send({"op": "ack", "run": self.run, "seq": self.copy.after})

    # The cuts --------------------------------------------------------------------------------------------------------

    async def _close(self) -> None:
        await self._leave()
        await self._open()

    async def _reset(self) -> None:
        assert self._socket is not None
        connection: socket.socket = self._socket.transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self._socket.on_message = lambda _payload, _ns: None
        self._socket.transport.abort()
        await self._socket.closed
        await self._open()

    async def _resubscribe(self) -> None:
        self._send({"op": "unsubscribe", "run": self.run})
        self._subscribe(self.copy.after)

    async def _go_back(self) -> None:
        self._subscribe(self.chance.randint(-1, self.copy.after))

    async def _take_wrong_epoch(self) -> None:
        self._subscribe(self.copy.after, epoch="another")

    async def _half_open(self) -> None:
        """Leave in the middle of a handshake; go on with the old socket, which knows nothing of it."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.server.port)
        writer.write(b"GET /ws/v1 HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Up")
        await writer.drain()
        writer.transport.abort()
        with contextlib.suppress(OSError):
            await reader.read()
        self._subscribe(self.copy.after)

    # The socket ------------------------------------------------------------------------------------------------------

    async def _open(self) -> None:
        self._socket = WebSocket(self.server.ws_url, self.headers)
        await self._socket.open()
        self._socket.on_message = self._take
        self._socket.closed.add_done_callback(lambda _code: self._came.set())
        self._subscribe(self.copy.after)

    async def _leave(self) -> None:
        assert self._socket is not None
        self._socket.on_message = lambda _payload, _ns: None  # what still comes is lost: it must come again
        self._socket.close()
        await self._socket.closed

    def _subscribe(self, after: int, epoch: str | None = None) -> None:
        self._send(self.copy.ask(self.run, after, epoch or self.copy.epoch))

    def _send(self, message: dict[str, Any]) -> None:
        assert self._socket is not None
        self._socket.send(orjson.dumps(message))


def digest(events: list[list[Any]]) -> str:
    """Of the text that the events hold."""
    chunks = (data for _, kind, data in events if kind == "chunk")
    text = "".join(data if isinstance(data, str) else data.get("text", "") for data in chunks)
    return hashlib.sha256(text.encode()).hexdigest()
