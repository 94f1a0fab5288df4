"""Whoever is in a room, over a real socket."""

import time
from typing import Any

import orjson
from websockets.sync.client import ClientConnection


class Guest:
    """A socket that talks about rooms."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    def send(self, **message: Any) -> None:
        self.socket.send(orjson.dumps(message).decode())

    def join(self, room: str) -> dict[str, Any]:
        self.send(op="join", room=room)
        return self.until(lambda message: message["op"] in ("joined", "error"))

    def until(self, found: Any, timeout: float = 10) -> dict[str, Any]:
        """The next message of which `found` is true; the others are passed over."""
        deadline = time.monotonic() + timeout
        while True:
            message: dict[str, Any] = orjson.loads(self.socket.recv(deadline - time.monotonic()))
            if found(message):
                return message

    def presence(self, watching: int) -> dict[str, Any]:
        return self.until(lambda message: message["op"] == "presence" and message["watching"] == watching)
