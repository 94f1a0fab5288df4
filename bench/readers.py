"""How the load reads each kind of subject. `open_all` prepares a stream with its viewers; what it returns starts it."""

import asyncio
import json
import re
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol
from urllib.parse import urlsplit

import httpx

from bench.tally import Stream
from bench.upstream import TOKEN, Pace
from bench.websocket import WebSocket

Opened = Callable[[], Awaitable[None]]
ACK_EVERY_BYTES = 64 * 1024
RUN = re.compile(r"(?i)\r\nx-playground-run: (\S+)")


class Watcher(Protocol):
    """Is told how the streams go."""

    def begun(self, stream: Stream, now: int) -> None: ...
    def ended(self, stream: Stream, now: int) -> None: ...
    def refused(self, stream: Stream) -> None: ...


class Reader:
    """One kind of subject."""

    def __init__(self, base_url: str, token: str, model: str, watcher: Watcher) -> None:
        self.base_url = self.watch_url = base_url
        self.token = token
        self.model = model
        self.watcher = watcher
        self.body = {"model": model, "stream": True, "messages": [{"role": "user", "content": "Count."}]}

    async def prepare(self) -> None:
        return

    async def open(self, stream: Stream) -> Opened:
        raise NotImplementedError

    async def open_all(self, viewers: Sequence[Stream]) -> Opened:
        """`viewers`: what each viewer of the one stream receives. Only some subjects can have more than one."""
        (only,) = viewers
        return await self.open(only)

    async def count_unrecorded(self, streams: Sequence[Stream], pace: Pace) -> int:
        """How many tokens of answers the subject did not store exactly, of a subject that stores any."""
        return 0

    async def close(self) -> None:
        return


class RawReader(Reader):
    """From the bare socket: the upstream alone, which is what the load and the upstream themselves add, or what stands
    between and speaks as it does."""

    async def open(self, stream: Stream) -> Opened:
        address = urlsplit(self.base_url)
        body = json.dumps(self.body).encode()
        head = (
            f"POST /v1/chat/completions HTTP/1.1\r\nHost: {address.netloc}\r\nAuthorization: Bearer {self.token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        request = head.encode() + body
        transport, _ = await asyncio.get_running_loop().create_connection(
            lambda: _RawAnswer(stream, self.watcher), address.hostname or "", address.port or 80
        )

        async def start() -> None:
            stream.ask()
            transport.write(request)

        return start


class _RawAnswer(asyncio.Protocol):
    def __init__(self, stream: Stream, watcher: Watcher) -> None:
        self.stream = stream
        self.watcher = watcher

    def data_received(self, data: bytes) -> None:
        now = time.monotonic_ns()
        if not self.stream.arrivals and not self.stream.refused:
            self.begun(data)
        self.stream.arrivals.append((now, data))
        if not self.stream.first_ns and TOKEN.search(data.decode()):
            self.watcher.begun(self.stream, now)
        if b"[DONE]" in data:
            self.watcher.ended(self.stream, now)

    def begun(self, data: bytes) -> None:
        """The head of the answer has come: a gateway's tells the run, and whether there is one."""
        if not data.startswith(b"HTTP/1.1 200"):
            print(f"refused: {data.decode()}", flush=True)
            self.watcher.refused(self.stream)
        elif run := RUN.search(data.decode()):
            self.stream.run_id = run[1]


class HttpxReader(Reader):
    """The upstream read by httpx in this process, with no server between: the limit for whoever reads with httpx."""

    def __init__(self, base_url: str, token: str, model: str, watcher: Watcher) -> None:
        super().__init__(base_url, token, model, watcher)
        self.client = httpx.AsyncClient(limits=httpx.Limits(max_connections=None), timeout=60)

    async def prepare(self) -> None:
        await self.client.post(f"{self.base_url}/chat/completions", json={"model": ""})  # httpx imports at first use

    async def open(self, stream: Stream) -> Opened:
        async def start() -> None:
            stream.ask()
            url = f"{self.base_url}/chat/completions"
            async with self.client.stream("POST", url, json=self.body) as response:
                async for line in response.aiter_lines():
                    if line.startswith("data: {"):
                        self.take(stream, json.loads(line[6:])["choices"][0]["delta"].get("content"))
            self.watcher.ended(stream, time.monotonic_ns())

        return start

    def take(self, stream: Stream, text: str | None) -> None:
        if text:
            now = time.monotonic_ns()
            stream.arrivals.append((now, text.encode()))
            if not stream.first_ns:
                self.watcher.begun(stream, now)

    async def close(self) -> None:
        await self.client.aclose()


class RelayReader(Reader):
    """The bare relay: a socket is a stream, a message is a token."""

    async def open(self, stream: Stream) -> Opened:
        socket = await WebSocket(self.base_url.replace("http", "ws", 1) + "/", {}).open()

        def on_message(payload: bytes, now: int) -> None:
            if payload.startswith(b'{"end"'):
                self.watcher.ended(stream, now)
                return
            stream.arrivals.append((now, payload))
            if not stream.first_ns:
                self.watcher.begun(stream, now)

        async def start() -> None:
            stream.ask()
            socket.send(json.dumps(self.body).encode())

        socket.on_message = on_message
        return start


class HubReader(RelayReader):
    """The bare hub: many sockets are one stream, begun by the first of them."""

    async def open_all(self, viewers: Sequence[Stream]) -> Opened:
        rest = [await self.open(stream) for stream in viewers[1:]]
        first = await self.open(viewers[0])

        async def start() -> None:
            for stream in viewers:
                stream.ask()
            await first()

        del rest  # their sockets are open, and only listen
        return start


class ProductReader(Reader):
    """The playground: a run is started by REST, and watched on a WebSocket of each viewer's own."""

    async def open_all(self, viewers: Sequence[Stream]) -> Opened:
        url = self.watch_url.replace("http", "ws", 1) + "/ws/v1"
        sockets = [await WebSocket(url, {"Authorization": f"Bearer {self.token}"}).open() for _ in viewers]
        address = urlsplit(self.base_url)
        connection = await asyncio.open_connection(address.hostname, address.port)
        for stream, socket in zip(viewers, sockets, strict=True):
            socket.on_message = ProductViewer(stream, self.watcher, socket).on_message

        async def start() -> None:
            for stream in viewers:
                stream.ask()
            status, answer = await self.request(
                connection, "POST", "/api/v1/runs", {"model": self.model, "prompt": "Count."}
            )
            if status != 201:
                print(f"refused: {status} {answer}", flush=True)
                for stream in viewers:
                    self.watcher.refused(stream)
                return
            for stream, socket in zip(viewers, sockets, strict=True):
                stream.run_id = answer["id"]
                socket.send(json.dumps({"op": "subscribe", "run": stream.run_id, "after": -1}).encode())

        return start

    async def request(
        self,
        connection: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
    ) -> tuple[int, Any]:
        reader, writer = connection
        content = json.dumps(body).encode() if body else b""
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: {urlsplit(self.base_url).netloc}\r\n"
            f"Authorization: Bearer {self.token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
        )
        writer.write(head.encode() + content)
        lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        answer = await reader.readexactly(int(headers["content-length"]))
        return int(lines[0].split()[1]), json.loads(answer)

    async def count_unrecorded(self, streams: Sequence[Stream], pace: Pace) -> int:
        address = urlsplit(self.base_url)
        connection = await asyncio.open_connection(address.hostname, address.port)
        missing = 0
        for run_id in dict.fromkeys(stream.run_id for stream in streams):
            if run_id:
                _, run = await self.request(connection, "GET", f"/api/v1/runs/{run_id}")
                kept = [int(index) for index, _ in TOKEN.findall(run["text"])]
                missing += pace.tokens if kept != list(range(pace.tokens)) else 0
        connection[1].close()
        return missing


