"""Async servers for tests that are not async."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from typing import TypeVar

T = TypeVar("T")
WITHIN_S = 30


@contextmanager
def on_a_thread(open_server: Callable[[], AbstractAsyncContextManager[T]], name: str) -> Iterator[T]:
    """What `open_server` opens, on a loop and a thread of its own."""
    up = threading.Event()
    found: list[tuple[T, asyncio.AbstractEventLoop, asyncio.Event]] = []

    async def serve() -> None:
        async with open_server() as server:
            done = asyncio.Event()
            found.append((server, asyncio.get_running_loop(), done))
            up.set()
            await done.wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), name=name)
    thread.start()
    assert up.wait(WITHIN_S)
    server, loop, done = found[0]
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(done.set)
        thread.join(WITHIN_S)
