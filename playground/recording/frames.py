"""Frames: consecutive events in one WebSocket message, encoded once for all viewers."""

from collections.abc import Sequence
from typing import NamedTuple

import orjson

from playground.recording.events import Event

MAX_EVENTS = 256
MAX_BYTES = 128 * 1024
_KEPT = 8  # viewers that keep up share the newest frame; stragglers share a few older ones


class Frame(NamedTuple):
    """`text` is the message, `size` about its length in bytes, `last` the seq of its last event."""

    text: str
    size: int
    last: int


def frame_head(run: str, epoch: str) -> str:
    """How all frames of a run's epoch begin, up to the number of their first event."""
    return orjson.dumps({"op": "frame", "run": run, "epoch": epoch}).decode()[:-1] + ',"seq":'


def encode_frame(head: str, events: Sequence[Event]) -> Frame:
    """Encode as many of `events` as fit into MAX_BYTES; one that is larger on its own goes alone.

    Raises:
        ValueError: `events` is empty.
    """
    if not events:
        raise ValueError("a frame holds at least one event")
    count = min(len(events), MAX_EVENTS)
    while True:
        body = orjson.dumps([event[1:4] for event in events[:count]])
        if len(body) <= MAX_BYTES or count == 1:
            text = f'{head}{events[0].seq},"events":{body.decode()}}}'
            return Frame(text, len(head) + len(body) + 24, events[count - 1].seq)
        count = max(1, min(count - 1, count * MAX_BYTES // len(body)))


class FrameEncoder:
    """Frames of one log. Viewers at the same position get the very same frame, encoded once."""

    def __init__(self, run: str, epoch: str, events: Sequence[Event]) -> None:
        self._head = frame_head(run, epoch)
        self._events = events
        self._cache: dict[tuple[int, int], Frame] = {}

    def after(self, seq: int) -> Frame | None:
        """The frame that follows `seq`; None while there is nothing newer."""
        first = seq + 1
        end = len(self._events)
        if end <= first:
            return None
        key = (first, end)
        frame = self._cache.get(key)
        if frame is None:
            frame = encode_frame(self._head, self._events[first : first + MAX_EVENTS])
            if len(self._cache) >= _KEPT:
                del self._cache[next(iter(self._cache))]
            self._cache[key] = frame
        return frame
