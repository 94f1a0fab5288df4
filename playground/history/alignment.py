"""Where a place in a rendered answer stands in its source, and back.

The source is Markdown, so the rendered text lacks its marks. Both are compared without white space: runs of letters
are sought in the source from where the last one was found, not far ahead; what is not found (an entity) is skipped.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from html.parser import HTMLParser
from typing import Final

_RUN: Final = re.compile(r"\w+|[^\w\s]")
_AHEAD: Final = 2_000  # characters of the source in which the next run is sought


class Alignment:
    """Of a rendered answer (`html`) with its Markdown `source`. Places in it count characters that are no space."""

    def __init__(self, html: str, source: str) -> None:
        self._at = list(_aligned(_text_of(html), source))
        self._length = len(source)

    def source_at(self, place: int) -> int | None:
        """The position in the source of the rendered character `place`, or of the last one before it that has one."""
        known = [at for at in self._at[max(0, place - 64) : place + 1] if at is not None]
        return known[-1] if known else None

    def rendered(self, start: int, end: int) -> tuple[int, int] | None:
        """The rendered characters that came from `start` to `end` of the source; None if none did."""
        places = [place for place, at in enumerate(self._at) if at is not None and start <= at < end]
        return (places[0], places[-1] + 1) if places else None


def _aligned(text: str, source: str) -> Iterator[int | None]:
    position = 0
    for match in _RUN.finditer(text):
        run = match.group()
        found = source.find(run, position, position + len(run) + _AHEAD)
        if found >= 0:
            yield from range(found, found + len(run))
            position = found + len(run)
            continue
        for character in run:  # a mark stands inside the word, or it was an entity
            found = source.find(character, position, position + 32)
            yield found if found >= 0 else None
            position = found + 1 if found >= 0 else position


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []

    def handle_data(self, data: str) -> None:
        self.parts.append(data)


def _text_of(html: str) -> str:
    parser = _Text()
    parser.feed(html)
    parser.close()
    return "".join(parser.parts)


def chunk_at(texts: Sequence[str], position: int) -> int | None:
    """Which of the consecutive texts holds the character at `position`; None past their end."""
    starts, total = [], 0
    for text in texts:
        starts.append(total)
        total += len(text)
    return bisect_right(starts, position) - 1 if 0 <= position < total else None
