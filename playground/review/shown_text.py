"""From a place in a text as a page shows it to the place in the text as it is stored, and back.

A page shows an answer rendered from Markdown, and browsers lay out white space in their own ways. So browsers count
*marks*: the code points of what is shown that are not ASCII white space. Stored spans count all code points.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from typing import Final, NamedTuple

from playground.markdown import Piece, pieces
from playground.recording.redaction import Span

_BLANK: Final = frozenset("\t\n\v\f\r ")


class Marks(NamedTuple):
    """A span of what is shown, in marks; `end` excluded."""

    start: int
    end: int


class ShownText:
    """Where each mark of a text comes from."""

    def __init__(self, text: str, parts: Iterable[Piece]) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        shown: list[str] = []
        at = 0
        for part in parts:
            found = text.find(part.written, max(at, part.line_start)) if part.written else -1
            as_written = part.shown == part.written
            for index, mark in enumerate(part.shown):
                if mark in _BLANK:
                    continue
                shown.append(mark)
                start = at if found < 0 else found + index * as_written
                end = at if found < 0 else start + 1 if as_written else found + len(part.written)
                self._starts.append(start)
                self._ends.append(end)
            if found >= 0:
                at = found + len(part.written)
        self._shown = "".join(shown)

    @classmethod
    def of_markdown(cls, text: str) -> "ShownText":
        return cls(text, pieces(text))

    @classmethod
    def verbatim(cls, text: str) -> "ShownText":
        return cls(text, [Piece(text, text, 0)])

    @property
    def marks(self) -> str:
        return self._shown

    def locate(self, quote: str, near: int) -> Span | None:
        """Where the text says `quote`, which a reader selected at about the mark `near`; None if it does not."""
        wanted = "".join(mark for mark in quote if mark not in _BLANK)
        start = _nearest(self._shown, wanted, near) if wanted else -1
        if start < 0:
            return None
        span = Span(self._starts[start], self._ends[start + len(wanted) - 1])
        return span if span.start < span.end else None

    def place(self, span: Span) -> Marks | None:
        """Where a reader sees a stored span; None if nothing of it is shown."""
        first = bisect_right(self._ends, span.start)
        after = bisect_left(self._starts, span.end)
        return Marks(first, after) if first < after else None


def _nearest(text: str, wanted: str, near: int) -> int:
    """The occurrence whose start is nearest to `near`; -1 if there is none."""
    before = text.rfind(wanted, 0, max(near, 0) + len(wanted))
    after = text.find(wanted, max(near, 0))
    if before < 0 or after < 0:
        return max(before, after)
    return before if near - before <= after - near else after
