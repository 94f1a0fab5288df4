"""The thread that Runnables work on, with an event loop of its own.

One for all of them, and it stays: what a Runnable keeps between runs, such as the connections of its HTTP client,
belongs to the loop that it was first used on. What blocks in somebody's `async def` delays other Runnables, and never
the loop of the playground; what is not async, LangChain itself runs on more threads.
"""

import asyncio
import atexit
from collections.abc import Callable, Coroutine
from contextlib import nullcontext
from typing import Any, Final, Generic, TypeVar

from playground.providers.sync import LoopThread

T = TypeVar("T")
Task = asyncio.Task[None]

PATIENCE: Final = 5.0
"""Seconds that cancelled work is waited for: code that blocks, or catches its cancellation, is left to itself then."""

_THREAD: Final[LoopThread[None]] = LoopThread("runnables", nullcontext)


def close() -> None:
    """Cancel all work and end the thread. It starts again where it is needed again."""
    _THREAD.close()


atexit.register(close)


class Relay(Generic[T]):
    """What work on the other thread hands over, item by item, in this loop. `ended` is the work's task, once it is."""

    def __init__(self) -> None:
        self.ended: Task | None = None
        self._loop = asyncio.get_running_loop()
        self._items: asyncio.Queue[T | Task] = asyncio.Queue()

    def put(self, item: T | Task) -> None:
        """Called on the other thread."""
        try:
            self._loop.call_soon_threadsafe(self._items.put_nowait, item)
        except RuntimeError:  # this loop is closed: nobody waits for the item
            return

    async def next(self) -> T | None:
        """None where the work has ended."""
        if self.ended is not None:
            return None
        item = await self._items.get()
        if isinstance(item, asyncio.Task):
            self.ended = item
            return None
        return item


def start(work: Callable[[Callable[[T], None]], Coroutine[Any, Any, None]], relay: Relay[T]) -> Callable[[], bool]:
    """Start `work` on the thread; what it hands to the function that it is given comes out of `relay`.

    The result cancels it; `rest` waits for its end.
    """
    return _THREAD.spawn(lambda _resource: work(relay.put), relay.put)


async def rest(relay: Relay[T]) -> list[T]:
    """What cancelled work still hands over before it ends."""
    items: list[T] = []
    try:
        async with asyncio.timeout(PATIENCE):
            while (item := await relay.next()) is not None:
                items.append(item)
    except TimeoutError:
        pass
    return items
