"""An upstream on a thread of its own, which does for each test what the test says."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import orjson

from tests.providers.faults import Call, Script, Upstream, upstream

PATIENCE_S = 20


class Scripted:
    """`play` sets what the next requests get, the last script again and again; `calls` are the requests since."""

    def __init__(self, served: Upstream, loop: asyncio.AbstractEventLoop) -> None:
        self._served = served
        self._loop = loop

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._served.port}/v1"

    @property
    def calls(self) -> list[Call]:
        return self._served.calls

    def play(self, *scripts: Script) -> None:
        self._served.scripts = list(scripts)
        self._served.calls = []

    def asked(self) -> dict[str, object]:
        """The body of the last request."""
        body: dict[str, object] = orjson.loads(self.calls[-1].body)
        return body

    def wait_gone(self, call: Call) -> None:
        """Until the connection of a call has been closed by the server; its script must be waiting for that."""
        asyncio.run_coroutine_threadsafe(call.gone.wait(), self._loop).result(PATIENCE_S)


@contextmanager
def scripted_upstream() -> Iterator[Scripted]:
    up = threading.Event()
    found: list[tuple[Scripted, asyncio.AbstractEventLoop, asyncio.Event]] = []

    async def run() -> None:
        async with upstream() as served:
            done = asyncio.Event()
            loop = asyncio.get_running_loop()
            found.append((Scripted(served, loop), loop, done))
            up.set()
            await done.wait()

    thread = threading.Thread(target=lambda: asyncio.run(run()), name="scripted upstream")
    thread.start()
    assert up.wait(PATIENCE_S)
    scripted, loop, done = found[0]
    try:
        yield scripted
    finally:
        loop.call_soon_threadsafe(done.set)
        thread.join(PATIENCE_S)


def hold(*pieces: bytes) -> Script:
    """Streams `pieces`, and then nothing until the client has gone."""

    async def script(call: Call) -> None:
        await call.chunks(*pieces, end=False)
        await call.wait_gone()

    return script
