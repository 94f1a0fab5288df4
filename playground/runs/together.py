"""Tasks that live and end together, whatever becomes of a cancellation."""

import asyncio
from collections.abc import Coroutine
from typing import Any, Final

CANCEL_AGAIN_S: Final = 0.1


async def together(**work: Coroutine[Any, Any, None]) -> None:
    """Run all until cancelled, or until one fails, whose error is raised; the others are cancelled and awaited.

    Unlike `asyncio.TaskGroup` it cancels until they have ended: redis-py sends inside of `asyncio.wait_for`, which
    before Python 3.12 takes a cancellation for itself when the sending is done in the same moment (CPython #81839).
    """
    tasks = {asyncio.create_task(coroutine, name=name) for name, coroutine in work.items()}
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        for task in done:
            task.result()
    finally:
        while left := {task for task in tasks if not task.done()}:
            for task in left:
                task.cancel()
            await asyncio.wait(left, timeout=CANCEL_AGAIN_S)
