"""Tasks with an owner, who cancels and awaits them."""

import asyncio
import contextvars
import logging
from collections.abc import Callable, Coroutine
from typing import Any, Final

logger = logging.getLogger(__name__)

Own = Callable[[Coroutine[Any, Any, None], str], object]
"""Takes a task and its name: `Tasks.own`, as it is given to those who start some."""

AGAIN_S: Final = 5.0
CANCEL_AGAIN_S: Final = 8.0  # a task may have to wait for a database that hangs: `database.CLOSE_WITHIN_S`


async def again(work: Callable[[], Coroutine[Any, Any, None]], name: str) -> None:
    """Do `work`, and a few seconds after a fault that ends it anew."""
    while True:
        try:
            return await work()
        except Exception:
            logger.exception("The engine's task “%s” ended by a fault, and begins anew.", name)
            await asyncio.sleep(AGAIN_S)


class Tasks:
    """The tasks of one owner, on one event loop. Each starts in a fresh context; a fault that ends one is logged."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()
        self._for_life: set[asyncio.Task[Any]] = set()
        self.faults: list[str] = []

    def own(self, work: Coroutine[Any, Any, None], name: str, *, for_life: bool = False) -> None:
        """`for_life`: its owner is no use without it; should a fault end it, `faults` names it."""
        task = asyncio.get_running_loop().create_task(work, name=name, context=contextvars.Context())
        self._tasks.add(task)
        if for_life:
            self._for_life.add(task)
        task.add_done_callback(self._ended)

    async def end(self, prefix: str, within_s: float, hurry: asyncio.Event) -> bool:
        """Wait until no task is left whose name begins with `prefix`, later ones too; False if that takes longer than
        `within_s`, or `hurry` is set meanwhile."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + within_s
        hurrying = asyncio.create_task(hurry.wait(), name="hurry")
        try:
            while left := {task for task in self._tasks if task.get_name().startswith(prefix)}:
                left_s = deadline - loop.time()
                if left_s <= 0 or hurry.is_set():
                    return False
                await asyncio.wait({*left, hurrying}, timeout=left_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            hurrying.cancel()
        return True

    async def cancel(self) -> None:
        """Cancel and await all: once more whoever took a cancellation for itself, as `wait_for` may before Python 3.12
        (CPython #81839)."""
        left = set(self._tasks)
        while left:
            for task in left:
                task.cancel()
            _, left = await asyncio.wait(left, timeout=CANCEL_AGAIN_S)
            if left:
                logger.warning("Still not ended: %s", ", ".join(sorted(task.get_name() for task in left)))

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("The engine's task “%s” ended by a fault", task.get_name(), exc_info=error)
            if task in self._for_life:
                self.faults.append(task.get_name())
        self._for_life.discard(task)
