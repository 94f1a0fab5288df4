"""The timers of one attempt."""

import asyncio
from types import TracebackType
from typing import Self

from playground.providers.endpoint import Timeouts
from playground.providers.errors import BetweenChunksTimeout, FirstChunkTimeout, TimedOut, TotalTimeout


class Timers:
    """Ends the block in its own task with a TimedOut error when content does not come in time.

    Only `content()` counts as content: comments and keepalives do not. `total_at` is on the loop's clock. A chunk costs
    no timer: it moves the deadline, and the one pending callback, when it comes too early, waits for the rest.
    """

    def __init__(self, timeouts: Timeouts, total_at: float) -> None:
        self._timeouts = timeouts
        self._total_at = total_at
        self._seen = False
        self._expired = False

    def __enter__(self) -> Self:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("Timers end the block of a task")
        self._task = task
        self._cancelling = task.cancelling()
        self._loop = asyncio.get_running_loop()
        self._deadline = self._loop.time() + self._timeouts.first_chunk
        self._wait()
        return self

    def content(self) -> None:
        """A chunk has come."""
        self._deadline = self._loop.time() + self._timeouts.between_chunks
        if not self._seen:  # the only time that the deadline may come nearer
            self._seen = True
            self._handle.cancel()
            self._wait()

    def stop(self) -> None:
        """Nothing more is waited for."""
        self._handle.cancel()

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._handle.cancel()
        # As asyncio.timeout() does it: a cancellation that came from elsewhere at the same time wins.
        if self._expired and self._task.uncancel() <= self._cancelling and isinstance(exc, asyncio.CancelledError):
            raise self._error() from exc

    def _wait(self) -> None:
        self._handle = self._loop.call_at(min(self._deadline, self._total_at), self._check)

    def _check(self) -> None:
        if self._loop.time() < min(self._deadline, self._total_at):
            self._wait()
        else:
            self._expired = True
            self._task.cancel()

    def _error(self) -> TimedOut:
        timeouts = self._timeouts
        if self._total_at <= self._deadline:
            return TotalTimeout(
                f"The run took longer than {timeouts.total:g} s: ask for fewer tokens, or raise the total timeout."
            )
        if self._seen:
            return BetweenChunksTimeout(
                f"The provider sent no further token for {timeouts.between_chunks:g} s: continue or retry it, or raise "
                "the between-chunks timeout."
            )
        return FirstChunkTimeout(
            f"The provider sent no token for {timeouts.first_chunk:g} s: try again, or raise the first-chunk timeout."
        )