class GatewayReader(ProductReader):
    """The playground's gateway: one request each, answered with a stream, as by an OpenAI client."""

    async def open_all(self, viewers: Sequence[Stream]) -> Opened:
        (only,) = viewers
        return await RawReader.open(self, only)  # type: ignore[arg-type]  # it reads alike


class ProductViewer:
    """Follows one run on one socket, and acknowledges what it got."""

    def __init__(self, stream: Stream, watcher: Watcher, socket: WebSocket) -> None:
        self.stream = stream
        self.watcher = watcher
        self.socket = socket
        self.unacknowledged = 0

    def on_message(self, payload: bytes, now: int) -> None:
        if payload.startswith(b'{"op":"frame"'):
            self.stream.arrivals.append((now, payload))
            self.unacknowledged += len(payload)
            if not self.stream.first_ns and TOKEN.search(payload.decode()):
                self.watcher.begun(self.stream, now)
            if self.unacknowledged >= ACK_EVERY_BYTES:
                self.acknowledge(payload)
        elif payload.startswith(b'{"op":"ended"'):
            self.watcher.ended(self.stream, now)
        elif payload.startswith(b'{"op":"error"'):
            print(payload.decode(), flush=True)

    def acknowledge(self, payload: bytes) -> None:
        frame = json.loads(payload)
        self.unacknowledged = 0
        seq = frame["seq"] + len(frame["events"]) - 1
        self.socket.send(json.dumps({"op": "ack", "run": self.stream.run_id, "seq": seq}).encode())


READERS: dict[str, type[Reader]] = {
    "raw": RawReader,
    "httpx": HttpxReader,
    "relay": RelayReader,
    "hub": HubReader,
    "product": ProductReader,
    "gateway": GatewayReader,
}
