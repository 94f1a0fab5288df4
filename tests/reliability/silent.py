"""Clients that never read: bare sockets that see only whether the server cuts them off."""

import contextlib
import os
import select
import socket
import struct
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import orjson

from tests.server import Client

RECEIVE_BUFFER = 4096
TEXT = 0x81


class Silent:
    """A connection to the server that `send`s, and never reads again once it is open."""

    def __init__(self, client: Client) -> None:
        self._headers = {**client.headers, "Host": f"127.0.0.1:{client.server.port}"}
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        self._socket.settimeout(20)
        self._socket.connect(("127.0.0.1", client.server.port))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> None:
        """An HTTP request."""
        lines = [f"{name}: {value}" for name, value in {**self._headers, **headers}.items()]
        head = "\r\n".join([f"{method} {path} HTTP/1.1", *lines, f"Content-Length: {len(body)}", "", ""])
        self._socket.sendall(head.encode() + body)

    def open_websocket(self) -> None:
        key = {"Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==", "Sec-WebSocket-Version": "13"}
        lines = [
            f"{k}: {v}" for k, v in {**self._headers, "Upgrade": "websocket", "Connection": "Upgrade", **key}.items()
        ]
        self._socket.sendall("\r\n".join(["GET /ws/v1 HTTP/1.1", *lines, "", ""]).encode())
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += self._socket.recv(1)
        assert b" 101 " in head.split(b"\r\n")[0], head

    def send(self, message: dict[str, Any]) -> bool:
        """A message of the WebSocket; False if the server takes none, or has cut the connection."""
        payload = orjson.dumps(message)
        size = bytes([0x80 | len(payload)]) if len(payload) < 126 else b"\xfe" + struct.pack("!H", len(payload))
        try:
            self._socket.sendall(bytes([TEXT]) + size + bytes(4) + payload)
        except OSError:
            return False
        return True

    def do_not_wait(self) -> None:
        """From now on `send` gives up at once where the server reads nothing."""
        self._socket.setblocking(False)

    @property
    def is_cut(self) -> bool:
        """Whether the server has reset the connection; an orderly end would wait behind what is not read."""
        poll = select.poll()
        poll.register(self._socket, 0)
        return any(flags & (select.POLLHUP | select.POLLERR) for _, flags in poll.poll(0))


def until_cut(clients: list[Silent], within_s: float) -> float:
    """Wait until all are cut off; return how many seconds it took."""
    began = time.monotonic()
    while not all(client.is_cut for client in clients):
        assert time.monotonic() - began < within_s, f"{sum(not c.is_cut for c in clients)} are still connected"
        with contextlib.suppress(InterruptedError):
            time.sleep(0.05)
    return time.monotonic() - began


def resident(pid: int) -> int:
    """The bytes of memory that a process has now."""
    return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
