"""Newline-delimited JSON (https://github.com/ndjson/ndjson-spec): one JSON text a line, as Ollama streams it.

Pure: bytes in, lines out. Only LF ends a line; a CR before it is JSON's white space, and so is a blank line.
"""

from typing import NamedTuple

from playground.providers.errors import TooLong
from playground.providers.sse import BOM, LIMIT, too_long


class NDJSONLine(NamedTuple):
    """`end`: how many bytes of the stream there are up to the end of the line."""

    data: bytes
    end: int


class NDJSONDecoder:
    """Decodes one stream. `error` is set once a line is longer than `limit` bytes; nothing after it is decoded."""

    def __init__(self, *, limit: int = LIMIT) -> None:
        self.error: TooLong | None = None
        self._limit = limit
        self._position = 0
        self._pending = bytearray()
        self._first_line = True

    def feed(self, raw: bytes) -> list[NDJSONLine]:
        """The lines that `raw`, the next bytes of the stream, completes."""
        items: list[NDJSONLine] = []
        if self.error is not None:
            return items
        *lines, tail = raw.split(b"\n")
        for line in lines:
            self._position += len(line) + 1
            self._pending += line
            self._take(items)
        self._position += len(tail)
        self._pending += tail
        if len(self._pending) > self._limit + len(BOM):
            self._fail()
        return items

    def close(self) -> list[NDJSONLine]:
        """The stream has ended: its last line, if no LF ended it."""
        items: list[NDJSONLine] = []
        self._take(items)
        return items

    def _take(self, items: list[NDJSONLine]) -> None:
        line = bytes(self._pending)
        self._pending.clear()
        if self._first_line:
            self._first_line = False
            line = line.removeprefix(BOM)
        if self.error is not None or len(line) > self._limit:
            self._fail()
        elif line := line.strip(b" \t\r"):
            items.append(NDJSONLine(line, self._position))

    def _fail(self) -> None:
        self._pending.clear()
        self.error = self.error or too_long(self._limit)
