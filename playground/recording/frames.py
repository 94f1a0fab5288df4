"""Frames: consecutive events in one WebSocket message, encoded once for all viewers."""

from collections.abc import Sequence
from typing import NamedTuple

import orjson

from playground.recording.events import Event

MAX_EVENTS = 256
MAX_BYTES = 128 * 1024
_KEPT = 8  # viewers that keep up share the newest frame; stragglers share a few older ones


class Frame(NamedTuple):
    """`text` is the message, `size` its length in bytes, `last` the seq of its last event."""

    text: str
    size: int
    last: int


def encode_frame(run: str, epoch: str, events: Sequence[Event]) -> Frame:
    """Encode as many of `events` as fit into MAX_BYTES; one that is larger on its own goes alone.

    Raises:
        ValueError: `events` is empty.
    """
    if not events:
        raise ValueError("a frame holds at least one event")
    count = min(len(events), MAX_EVENTS)
    while True:
        body = orjson.dumps(
            {
                "op": "frame",
                "run": run,
                "epoch": epoch,
                "seq": events[0].seq,
                "events": [(e.t, e.kind, e.data) for e in events[:count]],
            }
        )
        if len(body) <= MAX_BYTES or count == 1:
            return Frame(body.decode(), len(body), events[count - 1].seq)
        count = max(1, min(count - 1, count * MAX_BYTES // len(body)))


class FrameEncoder:
    """Frames of one log. Viewers at the same position get the very same frame, encoded once."""

    def __init__(self, run: str, epoch: str, events: Sequence[Event]) -> None:
        self._run = run
        self._epoch = epoch
        self._events = events
        self._cache: dict[tuple[int, int], Frame] = {}

    def after(self, seq: int) -> Frame | None:
        """The frame that follows `seq`; None while there is nothing newer."""
        end = min(len(self._events), seq + 1 + MAX_EVENTS)
        if end <= seq + 1:
            return None
        key = (seq, end)
        frame = self._cache.get(key)
        if frame is None:
            frame = encode_frame(self._run, self._epoch, self._events[seq + 1 : end])
            if len(self._cache) >= _KEPT:
                del self._cache[next(iter(self._cache))]
            self._cache[key] = frame
        return frame
