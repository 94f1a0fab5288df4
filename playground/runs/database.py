"""Database work off the event loop, on threads of our own.

Not `database_sync_to_async`: outside a request that has one thread for the whole process, on which all wait for all.
"""

import asyncio
import contextlib
import logging
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Any, Final, ParamSpec, Self, TypeVar
from weakref import WeakSet

from django.db import (
    DataError,
    Error,
    IntegrityError,
    NotSupportedError,
    ProgrammingError,
    close_old_connections,
    connections,
)
from django.db.backends.signals import connection_created

logger = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")
CLOSE_WITHIN_S: Final = 5.0
_TOO_LARGE = "54"  # PostgreSQL's class of errors for what is too long or too complex for it: trying again is no use


def is_away(error: BaseException) -> bool:
    """Whether the database may take later what it did not take now: it is gone, locked, full or read-only.

    Other errors are of what it was given, and come again.
    """
    if not isinstance(error, Error) or isinstance(
        error, DataError | IntegrityError | ProgrammingError | NotSupportedError
    ):
        return False
    return not (getattr(error.__cause__, "sqlstate", None) or "").startswith(_TOO_LARGE)


def is_full(error: BaseException) -> bool:
    """Whether the disk of the database has no space left."""
    code = getattr(error.__cause__, "sqlite_errorcode", None)
    return code == sqlite3.SQLITE_FULL or getattr(error.__cause__, "sqlstate", None) == "53100"


def first_line(error: BaseException) -> str:
    """What the database said, without the lines of hints and places that PostgreSQL's driver adds."""
    return next(iter(str(error).strip().splitlines()), "")


_kept = threading.local()
LITTLE_KIB = 2048


def _keep_little() -> None:
    _kept.is_little = True


def bound_cache(connection: Any, **_: Any) -> None:
    """SQLite keeps the pages of each connection. What these threads write and read they seldom read again, so theirs
    keep little; pages for people are read through the others'."""
    if connection.vendor == "sqlite" and getattr(_kept, "is_little", False):
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA cache_size=-{LITTLE_KIB}")


connection_created.connect(bound_cache, dispatch_uid="bound_cache")


_left: WeakSet[Future[Any]] = WeakSet()


def has_left_threads() -> bool:
    """Whether threads that were left still wait for the database: Python joins them before a process ends by itself."""
    return not all(work.done() for work in _left)


class DatabaseThreads:
    """A few threads, each with its own connection to the database. An async context manager.

    Leaving it waits until they have closed them; of a database that hangs, for no longer than CLOSE_WITHIN_S.
    """

    def __init__(self, count: int, name: str) -> None:
        self._count = count
        self._name = name
        self._pool = ThreadPoolExecutor(count, thread_name_prefix=name, initializer=_keep_little)
        self._working: WeakSet[Future[Any]] = WeakSet()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        together = threading.Barrier(self._count)  # holds each thread until all have one, so that each closes its own

        def close_own() -> None:
            with contextlib.suppress(threading.BrokenBarrierError):
                together.wait()
            connections.close_all()

        closings = [self._pool.submit(close_own) for _ in range(self._count)]
        _left.update([*self._working, *closings])
        self._pool.shutdown(wait=False)
        try:
            _, left = await asyncio.wait([*map(asyncio.wrap_future, closings)], timeout=CLOSE_WITHIN_S)
        finally:
            together.abort()  # who has nothing to wait for is not to wait for those who have
        if left:
            logger.error("The database does not answer: what “%s” asked it is given up.", self._name)

    async def call(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `function` on one of the threads. It must evaluate its querysets itself."""

        def work() -> T:
            close_old_connections()
            return function(*args, **kwargs)

        working = self._pool.submit(work)
        self._working.add(working)
        return await asyncio.wrap_future(working)
