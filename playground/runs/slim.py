"""What each socket waits with, without asyncio's queues of waiters: an empty `deque` takes 600 bytes, and a socket had
six of them. One task waits at a time."""

import asyncio
from typing import Any


class Signal:
    """An `asyncio.Event`."""

    __slots__ = ("_is_set", "_waiter")

    def __init__(self) -> None:
        self._is_set = False
        self._waiter: asyncio.Future[None] | None = None

    def is_set(self) -> bool:
        return self._is_set

    def set(self) -> None:
        self._is_set = True
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def clear(self) -> None:
        self._is_set = False

    async def wait(self) -> None:
        if self._is_set:
            return
        self._waiter = waiter = asyncio.get_running_loop().create_future()
        try:
            await waiter
        finally:
            self._waiter = None


class Inbox:
    """An unbounded `asyncio.Queue`, as far as Daphne and `PatientSocket` use one."""

    __slots__ = ("_items", "_signal")

    def __init__(self) -> None:
        self._items: list[Any] = []
        self._signal = Signal()

    def qsize(self) -> int:
        return len(self._items)

    def empty(self) -> bool:
        return not self._items

    def put_nowait(self, item: Any) -> None:
        self._items.append(item)
        self._signal.set()

    def get_nowait(self) -> Any:
        """Raises IndexError where there is nothing."""
        return self._items.pop(0)

    async def get(self) -> Any:
        while not self._items:
            self._signal.clear()
            await self._signal.wait()
        return self._items.pop(0)
