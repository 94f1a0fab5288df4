"""A TCP proxy of a test's own between a browser and a server, whose network can fail in each of the usual ways."""

import asyncio
import contextlib
import random
import socket
import threading
from collections.abc import Coroutine, Iterator
from typing import Any

from tests.server import free_port

_READ = 64 * 1024


class Proxy:
    """Listens on a port of its own and passes everything on to `target_port` of this machine.

    Its methods may be called from the test's thread, and return when it is done.
    """

    def __init__(self, target_port: int) -> None:
        self.port = free_port()
        self.base_url = f"http://127.0.0.1:{self.port}"
        self.accepted = 0
        self._target_port = target_port
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._passing = asyncio.Event()

    def start(self) -> None:
        self._thread.start()
        self._passing.set()
        self.listen()

    def stop(self) -> None:
        self._do(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def listen(self) -> None:
        """Take connections (again)."""
        self._do(self._listen())

    def refuse(self) -> None:
        """Cut all connections, and refuse new ones."""
        self._do(self._refuse())

    def cut(self) -> None:
        """Reset all connections; new ones are taken."""
        self._do(self._cut())

    def swallow(self) -> None:
        """A network that is gone: connections stay, nothing comes through, nobody is told."""
        self._loop.call_soon_threadsafe(self._passing.clear)

    def pass_on(self) -> None:
        """End `swallow`."""
        self._loop.call_soon_threadsafe(self._passing.set)

    @contextlib.contextmanager
    def cutting_every(self, mean_s: float, rng: random.Random) -> Iterator[None]:
        """Meanwhile all connections are reset again and again, after `mean_s` ± half of it."""

        async def cut_again_and_again() -> None:
            while True:
                await asyncio.sleep(rng.uniform(0.5, 1.5) * mean_s)
                await self._cut()

        async def begin() -> asyncio.Task[None]:
            return asyncio.create_task(cut_again_and_again(), name="flaky network")

        flaky = self._do(begin())
        try:
            yield
        finally:
            self._do(_cancel(flaky))

    def _do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _listen(self) -> None:
        if self._server is None:
            self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)

    async def _refuse(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        await self._cut()

    async def _cut(self) -> None:
        for writer in self._writers:
            with contextlib.suppress(OSError):
                # A lingering time of 0: close sends RST, as a network that drops its state does.
                linger = b"\x01\x00\x00\x00\x00\x00\x00\x00"
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            writer.transport.abort()

    async def _stop(self) -> None:
        await self._refuse()
        await _cancel(*self._connections)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = self._loop.create_task(self._serve(reader, writer), name="proxied connection")
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)
        self.accepted += 1

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            await self._passing.wait()
            upstream_reader, upstream = await asyncio.open_connection("127.0.0.1", self._target_port)
        except OSError:
            writer.transport.abort()
            return
        finally:
            self._writers.discard(writer)
        self._writers |= {writer, upstream}
        try:
            await asyncio.gather(self._pump(reader, upstream), self._pump(upstream_reader, writer))
        finally:
            self._writers -= {writer, upstream}
            writer.transport.abort()
            upstream.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """From one to the other until the end; what was read in a black hole comes through when it passes again."""
        with contextlib.suppress(OSError):
            while data := await reader.read(_READ):
                await self._passing.wait()
                writer.write(data)
                await writer.drain()
            writer.write_eof()


async def _cancel(*tasks: "asyncio.Task[None]") -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@contextlib.contextmanager
def running_proxy(target_port: int) -> Iterator[Proxy]:
    proxy = Proxy(target_port)
    proxy.start()
    try:
        yield proxy
    finally:
        proxy.stop()
