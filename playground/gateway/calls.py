"""One request to the gateway, its client, and what it answers."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import orjson

from playground.errors import PlaygroundError
from playground.gateway.errors import Failure, TooLarge, of_call
from playground.runs.engine import Engine
from playground.runs.lifespan import CUT
from playground.workspaces.models import ApiToken

Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

JSON: Final = (b"content-type", b"application/json")
NO_STORE: Final = (b"cache-control", b"no-store")
STREAM: Final = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache"),
    (b"x-accel-buffering", b"no"),
]


class Endpoint(StrEnum):
    """What can be asked for; `dialect` is the one whose answers have its shape."""

    CHAT = "chat/completions"
    COMPLETIONS = "completions"
    RESPONSES = "responses"

    @property
    def dialect(self) -> str:
        return {"chat/completions": "openai-chat", "completions": "openai-completions"}.get(self, "openai-responses")


class Gone(Exception):
    """The client has left before its request was read."""


class Client:
    """The other end: what it sends and is sent, and whether it is still there.

    `watch` is to run as a task while the call is answered; it sets `gone`, and calls what `on_gone` is.
    """

    def __init__(self, receive: Receive, send: Send) -> None:
        self.gone = False
        self.started = False
        self.headers: Headers = []  # of whatever answer
        self.on_gone: Callable[[], object] = lambda: None
        self._receive = receive
        self._send = send

    async def body(self, limit: int) -> bytes:
        """Raises TooLarge, Gone."""
        pieces: list[bytes] = []
        size = 0
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise Gone
            piece = message.get("body", b"")
            size += len(piece)
            if size <= limit:
                pieces.append(piece)
            if not message.get("more_body", False):
                break
        if size > limit:
            raise TooLarge(f"The request has {size} bytes; at most {limit} can be sent. Shorten it.")
        return b"".join(pieces)

    async def watch(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self.gone = True
        self.on_gone()

    async def json(self, value: Any, status: int = 200, headers: Headers | None = None) -> None:
        """A whole answer."""
        content = orjson.dumps(value)
        length = (b"content-length", str(len(content)).encode())
        await self.start(status, [JSON, NO_STORE, length, *(headers or [])])
        await self._send({"type": "http.response.body", "body": content})

    async def failure(self, failure: Failure) -> None:
        await self.json(failure.body(), failure.status, failure.headers())

    async def error(self, error: PlaygroundError) -> None:
        await self.failure(of_call(error))

    async def start_stream(self) -> None:
        await self.start(200, STREAM)

    async def write(self, data: bytes) -> None:
        await self._send({"type": "http.response.body", "body": data, "more_body": True})

    async def end(self) -> None:
        await self._send({"type": "http.response.body", "body": b""})

    async def cut(self) -> None:
        """Break the connection off, as an upstream that dies does."""
        await self._send({"type": CUT})

    async def start(self, status: int, headers: Headers) -> None:
        self.started = True
        await self._send({"type": "http.response.start", "status": status, "headers": [*headers, *self.headers]})


@dataclass
class Call:
    """A request that may be answered: its token is valid, its body is an object. `headers`: names in lower case."""

    endpoint: Endpoint
    body: Mapping[str, Any]
    headers: Mapping[str, str]
    token: ApiToken
    engine: Engine
    client: Client

    @property
    def model_id(self) -> str:
        return str(self.body.get("model") or "")

    @property
    def is_streamed(self) -> bool:
        return self.body.get("stream") is True

    @property
    def with_usage(self) -> bool:
        """Whether a streamed answer is to end with its usage."""
        options = self.body.get("stream_options")
        return isinstance(options, dict) and options.get("include_usage") is True
