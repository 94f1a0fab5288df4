"""The elements of one JSON array, as it streams. Pure: bytes in, elements out, however the bytes are cut."""

import re
from typing import Final, NamedTuple

from playground.providers.errors import TooLong
from playground.providers.sse import LIMIT, too_long

_MARKS: Final = re.compile(rb'["{}\[\]]')
_MARKS_IN_STRING: Final = re.compile(rb'["\\]')


class Element(NamedTuple):
    """`end`: how many bytes of the stream there are up to the end of the element."""

    data: bytes
    end: int


class JSONArrayDecoder:
    """Gives the objects and lists that are the array's elements; what else it may hold is passed over.

    `count`: how many there were. `error` is set once an element is longer than `limit` bytes; what follows it is not
    decoded.
    """

    def __init__(self, *, limit: int = LIMIT) -> None:
        self.error: TooLong | None = None
        self.count = 0
        self._limit = limit
        self._position = 0
        self._depth = 0
        self._in_string = self._escaped = False
        self._element = bytearray()  # of the element that has begun, what came before

    def feed(self, raw: bytes) -> list[Element]:
        """The elements that `raw`, the next bytes of the array, completes."""
        found: list[Element] = []
        if self.error is not None or not raw:
            return found
        start = 0  # of the open element, in `raw`
        at = int(self._escaped)
        self._escaped = False
        while match := (_MARKS_IN_STRING if self._in_string else _MARKS).search(raw, at):
            at = match.end()
            mark = match[0]
            if mark == b"\\":
                self._escaped = at == len(raw)
                at += 1
            elif mark == b'"':
                self._in_string = not self._in_string
            elif mark in b"{[":
                self._depth += 1
                start = match.start() if self._depth == 2 else start
            else:
                self._depth -= 1
                if self._depth == 1:
                    found.append(Element(bytes(self._element) + raw[start:at], self._position + at))
                    self._element.clear()
                    self.count += 1
        if self._depth > 1:
            self._element += raw[start:]
        self._position += len(raw)
        if len(self._element) > self._limit:
            self._element.clear()
            self.error = too_long(self._limit)
        return found
