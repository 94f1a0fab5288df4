"""An upstream that serves the fixtures of every dialect, each at its own paths below /DIALECT, event by event.

`python -m tests.providers.fixture_server --port 9001` for a look by hand. A prompt that holds `fixture=NAME` is
answered with that fixture, any other with `text`, or with `whole` where no stream is asked for.
"""

import argparse
import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import orjson

from tests.providers.dialect_fixtures import FOLDER, Fixture, fixture, manifest
from tests.threads import on_a_thread

_NAMED = re.compile(r"fixture=([\w-]+)")


@dataclass(frozen=True)
class Asked:
    method: str
    dialect: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class FixtureServer:
    """`asked`: the requests so far. `base_url` is that of a connection."""

    port: int = 0
    asked: list[Asked] = field(default_factory=list)
    _tasks: set["asyncio.Task[None]"] = field(default_factory=set)

    def base_url(self, dialect: str) -> str:
        return f"http://127.0.0.1:{self.port}/{dialect}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            while True:
                await self._answer(await _read(reader), writer)
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            pass  # the client has gone, or the test has ended
        finally:
            writer.close()
            self._tasks.discard(task)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _answer(self, asked: Asked, writer: asyncio.StreamWriter) -> None:
        self.asked.append(asked)
        if not (FOLDER / asked.dialect).is_dir():
            await _whole(writer, "404 Not Found", b'{"error":{"message":"no such dialect"}}')
            return
        models = manifest(asked.dialect)["models"]
        if asked.method == "GET" and models and asked.path == models["path"]:
            await _whole(writer, "200 OK", orjson.dumps(models["answer"]))
        elif found := _chosen(asked):
            await _stream(writer, found)
        else:
            await _whole(writer, "404 Not Found", b'{"error":{"message":"no such path"}}')


def _chosen(asked: Asked) -> Fixture | None:
    paths, path = manifest(asked.dialect)["paths"], asked.path.partition("?")[0]
    is_whole = re.fullmatch(paths["whole"], path) and (
        paths["whole"] != paths["stream"] or b'"stream":true' not in asked.body
    )
    if asked.method != "POST" or not (is_whole or re.fullmatch(paths["stream"], path)):
        return None
    named = _NAMED.findall(asked.body.decode())
    return fixture(asked.dialect, named[-1] if named else "whole" if is_whole else "text")


async def _read(reader: asyncio.StreamReader) -> Asked:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, target, _ = head[0].split(" ", 2)
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    url = urlsplit(target)
    _, dialect, *rest = url.path.split("/")
    path = "/" + "/".join(rest) + (f"?{url.query}" if url.query else "")
    return Asked(method, dialect, path, headers, body)


async def _whole(writer: asyncio.StreamWriter, status: str, body: bytes) -> None:
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)
    await writer.drain()


async def _stream(writer: asyncio.StreamWriter, found: Fixture) -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {found.content_type}\r\nTransfer-Encoding: chunked\r\n\r\n"
    writer.write(head.encode())
    for piece in found.pieces():
        writer.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        await writer.drain()
    writer.write(b"0\r\n\r\n")
    await writer.drain()


@asynccontextmanager
async def fixture_server(port: int = 0) -> AsyncIterator[FixtureServer]:
    served = FixtureServer()
    server = await asyncio.start_server(served.serve, "127.0.0.1", port)
    served.port = server.sockets[0].getsockname()[1]
    try:
        yield served
    finally:
        server.close()
        await served.close()
        await server.wait_closed()


def running_fixture_server() -> AbstractContextManager[FixtureServer]:
    """The same on a thread, for tests that are not async."""
    return on_a_thread(fixture_server, "fixture server")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=9001)
    port = parser.parse_args().port

    async def run() -> None:
        async with fixture_server(port) as server:
            print(f"http://127.0.0.1:{server.port}/DIALECT", flush=True)  # noqa: T201
            await asyncio.Event().wait()

    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(run())


if __name__ == "__main__":
    main()
