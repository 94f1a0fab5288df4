"""Runs async work for callers that are not async: in a plain script, and also inside a running event loop."""

import asyncio
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager, AsyncExitStack, aclosing
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Any, Final, Generic, TypeVar

_EXIT_TIMEOUT: Final = 10.0

R = TypeVar("R")
T = TypeVar("T")
_Task = asyncio.Task[None]


@dataclass(slots=True)
class _Running(Generic[R]):
    thread: threading.Thread
    loop: asyncio.AbstractEventLoop
    stop: asyncio.Event
    resource: R
    tasks: set[_Task] = field(default_factory=set)


class LoopThread(Generic[R]):
    """An event loop on a thread of its own, with a resource that stays open there: work gets it as its argument.

    A caller inside a running event loop cannot wait for that loop, so the work has another. It starts at first use and
    stops with `close`. The thread is a daemon, so an interpreter that exits goes on to its exit handlers, where
    `weakref.finalize`, which an owner registers for `close`, ends it in order.
    """

    def __init__(self, name: str, open_resource: Callable[[], AbstractAsyncContextManager[R]]) -> None:
        self._name = name
        self._open_resource = open_resource
        self._lock = threading.Lock()  # also keeps work from being handed over after the stop
        self._running: _Running[R] | None = None

    def run(self, work: Callable[[R], Awaitable[T]]) -> T:
        """What `work` returns or raises."""

        async def once(resource: R) -> AsyncGenerator[T, None]:
            yield await work(resource)

        [result] = self.iterate(once)
        return result

    def iterate(self, work: Callable[[R], AsyncGenerator[T, None]]) -> Generator[T, None, None]:
        """What `work` yields, as it comes. Closing this generator cancels `work` and returns when it has ended."""
        items: SimpleQueue[T | _Task] = SimpleQueue()

        async def pump(resource: R) -> None:
            async with aclosing(work(resource)) as source:
                async for item in source:
                    items.put(item)

        cancel = self.spawn(pump, items.put)
        ended: _Task | None = None
        try:
            while ended is None:
                item = items.get()
                if isinstance(item, asyncio.Task):
                    ended = item
                else:
                    yield item
        finally:
            if ended is None and cancel():
                while not isinstance(items.get(), asyncio.Task):
                    pass
        if ended.cancelled():
            raise RuntimeError("The model was closed while it answered.")
        ended.result()

    def close(self) -> None:
        """Cancel all work, wait for its end, stop the thread."""
        with self._lock:
            running, self._running = self._running, None
            if running is None:
                return
            running.loop.call_soon_threadsafe(running.stop.set)
        if running.thread is not threading.current_thread():
            running.thread.join(_EXIT_TIMEOUT)

    def spawn(self, work: Callable[[R], Awaitable[None]], when_done: Callable[[_Task], object]) -> Callable[[], bool]:
        """Start `work` on the thread. The result cancels it, and says whether to wait for its end.

        `when_done` is called there, with the task.
        """
        task: _Task | None = None

        def start() -> None:
            nonlocal task
            task = asyncio.ensure_future(_as_coroutine(work(running.resource)))
            running.tasks.add(task)
            task.add_done_callback(running.tasks.discard)
            task.add_done_callback(when_done)

        def cancel() -> bool:
            try:
                running.loop.call_soon_threadsafe(lambda: task is not None and task.cancel())
            except RuntimeError:  # the loop is closed: the work ended with it
                return False
            # The garbage collector may close a forgotten generator on the loop's own thread: it cannot wait for itself.
            return running.thread is not threading.current_thread()

        with self._lock:
            running = self._running or self._start()
            running.loop.call_soon_threadsafe(start)
        return cancel

    def _start(self) -> _Running[R]:
        ready: Future[_Running[R]] = Future()
        threading.Thread(target=self._run_loop, args=(ready,), name=self._name, daemon=True).start()
        self._running = ready.result()
        return self._running

    def _run_loop(self, ready: "Future[_Running[R]]") -> None:
        with asyncio.Runner() as runner:
            loop = runner.get_loop()
            serving = loop.create_task(self._serve(ready))
            while not serving.done():
                try:
                    loop.run_until_complete(serving)
                except SystemExit:  # of a piece of work: it ends that, and not the others
                    continue

    async def _serve(self, ready: "Future[_Running[R]]") -> None:
        async with AsyncExitStack() as stack:
            opening = asyncio.ensure_future(stack.enter_async_context(self._open_resource()))
            await asyncio.wait([opening])
            if (error := opening.exception()) is not None:
                ready.set_exception(error)
                return
            running = _Running(
                threading.current_thread(), asyncio.get_running_loop(), asyncio.Event(), opening.result()
            )
            ready.set_result(running)
            await running.stop.wait()
            for task in running.tasks:
                task.cancel()
            if running.tasks:
                await asyncio.wait(running.tasks)


async def _as_coroutine(work: Awaitable[Any]) -> None:
    await work
