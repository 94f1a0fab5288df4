"""An answer character by character: one cell a grapheme, one row a line, and where each chunk began."""

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

import regex
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from playground.history.answer import attempt_of
from playground.recording.events import CHUNK, Event, chunk_text

PAGE: Final = 2_000

_GRAPHEME: Final = regex.compile(r"\X")
_NEW_LINES: Final = frozenset({"\n", "\r\n", "\r", "\x85", "\u2028", "\u2029"})
_HIDDEN: Final = frozenset({"Cc", "Cf", "Zl", "Zp", "Co", "Cn", "Cs"})


def chunk_texts(events: Sequence[Event]) -> list[str]:
    """The answer text of the last attempt's first choice, cut as the provider cut it."""
    chunks = [e for e in events if e.kind == CHUNK]
    last = max((attempt_of(e) for e in chunks), default=1)
    return [text for e in chunks if attempt_of(e) == last and (text := chunk_text(e))]


def first_characters(chunks: Sequence[str], most: int) -> list[str]:
    """The chunks that hold the first characters of the text, the last of them cut where those end."""
    first = []
    for chunk in chunks:
        if most <= 0:
            break
        first.append(chunk[:most])
        most -= len(chunk)
    return first


def render_characters(chunks: Sequence[str], start: int = 0, limit: int = PAGE) -> tuple[SafeString, int]:
    """Graphemes `start` to `start + limit` as list items, one a line, and how many graphemes there are in all.

    A line is numbered in the whole text. A grapheme whose code points came in several chunks is one cell, and begins
    where the first of them came.
    """
    text = "".join(chunks)
    begins = _begins(chunks)
    lines: list[str] = []
    cells: list[str] = []
    number = 1
    count = 0
    for count, match in enumerate(_GRAPHEME.finditer(text), 1):
        grapheme = match.group()
        shown = start < count <= start + limit
        if shown:
            cells.append(_cell(grapheme, begins_chunk=not begins.isdisjoint(range(*match.span()))))
        if grapheme in _NEW_LINES:
            if shown:
                lines.append(_line(number, cells))
                cells = []
            number += 1
    if cells:
        lines.append(_line(number, cells))
    return mark_safe("\n".join(lines)), count  # noqa: S308  (each cell is escaped)


def _begins(chunks: Sequence[str]) -> set[int]:
    positions = set()
    position = 0
    for chunk in chunks:
        positions.add(position)
        position += len(chunk)
    return positions


def _line(number: int, cells: Sequence[str]) -> str:
    return f'<li class="characters__line" value="{number}">{"".join(cells)}</li>'


def _cell(grapheme: str, *, begins_chunk: bool) -> str:
    classes = "character character--first" if begins_chunk else "character"
    if grapheme in _NEW_LINES:
        return f'<span class="{classes} character--newline" title="{_names(grapheme)}">↵</span>'
    if grapheme.isspace():
        return f'<span class="{classes} character--space" title="{_names(grapheme)}">{escape(grapheme)}</span>'
    if len(grapheme) == 1 and unicodedata.category(grapheme) in _HIDDEN:
        return f'<span class="{classes} character--hidden" title="{_names(grapheme)}">{_code(grapheme)}</span>'
    if len(grapheme) > 1:
        return f'<span class="{classes}" title="{_names(grapheme)}">{escape(grapheme)}</span>'
    return f'<span class="{classes}">{escape(grapheme)}</span>'


def _code(character: str) -> str:
    return f"U+{ord(character):04X}"


def _names(grapheme: str) -> str:
    """For example "U+000A", "U+200D ZERO WIDTH JOINER"; at most eight code points of one grapheme."""
    names = [f"{_code(c)} {unicodedata.name(c, '')}".strip() for c in grapheme[:8]]
    return escape(re.sub(r"\s+", " ", " + ".join(names)) + (" …" if len(grapheme) > 8 else ""))
