"""Frames: consecutive events in one WebSocket message, encoded once for all viewers."""

from collections.abc import Sequence
from functools import cached_property

import orjson

from playground.recording.event_list import EventList
from playground.recording.events import Event, EventData

MAX_EVENTS = 256
MAX_BYTES = 128 * 1024
_KEPT = 8  # viewers that keep up share the newest frame; stragglers share a few older ones


class Frame:
    """`message` is the JSON, `last` the seq of its last event. What a viewer needs of it is made once for all."""

    def __init__(self, message: bytes, last: int) -> None:
        self.message = message
        self.last = last
        self.size = len(message)

    @cached_property
    def text(self) -> str:
        """The message as ASGI takes it."""
        return self.message.decode()

    @cached_property
    def wire(self) -> bytes:
        """The message as a WebSocket carries it (RFC 6455, 5.2): what a server sends is not masked, so the same bytes
        are for all viewers."""
        if self.size < 126:
            return b"\x81%c%b" % (self.size, self.message)
        if self.size < 65536:
            return b"\x81\x7e%b%b" % (self.size.to_bytes(2, "big"), self.message)
        return b"\x81\x7f%b%b" % (self.size.to_bytes(8, "big"), self.message)


def frame_head(run: str, epoch: str) -> bytes:
    """How all frames of a run's epoch begin, up to the number of their first event."""
    return orjson.dumps({"op": "frame", "run": run, "epoch": epoch})[:-1] + b',"seq":'


def encode_frame(head: bytes, events: Sequence[Event]) -> Frame:
    """Encode as many of `events` as fit into MAX_BYTES; one that is larger on its own goes alone.

    Raises:
        ValueError: `events` is empty.
    """
    if not events:
        raise ValueError("a frame holds at least one event")
    return _encoded(head, events[0].seq, [event[1:4] for event in events[:MAX_EVENTS]])


def _encoded(head: bytes, first: int, rows: Sequence[tuple[int, str, EventData]]) -> Frame:
    count = len(rows)
    while True:
        body = orjson.dumps(rows[:count])
        if len(body) <= MAX_BYTES or count == 1:
            return Frame(b'%b%d,"events":%b}' % (head, first, body), first + count - 1)
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
            frame = self._encode(first)
            if len(self._cache) >= _KEPT:
                del self._cache[next(iter(self._cache))]
            self._cache[key] = frame
        return frame

    def _encode(self, first: int) -> Frame:
        if isinstance(self._events, EventList):
            return _encoded(self._head, first, self._events.rows(first, first + MAX_EVENTS))
        return encode_frame(self._head, self._events[first : first + MAX_EVENTS])
