"""Database work off the event loop, on threads of our own.

Not `database_sync_to_async`: outside a request that has one thread for the whole process, on which all wait for all.
"""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import ParamSpec, Self, TypeVar

from django.db import close_old_connections, connections

P = ParamSpec("P")
T = TypeVar("T")


class DatabaseThreads:
    """A few threads, each with its own connection to the database. An async context manager; leaving it joins them."""

    def __init__(self, count: int, name: str) -> None:
        self._count = count
        self._pool = ThreadPoolExecutor(count, thread_name_prefix=name)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        together = threading.Barrier(self._count)  # holds each thread until all have one, so that each closes its own

        def close_own() -> None:
            together.wait()
            connections.close_all()

        for _ in range(self._count):
            self._pool.submit(close_own)
        self._pool.shutdown(wait=True)

    async def call(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `function` on one of the threads. It must evaluate its querysets itself."""

        def work() -> T:
            close_old_connections()
            return function(*args, **kwargs)

        return await asyncio.get_running_loop().run_in_executor(self._pool, work)
