"""One timer for all streams."""

import asyncio
import heapq
import math
import time
from typing import Final, Protocol

_NEVER: Final = 1 << 62
_FIRING: Final = -1


class Player(Protocol):
    def play(self, now: float) -> None:
        """Write what is due; come back to the pacer for what is not."""


class Pacer:
    """Wakes players at their time, never early and at most about 2 ms late.

    Players due in the same millisecond share one timer of the event loop: at 10,000 tokens a second a timer for each
    token would cost more than the write. Times are of `time.monotonic()`; an event loop's own clock may be coarser.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._slots: dict[int, list[Player]] = {}
        self._order: list[int] = []
        self._timer: asyncio.TimerHandle | None = None
        self._timer_slot = _NEVER

    def wake(self, player: Player, at: float) -> None:
        slot = math.ceil(at * 1000)
        waiting = self._slots.get(slot)
        if waiting is not None:
            waiting.append(player)
            return
        self._slots[slot] = [player]
        heapq.heappush(self._order, slot)
        if slot < self._timer_slot:
            self._arm(slot)

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer, self._timer_slot = None, _NEVER
        self._slots.clear()
        self._order.clear()

    def _arm(self, slot: int) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer_slot = slot
        # In whole milliseconds, as uvloop rounds: half of one rounded down would spin until the slot is due.
        wait = max(1, math.ceil(slot - time.monotonic() * 1000))
        self._timer = self._loop.call_later(wait / 1000, self._fire)

    def _fire(self) -> None:
        self._timer, self._timer_slot = None, _FIRING
        now = time.monotonic()
        while self._order and self._order[0] <= now * 1000:
            for player in self._slots.pop(heapq.heappop(self._order)):
                player.play(now)
        self._timer_slot = _NEVER
        if self._order:
            self._arm(self._order[0])
