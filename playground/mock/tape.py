"""A recorded answer as the bytes to send: when each came, which of them are a chunk, and how it ended.

Two ways lead to one: `exact`, the network reads of the run's last attempt as they came, and `mock.encoded`, its events
in the words of OpenAI's API.
"""

import bisect
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from playground.providers.dialects import DIALECTS
from playground.providers.request import GenerationRequest
from playground.providers.sse import BOM, SSEComment, SSEDecoder, SSEEvent
from playground.recording.events import ATTEMPT_STARTED, CHUNK, FIRST_BYTE, RESPONSE_HEADERS, RUN_ENDED, Event
from playground.recording.log import Read

_OF_LINES: Final = re.compile(r"ndjson|jsonl|jsonlines")
_LINE: Final = re.compile(rb"[^\n]+(?:\n\s*|\Z)")
_BLANK: Final = re.compile(rb"[\r\n]*")
# Errors after which the provider's side of the connection was not closed in order, or nobody saw it.
_BROKEN_OFF: Final = frozenset(
    {"connection_lost", "connection_reset", "between_chunks_timeout", "first_chunk_timeout", "total_timeout"}
)
_BROKEN_STATUSES: Final = frozenset({"cancelled", "interrupted"})


class Piece(NamedTuple):
    """Bytes that came together: `t` in µs since the run began, `at` where they begin in the body as recorded."""

    t: int
    at: int
    raw: bytes


class Block(NamedTuple):
    """The bytes from `start` to `end` of the body: what a chunk came in."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Body:
    """`chunks`: the block of each chunk; several may share one. `marker`: where the end marker begins.

    `ends_at` in µs since the run began; with `is_cut` the connection breaks off then, instead of ending in order.
    """

    dialect: str
    pieces: Sequence[Piece]
    chunks: Sequence[Block]
    marker: int
    ends_at: int
    is_cut: bool
    is_streamed: bool

    @property
    def raw(self) -> bytes:
        return b"".join(piece.raw for piece in self.pieces)


class Attempt:
    """The last attempt of a recording: what its answer was made of. `status` None: no answer began.

    The recording may be of a file that anybody wrote.
    """

    def __init__(self, events: Sequence[Event], reads: Sequence[Read]) -> None:
        begun = [seq for seq, event in enumerate(events) if event.kind == ATTEMPT_STARTED]
        self.events = events[begun[-1] :] if begun else events
        self._reads = reads
        self._only = len(begun) <= 1
        self.run_started = events[0].data if events and not isinstance(events[0].data, str) else {}
        head = next((event for event in self.events if event.kind == RESPONSE_HEADERS), None)
        data: Mapping[str, Any] = head.data if head is not None and not isinstance(head.data, str) else {}
        self.head_at = head.t if head is not None else self.events[0].t if self.events else 0
        self.headers: Mapping[str, str] = data.get("headers") or {}
        self.chunks = [event for event in self.events if event.kind == CHUNK]
        status = data.get("status") or (200 if self.chunks else None)
        self.status = None if status is None else status if 200 <= status <= 599 else 502
        ended = self.events[-1] if self.events and self.events[-1].kind == RUN_ENDED else None
        self.end: Mapping[str, Any] = ended.data if ended is not None and not isinstance(ended.data, str) else {}
        self.ended_at = self.events[-1].t if self.events else 0

    @property
    def dialect(self) -> str:
        return str(self.run_started.get("dialect", ""))

    @property
    def error(self) -> Mapping[str, Any]:
        """`{code, message}` of the failure that ended the run, or nothing."""
        return self.end.get("error") or {}

    @property
    def is_cut(self) -> bool:
        """Whether the answer broke off, rather than ended."""
        return self.error.get("code") in _BROKEN_OFF or self.end.get("status") in _BROKEN_STATUSES

    def reads(self) -> Iterator[Piece]:
        """The bytes of this attempt; `at` counts from its first."""
        first = next((event for event in self.events if event.kind == FIRST_BYTE), None)
        if first is None and not self._only:
            return
        at = -(max(first.offset - 1, 0) if first is not None else 0)
        for t, raw in self._reads:
            mine = raw if at >= 0 else raw[-at:]
            if mine:
                yield Piece(t, max(at, 0), mine)
            at += len(raw)

    @property
    def start(self) -> int:
        """Where its bytes begin among those of all attempts."""
        return next((max(event.offset - 1, 0) for event in self.events if event.kind == FIRST_BYTE), 0)


def exact(attempt: Attempt) -> Body | None:
    """The reads as they came; None where they are not kept, or do not tell where the chunks are."""
    pieces = list(attempt.reads())
    raw = b"".join(piece.raw for piece in pieces)
    if not raw or any(event.offset < 0 for event in attempt.chunks):
        return None
    blocks, is_streamed = _blocks(raw, attempt.headers.get("content-type", ""))
    ends = [block.end for block in blocks]
    places = [bisect.bisect_left(ends, event.offset - attempt.start) for event in attempt.chunks]
    return Body(
        dialect=attempt.dialect,
        pieces=pieces,
        chunks=[blocks[min(place, len(blocks) - 1)] for place in places],
        marker=_marker(attempt.dialect, raw, blocks) if is_streamed else len(raw),
        ends_at=max(pieces[-1].t, attempt.ended_at if attempt.error else 0),
        is_cut=attempt.is_cut,
        is_streamed=is_streamed,
    )


def _blocks(raw: bytes, content_type: str) -> tuple[list[Block], bool]:
    """The events or lines that a body is made of, and whether it is a stream at all."""
    begin = raw.removeprefix(BOM).lstrip()[:1]
    if begin in (b"{", b"["):
        lines = [match.end() for match in _LINE.finditer(raw)]
        is_stream = bool(_OF_LINES.search(content_type)) or (len(lines) > 1 and _has_an_object_a_line(raw))
        return (_between(lines, len(raw)), True) if is_stream else ([Block(0, len(raw))], False)
    if begin == b"<":
        return [Block(0, len(raw))], False
    decoder = SSEDecoder()
    ends = [0]
    for item in (*decoder.feed(raw), *decoder.close()):
        # A comment stands for itself, unless it is in the middle of an event.
        if type(item) is SSEEvent or (type(item) is SSEComment and raw.startswith(b":", ends[-1])):
            blank = _BLANK.match(raw, item.end)
            ends.append(blank.end() if blank else item.end)
    return _between(ends[1:], len(raw)), True


def _has_an_object_a_line(raw: bytes) -> bool:
    return all(line[:1] == b"{" and line[-1:] == b"}" for line in map(bytes.strip, raw.splitlines()) if line)


def _between(ends: Sequence[int], length: int) -> list[Block]:
    starts = [0, *ends]
    blocks = [Block(start, end) for start, end in zip(starts, ends, strict=False)]
    if not blocks or blocks[-1].end < length:
        blocks.append(Block(starts[-1], length))
    return blocks


def _marker(dialect: str, raw: bytes, blocks: Sequence[Block]) -> int:
    """Where the block begins with which the dialect takes the answer for complete; without one, the last block."""
    if dialect not in DIALECTS:
        return blocks[-1].start
    parser = DIALECTS[dialect].parser(GenerationRequest(model="", messages=()))
    for block in blocks:
        parser.feed(raw[block.start : block.end])
        if parser.done:
            return block.start
        if parser.error is not None:
            return len(raw)
    parser.close()
    return blocks[-1].start if parser.done else len(raw)
