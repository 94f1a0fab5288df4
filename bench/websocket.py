"""A WebSocket client that costs next to nothing a message, so that the load it makes is the server's, not its own.

RFC 6455 as far as servers of text messages need it: no fragments, no extensions.
"""

import asyncio
import base64
import os
import struct
import time
from collections.abc import Callable
from typing import cast
from urllib.parse import urlsplit

TEXT, CLOSE, PING, PONG = 1, 8, 9, 10


class WebSocket(asyncio.Protocol):
    """Calls `on_message(payload, ns)` for every text message; all messages of one read have the time of that read."""

    def __init__(self, url: str, headers: dict[str, str]) -> None:
        self.request = urlsplit(url)
        self.headers = headers
        self.buffer = b""
        self.on_message: Callable[[bytes, int], None] = lambda _payload, _ns: None
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.closed: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.close_code = 1006

    async def open(self) -> "WebSocket":
        host, port = self.request.hostname, self.request.port
        await asyncio.get_running_loop().create_connection(lambda: self, host or "", port or 80)
        await self.opened
        return self

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        query = f"?{self.request.query}" if self.request.query else ""
        lines = [
            f"GET {self.request.path or '/'}{query} HTTP/1.1",
            f"Host: {self.request.netloc}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}",
            "Sec-WebSocket-Version: 13",
            *(f"{name}: {value}" for name, value in self.headers.items()),
        ]
        self.transport.write("\r\n".join([*lines, "", ""]).encode())

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.opened.done():
            self.opened.set_exception(ConnectionError("closed during the handshake"))
        if not self.closed.done():
            self.closed.set_result(self.close_code)

    def data_received(self, data: bytes) -> None:
        now = time.monotonic_ns()
        buffer = self.buffer + data if self.buffer else data
        if not self.opened.done():
            head, blank, buffer = buffer.partition(b"\r\n\r\n")
            if not blank:
                self.buffer = head
                return
            self._opened(head)
        start, end = 0, len(buffer)
        while end - start >= 2:
            length, body = buffer[start + 1], start + 2
            if length == 126 and end - start >= 4:
                length, body = int.from_bytes(buffer[start + 2 : start + 4], "big"), start + 4
            elif length == 127 and end - start >= 10:
                length, body = int.from_bytes(buffer[start + 2 : start + 10], "big"), start + 10
            elif length >= 126:
                break
            if end < body + length:
                break
            self._frame(buffer[start] & 15, buffer[body : body + length], now)
            start = body + length
        self.buffer = buffer[start:]

    def _opened(self, head: bytes) -> None:
        status = head.split(b"\r\n", 1)[0]
        if b" 101 " in status:
            self.opened.set_result(None)
        else:
            self.opened.set_exception(ConnectionError(status.decode()))

    def _frame(self, opcode: int, payload: bytes, now: int) -> None:
        if opcode == TEXT:
            self.on_message(payload, now)
        elif opcode == PING:
            self._send(PONG, payload)
        elif opcode == CLOSE:
            self.close_code = int.from_bytes(payload[:2], "big") or 1005
            self._send(CLOSE, payload[:2])
            self.transport.close()

    def send(self, text: bytes) -> None:
        self._send(TEXT, text)

    def close(self) -> None:
        self._send(CLOSE, (1000).to_bytes(2, "big"))
        self.transport.close()

    def _send(self, opcode: int, payload: bytes) -> None:
        """Masked with zeros: the mask protects proxies from scripts, and there are neither here."""
        size = len(payload)
        length = struct.pack("!B", 128 | size) if size < 126 else struct.pack("!BH", 128 | 126, size)
        self.transport.write(bytes([128 | opcode]) + length + b"\0\0\0\0" + payload)
