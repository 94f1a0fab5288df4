"""The network reads of a run as rows: when each came, and its bytes cut where events end."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from playground.history.event_rows import shown_bytes
from playground.history.origins import PlacedRead, pieces
from playground.recording.events import Event
from playground.recording.units import duration, size

READS: Final = 50  # on a page
_PIECE: Final = 4_096  # bytes shown of a piece


class ShownPiece(NamedTuple):
    seq: int | None
    kind: str
    text: str
    is_current: bool


class ReadRow(NamedTuple):
    read: PlacedRead
    size: str
    time: str
    pieces: Sequence[ShownPiece]


def read_page(events: Sequence[Event], reads: Sequence[PlacedRead], first: int, chosen: int | None) -> list[ReadRow]:
    """The reads from index `first` on. `chosen`: the seq whose piece is marked, the last one of its bytes."""
    end = events[chosen].offset if chosen is not None else -1
    return [_row(events, read, end) for read in reads[first : first + READS]]


def _row(events: Sequence[Event], read: PlacedRead, end: int) -> ReadRow:
    shown, at = [], read.start
    for piece in pieces(events, read):
        is_current = at < end <= at + len(piece.raw)
        at += len(piece.raw)
        text = shown_bytes(piece.raw[:_PIECE]) + ("…" if len(piece.raw) > _PIECE else "")
        shown.append(ShownPiece(piece.seq, piece.kind.partition(".")[0], text, is_current))
    return ReadRow(read, size(len(read.raw)), duration(read.t), shown)
