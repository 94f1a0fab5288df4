"""Keeps what waits for the database within bounds: an outage must not take the process with it."""

import asyncio
import logging
from collections.abc import Callable, Collection
from typing import Final

from playground.runs.health import Health, Trouble
from playground.runs.live import LiveRun, StopReason

logger = logging.getLogger(__name__)

EVERY_S: Final = 0.5
EVENT_BYTES: Final = 500  # an event with its times, its text and its read, beside the bytes that were read
LOOK_BACK: Final = 64
STEP: Final = 16  # the limit's part by which the total has to grow before runs are ended again


def unstored_bytes(live: LiveRun) -> int:
    """About how much memory the events of `live` take that are not stored yet, and their network reads."""
    waiting = live.last_seq - live.stored_seq
    if not live.spec.is_recorded or waiting <= 0:  # below 0: its end is stored, and shown in a moment
        return 0
    return waiting * EVENT_BYTES + _offset_at(live, live.last_seq) - _offset_at(live, live.stored_seq)


def _offset_at(live: LiveRun, seq: int) -> int:
    """How far the bytes of the run had been read at an event; events that no bytes caused have no offset."""
    near = range(seq, max(-1, seq - LOOK_BACK), -1)
    return next((live.events[i].offset for i in near if live.events[i].offset >= 0), 0)


async def bound_backlog(lives: Callable[[], Collection[LiveRun]], health: Health, limit: int) -> None:
    """Watch until cancelled that all live runs together hold at most about `limit` bytes that are not stored.

    Past it the largest is ended, with each that holds half as much or more. What is ended keeps all its events, which
    wait for the database: that frees nothing, so it is done again only once the total has grown by a part of the limit,
    and the others go on meanwhile. One alone may hold half of the limit. A run of which nothing waits is never ended.
    """
    ended_at = 0  # how much there was when runs were ended last
    while True:
        await asyncio.sleep(EVERY_S)
        sizes = {live: unstored_bytes(live) for live in lives()}
        total = sum(sizes.values())
        is_full = total > limit
        health.note(Trouble.MEMORY, is_full)
        streaming = {live: size for live, size in sizes.items() if size and live.is_streaming}
        largest = max(streaming.values(), default=0)
        if not is_full:
            ended_at = 0
        must_end = is_full and total > ended_at + limit // STEP
        if must_end:
            ended_at = total
        for live, size in streaming.items():
            if size > limit // 2 or (must_end and size >= largest // 2):
                logger.warning(
                    "A run is ended: %d bytes of it wait for the database.", size, extra={"run": live.run_id}
                )
                live.stop(StopReason.UNSTORED)
