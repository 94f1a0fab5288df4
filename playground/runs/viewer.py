"""A viewer: what one socket reads, from where, and how far it may run ahead of what was acknowledged."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

import orjson

from playground.recording.frames import Frame
from playground.recording.status import FINAL
from playground.runs.slim import Signal
from playground.runs.sources import Source

MAX_UNACKNOWLEDGED = 1024 * 1024
ACKNOWLEDGED_WITHIN = 256 * 1024
"""What a client may leave unacknowledged for as long as it likes (docs/websocket.md): nothing waits for that."""
MAX_ASIDE = 64 * 1024
COUNTED_TOGETHER = 4 * 1024
"""Frames are counted together up to so many bytes: each on its own would take more memory than its token."""
TOO_SLOW_AFTER_S = 9.0
"""A reader that takes nothing gets the close code after so long; another second later its connection is cut."""


class Subscription:
    """A cursor into one run: the seq of the last event sent, and the frames that are not acknowledged yet.

    Small frames are counted together, and are acknowledged when the last of them is.
    """

    def __init__(self, run: str, source: Source, after: int) -> None:
        self.run = run
        self.source = source
        self.after = after
        self.ended = False
        self.unacknowledged: deque[list[int]] = deque()  # last seq, size

    def sent(self, last: int, size: int) -> None:
        """A frame of `size` bytes was sent, whose last event is `last`."""
        self.after = last
        newest = self.unacknowledged[-1] if self.unacknowledged else None
        if newest is not None and newest[1] + size <= COUNTED_TOGETHER:
            newest[0], newest[1] = last, newest[1] + size
        else:
            self.unacknowledged.append([last, size])

    def acknowledge(self, seq: int) -> int:
        """Forget the frames up to `seq`; return how many bytes that frees."""
        freed = 0
        while self.unacknowledged and self.unacknowledged[0][0] <= seq:
            freed += self.unacknowledged.popleft()[1]
        return freed


class Viewer:
    """The subscriptions of one socket, and the task that feeds them.

    `send` sends one text message, and may wait for the reader. `lost` is awaited with a run whose source is gone.
    `send_now`, where the server has one, sends the bytes of a frame at once, without the task; False if it cannot.
    `run()` returns when the viewer was too slow: it had MAX_UNACKNOWLEDGED bytes unacknowledged for
    TOO_SLOW_AFTER_S, or more than MAX_ASIDE bytes waiting beside the frames.
    """

    def __init__(
        self,
        send: Callable[[str], Awaitable[None]],
        lost: Callable[[str], Awaitable[None]],
        send_now: Callable[[bytes], bool] | None = None,
    ) -> None:
        self.subscriptions: dict[str, Subscription] = {}
        self._send = send
        self._lost = lost
        self._send_now = send_now
        self._is_busy = False  # the task is in the middle of something
        self._awake = Signal()
        self._settled = Signal()
        self.pending = 0
        self._is_blocked = False
        self._blocked_since: float | None = None
        self._aside: list[str] = []
        self._aside_size = 0
        self._is_waiting = False  # for the reader, in the middle of a message
        self._overrun = False
        self._fault: Exception | None = None

    def subscribe(self, run: str, source: Source, after: int, epoch: str | None) -> None:
        """Start, or start anew, to send a run from the event that follows `after`.

        Its answer waits in line before its frames, and no frame of an earlier subscription comes after it.
        """
        self.unsubscribe(run)
        recovered = (epoch is None or epoch == source.epoch) and after <= source.last_seq
        subscription = Subscription(run, source, after if recovered else -1)
        answer = {
            "op": "subscribed",
            "run": run,
            "epoch": source.epoch,
            "status": source.status.value,
            "recovered": recovered,
            "after": subscription.after,
        }
        self.subscriptions[run] = subscription
        source.attach(self.wake)
        self.tell(orjson.dumps(answer).decode())

    def unsubscribe(self, run: str) -> None:
        subscription = self.subscriptions.pop(run, None)
        if subscription is not None:
            subscription.source.detach(self.wake)
            self._free(sum(size for _, size in subscription.unacknowledged))
            self.wake()  # if it was what was blocked, nothing is any more

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
        """Raises nothing: a run wakes all its viewers, and the fault of one is raised in its own `run`."""
        try:
            is_done = self._fault is None and self._feed_now()
        except Exception as error:  # noqa: BLE001
            self._fault, is_done = error, False
        if not is_done:
            self._settled.clear()
            self._awake.set()

    def tell(self, text: str) -> None:
        """Send a message that is no frame as soon as the reader takes it: who tells many sockets waits for none.

        None is dropped in silence: a reader for whom too many wait is too slow.
        """
        if self._overrun:
            return
        self._aside.append(text)
        self._aside_size += len(text)
        self._overrun = self._is_waiting and self._aside_size > MAX_ASIDE
        self.wake()

    async def settle(self) -> None:
        """Wait until all that there is was sent, or the reader is blocked."""
        self._settled.clear()
        self._awake.set()
        await self._settled.wait()

    async def run(self) -> None:
        """Send what the subscriptions have, until the socket's reader proves too slow."""
        while True:
            if self._blocked_since is None:
                await self._awake.wait()
            elif not await self._wait_while_blocked(self._blocked_since):
                return
            self._awake.clear()
            if self._fault is not None:
                raise self._fault
            self._is_busy = True
            await self._send_aside()
            await self._feed_all()
            if not self._is_blocked:
                self._blocked_since = None
            if self._overrun:
                return
            self._is_busy = False
            if not self._awake.is_set():
                self._settled.set()

    async def _feed_all(self) -> None:
        """Not a part of `run`, which waits for hours at times: its variables would hold the last run's recording."""
        self._is_blocked = False
        for subscription in list(self.subscriptions.values()):
            await self._feed(subscription)

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

    async def _send_one(self, text: str) -> None:
        self._is_waiting = True
        await self._send(text)
        self._is_waiting = False

    async def _send_aside(self) -> None:
        while self._aside:
            text = self._aside.pop(0)
            self._aside_size -= len(text)
            await self._send_one(text)

    def _free(self, size: int) -> None:
        self.pending -= size
        if size and self._blocked_since is not None:
            self._blocked_since = None
            self.wake()

    def _feed_now(self) -> bool:
        """Send what there is without the task, which costs as much as sending; False if there is more to do than that.

        It leaves to the task whatever may take a while: a backlog, a reader that is slow, the end of a run.
        """
        if self._send_now is None or self._is_busy or self._aside or self._overrun or self._blocked_since is not None:
            return False
        for subscription in self.subscriptions.values():
            source = subscription.source
            if source.gone or (source.status in FINAL and not subscription.ended):
                return False
            frame = None if subscription.ended else source.frame_after(subscription.after)
            if frame is None:
                continue
            if frame.last < source.last_seq or self._must_wait(frame):
                return False
            if not self._send_now(frame.wire):
                return False
            self._sent(subscription, frame)
        return True

    def _must_wait(self, frame: Frame) -> bool:
        """Whether the reader has to acknowledge more first. A frame larger than all that may be sent ahead goes too."""
        return self.pending >= ACKNOWLEDGED_WITHIN and self.pending + frame.size > MAX_UNACKNOWLEDGED

    def _sent(self, subscription: Subscription, frame: Frame) -> None:
        subscription.sent(frame.last, frame.size)
        self.pending += frame.size

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
            if self._must_wait(frame):
                self._is_blocked = True
                if self._blocked_since is None:
                    self._blocked_since = asyncio.get_running_loop().time()
                return
            self._sent(subscription, frame)
            await self._send_one(frame.text)
            if self._aside:
                await self._send_aside()
            if source.last_seq > frame.last:
                await asyncio.sleep(0)  # a long backlog must not hold up the loop

    async def _end(self, subscription: Subscription) -> None:
        """Say that the run has ended, if it has. The subscription stays until its last frame is acknowledged."""
        if subscription.source.status in FINAL and subscription.after >= subscription.source.last_seq:
            subscription.ended = True
            subscription.source.detach(self.wake)
            await self.send_op(
                "ended", run=subscription.run, seq=subscription.after, status=subscription.source.status.value
            )
