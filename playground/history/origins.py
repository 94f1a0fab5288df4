"""Where an event came from: the network reads that hold its bytes, and which of their bytes are its own."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from playground.history.parts import PartOfEvents
from playground.recording.events import FIRST_BYTE, Event
from playground.recording.log import Read
from playground.runs.reader import RecordedLog

ROW: Final = 8  # bytes in a row of a dump
_AROUND: Final = 3  # rows of a dump before and after an event's own
_MOST_ROWS: Final = 160
_BLANK_LINE: Final = re.compile(rb"(?:\r\n|\r|\n)(?:\r\n|\r|\n)+")  # ends an event of a stream


class PlacedRead(NamedTuple):
    """`number` counts from 1; `start` is where its first byte stands in the run's raw bytes."""

    number: int
    t: int
    start: int
    raw: bytes

    @property
    def end(self) -> int:
        return self.start + len(self.raw)


class Span(NamedTuple):
    """Of the run's raw bytes."""

    start: int
    end: int


class Origin(NamedTuple):
    """`shares`: the seqs of all events whose last byte is in the last of `reads`, the event itself among them."""

    span: Span
    reads: Sequence[PlacedRead]
    shares: Sequence[int]

    @property
    def read(self) -> PlacedRead:
        return self.reads[-1]

    @property
    def raw(self) -> bytes:
        first = self.reads[0].start
        joined = b"".join(read.raw for read in self.reads)
        return joined[self.span.start - first : self.span.end - first]


class Cell(NamedTuple):
    """One byte of a dump."""

    hex: str
    text: str
    is_own: bool


class DumpRow(NamedTuple):
    """`at`: where its first byte stands in the read."""

    at: str
    cells: Sequence[Cell]


def placed(reads: Sequence[Read], reads_before: int = 0, bytes_before: int = 0) -> list[PlacedRead]:
    found, start = [], bytes_before
    for number, read in enumerate(reads, reads_before + 1):
        found.append(PlacedRead(number, read.t, start, read.raw))
        start += len(read.raw)
    return found


def placed_of(log: RecordedLog) -> list[PlacedRead]:
    """The reads of a run, or those that the events of a part of it came from."""
    part = log.events
    if not isinstance(part, PartOfEvents):
        return placed(log.reads())
    begin, end = part.begin, part.end
    found = placed(*log.reads_of(part.first, part.last))
    return [read for read in found if read.end > begin and read.start < end]


def spans(events: Sequence[Event]) -> dict[int, Span]:
    """The bytes of each event that bytes caused, by its seq: from the end of the event before to its own end.

    Events that the same bytes caused share them. That a first byte came says nothing of where its message ends.
    """
    found: dict[int, Span] = {}
    end = start = events.begin if isinstance(events, PartOfEvents) else 0
    for event in events:
        if event.offset <= 0 or event.kind == FIRST_BYTE:
            continue
        if event.offset > end:
            start, end = end, event.offset
        found[event.seq] = Span(start, event.offset)
    return found


def origin(events: Sequence[Event], reads: Sequence[PlacedRead], seq: int) -> Origin | None:
    """None for an event that no byte caused, or whose bytes are not kept any more."""
    by_seq = spans(events)
    span = by_seq.get(seq)
    if span is None or not reads or span.start < reads[0].start or span.end > reads[-1].end:
        return None
    first = bisect_right([read.start for read in reads], span.start) - 1
    last = bisect_left([read.end for read in reads], span.end)
    read = reads[last]
    joined = b"".join(part.raw for part in reads[first : last + 1])
    own = joined[span.start - reads[first].start : span.end - reads[first].start]
    span = Span(span.start + _unused(own), span.end)
    first = bisect_right([read.start for read in reads], span.start) - 1
    shares = [other for other, its in by_seq.items() if read.start < its.end <= read.end]
    return Origin(span, reads[first : last + 1], shares)


def _unused(raw: bytes) -> int:
    """How many of the bytes before an event's end belong to messages before its own, of which no event came."""
    blanks = [blank.end() for blank in _BLANK_LINE.finditer(raw, 0, len(raw.rstrip(b"\r\n")))]
    return blanks[-1] if blanks else 0


def dump(read: PlacedRead, span: Span) -> tuple[list[DumpRow], int]:
    """The rows around the span's bytes in the read, and how many bytes of the read are not among them."""
    own = range(max(span.start - read.start, 0), min(span.end - read.start, len(read.raw)))
    first = max(0, own.start // ROW - _AROUND)
    last = min(-(-len(read.raw) // ROW), own.stop // ROW + 1 + _AROUND, first + _MOST_ROWS)
    rows = [_row(read.raw, number * ROW, own) for number in range(first, last)]
    return rows, len(read.raw) - sum(len(row.cells) for row in rows)


def _row(raw: bytes, at: int, own: range) -> DumpRow:
    part = raw[at : at + ROW]
    cells = [Cell(f"{byte:02x}", _shown(byte), at + index in own) for index, byte in enumerate(part)]
    return DumpRow(f"{at:04x}", cells)


def _shown(byte: int) -> str:
    return chr(byte) if 0x20 <= byte < 0x7F else "·"


class Piece(NamedTuple):
    """A part of a read; `seq` is the last event that its bytes caused, None for bytes of which none came."""

    seq: int | None
    kind: str
    raw: bytes


def pieces(events: Sequence[Event], read: PlacedRead) -> Iterator[Piece]:
    """A read cut where its events end. Where bytes caused several events, the last one that is a chunk names them."""
    ends: dict[int, Event] = {}
    for event in events:
        if read.start < event.offset <= read.end and event.kind != FIRST_BYTE:
            known = ends.get(event.offset)
            if known is None or known.kind != "chunk":
                ends[event.offset] = event
    at = read.start
    for end in sorted(ends):
        raw = read.raw[at - read.start : end - read.start]
        unused = _unused(raw)
        if unused:
            yield Piece(None, "", raw[:unused])
        yield Piece(ends[end].seq, ends[end].kind, raw[unused:])
        at = end
    if at < read.end:
        yield Piece(None, "", read.raw[at - read.start :])
