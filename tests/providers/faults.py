"""An upstream made of raw sockets, which sends exactly what a test says, and a sink that keeps what comes of it."""

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson

from playground.providers.dialects.base import HttpRequest
from playground.providers.endpoint import Endpoint, RetryPolicy, Timeouts
from playground.providers.http import UpstreamClient
from playground.providers.request import GenerationRequest, Message
from playground.recording.events import Event, EventData

QUICK = RetryPolicy(base_delay=0.001, max_delay=0.002)
STREAM_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
ASK = GenerationRequest("m", (Message("user", "Hi"),))


@dataclass
class Call:
    """One request as the upstream saw it. `gone`: set once the client has closed the connection."""

    head: str
    body: bytes
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    gone: asyncio.Event = field(default_factory=asyncio.Event)

    def headers(self) -> dict[str, str]:
        lines = self.head.split("\r\n")[1:]
        return {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}

    async def send(self, raw: bytes) -> None:
        self.writer.write(raw)
        await self.writer.drain()

    async def chunks(self, *pieces: bytes, end: bool = True) -> None:
        """A streamed 200 with each piece as one HTTP chunk."""
        await self.send(STREAM_HEAD)
        for piece in pieces:
            await self.send(b"%x\r\n%s\r\n" % (len(piece), piece))
        if end:
            await self.send(b"0\r\n\r\n")

    async def answer(self, status: str, body: bytes = b"", **headers: str) -> None:
        lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        await self.send("\r\n".join([*lines, "", ""]).encode() + body)

    def reset(self) -> None:
        """End the connection by a RST, as a crashed machine does."""
        self.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    async def wait_gone(self) -> None:
        await self.reader.read()
        self.gone.set()


Script = Callable[[Call], Awaitable[None]]


class Upstream:
    """`calls`: the requests so far. The script of a request is the next of `scripts`; the last one stays."""

    def __init__(self, *scripts: Script) -> None:
        self.scripts = list(scripts)
        self.calls: list[Call] = []
        self.connections = 0
        self.port = 0
        self.scheme = "http"
        self._tasks: set[asyncio.Task[None]] = set()

    def endpoint(self, **options: Any) -> Endpoint:
        options.setdefault("dialect", "openai-chat")
        options.setdefault("base_url", f"{self.scheme}://127.0.0.1:{self.port}/v1")
        return Endpoint(**{"allow_private": True, "retry": QUICK, **options})

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                call = Call(head, b"", reader, writer)
                call.body = await reader.readexactly(int(call.headers().get("content-length", 0)))
                self.calls.append(call)
                script = self.scripts.pop(0) if len(self.scripts) > 1 else self.scripts[0]
                await script(call)
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            pass  # a cancelled task would make asyncio's own callback complain
        finally:
            writer.close()
            self._tasks.discard(task)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@asynccontextmanager
async def upstream(*scripts: Script, tls: ssl.SSLContext | None = None) -> AsyncIterator[Upstream]:
    served = Upstream(*scripts)
    server = await asyncio.start_server(served.serve, "127.0.0.1", 0, ssl=tls)
    served.port = server.sockets[0].getsockname()[1]
    served.scheme = "https" if tls else "http"
    try:
        yield served
    finally:
        server.close()
        await served.close()
        await server.wait_closed()


POST = HttpRequest("POST", "/chat/completions", {"authorization": "Bearer canary-key"}, b"{}")


async def body_of(http: UpstreamClient, endpoint: Endpoint, request: HttpRequest = POST) -> bytes:
    async with http.stream(request, endpoint) as response:
        return b"".join([raw async for raw in response.aiter_raw()])


class Recorder:
    """A sink. `wait_for(kind)` waits until an event of that kind has come."""

    def __init__(self) -> None:
        self.reads: list[bytes] = []
        self.events: list[Event] = []
        self._came: dict[str, asyncio.Event] = {}

    def read(self, raw: bytes) -> None:
        self.reads.append(raw)

    def emit(self, kind: str, data: EventData, *, offset: int = -1) -> None:
        self.events.append(Event(len(self.events), 0, kind, data, offset))
        self._came.setdefault(kind, asyncio.Event()).set()

    async def wait_for(self, kind: str) -> None:
        await self._came.setdefault(kind, asyncio.Event()).wait()

    @property
    def kinds(self) -> list[str]:
        return [event.kind for event in self.events]

    def of(self, kind: str) -> list[Any]:
        return [event.data for event in self.events if event.kind == kind]

    @property
    def text(self) -> str:
        return "".join(data if isinstance(data, str) else data.get("text", "") for data in self.of("chunk"))


def token(text: str, **choice: Any) -> bytes:
    """One event of `openai-chat` with `text`."""
    value = {"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None, **choice}]}
    return b"data: " + orjson.dumps(value) + b"\n\n"


FINISH = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
DONE = b"data: [DONE]\n\n"
PATIENT = Timeouts(connect=30, first_chunk=30, between_chunks=30, total=60)


def streams(*pieces: bytes, end: bool = True) -> Script:
    """A script that answers with `pieces`, each an HTTP chunk."""

    async def script(call: Call) -> None:
        await call.chunks(*pieces, end=end)

    return script


def answers(status: str, body: bytes = b"", **headers: str) -> Script:
    async def script(call: Call) -> None:
        await call.answer(status, body, **headers)

    return script


GOOD = streams(token("Hel"), token("lo"), FINISH, DONE)
