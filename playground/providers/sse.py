"""Server-sent events, as the HTML standard defines them: https://html.spec.whatwg.org/multipage/server-sent-events.html

Pure: bytes in, events out. Only LF, CR and CRLF end a line: not U+2028, U+0085 or a form feed, which JSON may hold raw.
Data stays bytes: no line cuts a UTF-8 sequence that the provider did not cut itself, and JSON is parsed from bytes.
"""

from typing import Final, NamedTuple

from playground.providers.errors import TooLong

LIMIT: Final = 16 * 1024 * 1024
BOM: Final = b"\xef\xbb\xbf"


class SSEEvent(NamedTuple):
    """`end`: how many bytes of the stream were needed to know the event (of a CRLF, the CR is enough)."""

    data: bytes
    event: str
    id: str
    end: int

    @property
    def text(self) -> str:
        return self.data.decode("utf-8", "replace")


class SSEComment(NamedTuple):
    text: str
    end: int


class SSEStray(NamedTuple):
    """A line whose field the standard does not know, and ignores. Some providers put errors there."""

    line: bytes
    end: int


SSEItem = SSEEvent | SSEComment | SSEStray


class SSEDecoder:
    """Decodes one stream. `error` is set once a line, or the data of one event, is longer than `limit` bytes.

    Nothing that follows an error is decoded. Time is linear in the bytes, however they are cut. `names_alone`: whether
    an event that has a name and no data counts: the standard discards it, but some servers end their streams so.
    """

    def __init__(self, *, limit: int = LIMIT, names_alone: bool = False) -> None:
        self.error: TooLong | None = None
        self.retry: int | None = None
        self.last_event_id = ""
        self._limit = limit
        self._names_alone = names_alone
        self._position = 0
        self._pending = bytearray()  # the start of a line whose end has not come
        self._after_cr = False
        self._first_line = True
        self._event = ""
        self._data: list[bytes] = []
        self._size = 0

    def feed(self, raw: bytes) -> list[SSEItem]:
        """What `raw`, the next bytes of the stream, completes."""
        items: list[SSEItem] = []
        if self._after_cr and raw:
            self._after_cr = False
            if raw[0] == 0x0A:  # the second half of a CRLF
                self._position += 1
                raw = raw[1:]
        if not raw or self.error is not None:
            return items
        lines = raw.splitlines(keepends=True)  # of bytes: at LF, CR and CRLF, and nowhere else
        tail = b"" if lines[-1][-1] in b"\r\n" else lines.pop()
        if lines and self._pending:
            whole = bytes(self._pending) + lines[0]
            self._position -= len(self._pending)
            self._pending.clear()
            lines[0] = whole
        for line in lines:
            self._position += len(line)
            self._line(line, items)
        self._after_cr = raw.endswith(b"\r")
        self._pending += tail
        self._position += len(tail)
        if len(self._pending) > self._limit + len(BOM):
            self._fail()
        return items

    def close(self) -> list[SSEItem]:
        """The stream has ended: the event that no blank line ended. The standard discards it; a dialect may not."""
        items: list[SSEItem] = []
        if self._pending:
            line = bytes(self._pending)
            self._pending.clear()
            self._line(line, items)
        self._dispatch(self._position, items)
        return items

    def _line(self, line: bytes, items: list[SSEItem]) -> None:
        end = self._position - 1 if line.endswith(b"\r\n") else self._position
        if self._first_line:
            self._first_line = False
            line = line.removeprefix(BOM)
        line = line.rstrip(b"\r\n")
        if self.error is not None or len(line) > self._limit:
            self._fail()
        elif not line:
            self._dispatch(end, items)
        elif line.startswith(b"data:"):
            self._add(line[6:] if line[5:6] == b" " else line[5:])
        else:
            self._field(line, end, items)

    def _field(self, line: bytes, end: int, items: list[SSEItem]) -> None:
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if not name:
            items.append(SSEComment(value.decode("utf-8", "replace"), end))
        elif name == b"data":
            self._add(value)
        elif name == b"event":
            self._event = value.decode("utf-8", "replace")
        elif name == b"id":
            if b"\0" not in value:
                self.last_event_id = value.decode("utf-8", "replace")
        elif name == b"retry":
            if value.isdigit():
                self.retry = int(value[:12])
        else:
            items.append(SSEStray(line, end))

    def _add(self, value: bytes) -> None:
        self._size += len(value) + 1
        if self._size > self._limit:
            self._fail()
        else:
            self._data.append(value)

    def _dispatch(self, end: int, items: list[SSEItem]) -> None:
        data = self._data
        if data or (self._names_alone and self._event):
            joined = data[0] if len(data) == 1 else b"\n".join(data)
            items.append(SSEEvent(joined, self._event or "message", self.last_event_id, end))
            self._data = []
            self._size = 0
        self._event = ""

    def _fail(self) -> None:
        self._pending.clear()
        self._data = []
        self.error = self.error or too_long(self._limit)


def too_long(limit: int) -> TooLong:
    return TooLong(
        f"The provider sent a line longer than {limit // 2**20 or 1} MB, which is not a stream of tokens: "
        "check that the base URL and the dialect of the connection belong together."
    )
