"""A viewer: what one socket reads, from where, and how far it may run ahead of what was acknowledged."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

import orjson

from playground.recording.status import FINAL
from playground.runs.sources import Source

MAX_UNACKNOWLEDGED = 1024 * 1024
TOO_SLOW_AFTER_S = 10.0


class Subscription:
    """A cursor into one run: the seq of the last event sent, and the frames that are not acknowledged yet."""

    def __init__(self, run: str, source: Source, after: int) -> None:
        self.run = run
        self.source = source
        self.after = after
        self.ended = False
        self.unacknowledged: deque[tuple[int, int]] = deque()  # last seq, size

    def acknowledge(self, seq: int) -> int:
        """Forget the frames up to `seq`; return how many bytes that frees."""
        freed = 0
        while self.unacknowledged and self.unacknowledged[0][0] <= seq:
            freed += self.unacknowledged.popleft()[1]
        return freed


class Viewer:
    """The subscriptions of one socket, and the task that feeds them.

    `send` sends one text message. `lost` is awaited with a run whose source is gone. `run()` returns when the viewer
    was too slow: more than MAX_UNACKNOWLEDGED bytes unacknowledged for TOO_SLOW_AFTER_S.
    """

    def __init__(self, send: Callable[[str], Awaitable[None]], lost: Callable[[str], Awaitable[None]]) -> None:
        self.subscriptions: dict[str, Subscription] = {}
        self._send = send
        self._lost = lost
        self._awake = asyncio.Event()
        self._settled = asyncio.Event()
        self._pending = 0
        self._blocked_since: float | None = None

    async def subscribe(self, run: str, source: Source, after: int, epoch: str | None) -> None:
        """Start, or start anew, to send a run from the event that follows `after`."""
        self.unsubscribe(run)
        recovered = (epoch is None or epoch == source.epoch) and after <= source.last_seq
        subscription = Subscription(run, source, after if recovered else -1)
        await self.send_op(
            "subscribed",
            run=run,
            epoch=source.epoch,
            status=source.status.value,
            recovered=recovered,
            after=subscription.after,
        )
        self.subscriptions[run] = subscription
        source.attach(self.wake)
        self.wake()

    def unsubscribe(self, run: str) -> None:
        subscription = self.subscriptions.pop(run, None)
        if subscription is not None:
            subscription.source.detach(self.wake)
            self._free(sum(size for _, size in subscription.unacknowledged))

    def acknowledge(self, run: str, seq: int) -> None:
        subscription = self.subscriptions.get(run)
        if subscription is not None:
            self._free(subscription.acknowledge(seq))
            if subscription.ended and not subscription.unacknowledged:
                del self.subscriptions[run]

    def close(self) -> None:
        for run in list(self.subscriptions):
            self.unsubscribe(run)

    def wake(self) -> None:
        self._settled.clear()
        self._awake.set()

    async def settle(self) -> None:
        """Wait until all that there is was sent, or the reader is blocked."""
        self.wake()
        await self._settled.wait()

    async def run(self) -> None:
        """Send what the subscriptions have, until the socket's reader proves too slow."""
        while True:
            if self._blocked_since is None:
                await self._awake.wait()
            elif not await self._wait_while_blocked(self._blocked_since):
                return
            self._awake.clear()
            for subscription in list(self.subscriptions.values()):
                await self._feed(subscription)
            if not self._awake.is_set():
                self._settled.set()

    async def send_op(self, op: str, **data: Any) -> None:
        await self._send(orjson.dumps({"op": op, **data}).decode())

    async def _wait_while_blocked(self, since: float) -> bool:
        """Wait for something to do; False if the reader was blocked for too long."""
        left = since + TOO_SLOW_AFTER_S - asyncio.get_running_loop().time()
        if left <= 0:  # looked at first: a live run keeps waking its viewers, the blocked ones too
            return False
        try:
            async with asyncio.timeout(left):
                await self._awake.wait()
        except TimeoutError:
            return False
        return True

    def _free(self, size: int) -> None:
        self._pending -= size
        if size and self._blocked_since is not None:
            self._blocked_since = None
            self.wake()

    async def _feed(self, subscription: Subscription) -> None:
        source = subscription.source
        while self.subscriptions.get(subscription.run) is subscription and not subscription.ended:
            if source.gone:
                await self._lost(subscription.run)
                return
            frame = source.frame_after(subscription.after)
            if frame is None:
                await self._end(subscription)
                return
            if self._pending and self._pending + frame.size > MAX_UNACKNOWLEDGED:
                if self._blocked_since is None:
                    self._blocked_since = asyncio.get_running_loop().time()
                return
            subscription.after = frame.last
            subscription.unacknowledged.append((frame.last, frame.size))
            self._pending += frame.size
            await self._send(frame.text)
            if source.last_seq > frame.last:
                await asyncio.sleep(0)  # a long backlog must not hold up the loop

    async def _end(self, subscription: Subscription) -> None:
        """Say that the run has ended, if it has. The subscription stays until its last frame is acknowledged."""
        if subscription.source.status in FINAL:
            subscription.ended = True
            subscription.source.detach(self.wake)
            await self.send_op(
                "ended", run=subscription.run, seq=subscription.after, status=subscription.source.status.value
            )
