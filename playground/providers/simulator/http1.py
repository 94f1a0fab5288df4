"""HTTP/1.1 requests, read from bytes. No I/O."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

MAX_HEAD: Final = 64 * 1024
MAX_BODY: Final = 8 * 1024 * 1024
_MAX_CHUNK_LINE: Final = 1024


@dataclass(frozen=True, slots=True)
class Request:
    """`headers` has lower-case names; of a repeated header the last value counts. `path` is without its query."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    keep_alive: bool
    chunked_ok: bool


class Refused(Exception):
    """The bytes are no request that can be answered: say so with this status, then close."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass(frozen=True, slots=True)
class _Head:
    method: str
    path: str
    version: str
    headers: dict[str, str]

    @property
    def chunked(self) -> bool:
        return "transfer-encoding" in self.headers

    @property
    def keep_alive(self) -> bool:
        wish = self.headers.get("connection", "").lower()
        return "close" not in wish if self.version == "HTTP/1.1" else "keep-alive" in wish


class RequestReader:
    """Collects bytes and hands out whole requests, also several that came in one read."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._head: _Head | None = None
        self._chunks = bytearray()
        self._in_trailers = False

    def feed(self, data: bytes) -> None:
        """Raises `Refused` (413) when more is waiting than one request may hold, as from a client that pipelines."""
        self._buffer += data
        if len(self._buffer) > MAX_HEAD + MAX_BODY:
            raise Refused(413, f"The request is larger than {MAX_BODY} bytes.")

    def take_continue(self) -> bool:
        """Whether the client waits for "100 Continue" before it sends the body; true once a request."""
        waits = self._head is not None and self._head.headers.pop("expect", "").lower() == "100-continue"
        return waits and not self._buffer

    def next_request(self) -> Request | None:
        """The next whole request, None while its bytes are not all here. Raises `Refused`."""
        if self._head is None and not self._read_head():
            return None
        head = self._head
        assert head is not None  # noqa: S101
        body = self._read_chunked() if head.chunked else self._read_sized(head)
        if body is None:
            return None
        self._head = None
        return Request(head.method, head.path, head.headers, body, head.keep_alive, head.version == "HTTP/1.1")

    def _read_head(self) -> bool:
        while self._buffer.startswith(b"\r\n"):  # RFC 9112 §2.2: ignore empty lines before a request line
            del self._buffer[:2]
        end = self._buffer.find(b"\r\n\r\n")
        if end > MAX_HEAD or (end < 0 and len(self._buffer) > MAX_HEAD):
            raise Refused(431, f"The request's head is larger than {MAX_HEAD} bytes.")
        if end < 0:
            return False
        lines = self._buffer[:end].decode("latin-1").split("\r\n")
        del self._buffer[: end + 4]
        self._head = _parse_head(lines)
        return True

    def _read_sized(self, head: _Head) -> bytes | None:
        size = int(head.headers.get("content-length", "0"))
        if len(self._buffer) < size:
            return None
        body = bytes(self._buffer[:size])
        del self._buffer[:size]
        return body

    def _read_chunked(self) -> bytes | None:
        while True:
            end = self._buffer.find(b"\r\n")
            if end > _MAX_CHUNK_LINE or (end < 0 and len(self._buffer) > _MAX_CHUNK_LINE):
                raise Refused(400, "A line of the chunked body is too long.")
            if end < 0:
                return None
            if self._in_trailers:
                del self._buffer[: end + 2]
                if end == 0:
                    return self._end_chunked()
                continue
            size = _chunk_size(bytes(self._buffer[:end]))
            if len(self._chunks) + size > MAX_BODY:
                raise Refused(413, f"The request's body is larger than {MAX_BODY} bytes.")
            if size == 0:
                del self._buffer[: end + 2]
                self._in_trailers = True
                continue
            if len(self._buffer) < end + 2 + size + 2:
                return None
            if self._buffer[end + 2 + size : end + 4 + size] != b"\r\n":
                raise Refused(400, "A chunk of the body does not end where it says.")
            self._chunks += self._buffer[end + 2 : end + 2 + size]
            del self._buffer[: end + 4 + size]

    def _end_chunked(self) -> bytes:
        body = bytes(self._chunks)
        self._chunks.clear()
        self._in_trailers = False
        return body


def _parse_head(lines: list[str]) -> _Head:
    words = lines[0].split(" ")
    if len(words) != 3 or words[2] not in {"HTTP/1.1", "HTTP/1.0"}:
        raise Refused(400, "The request line is not one of HTTP/1.1.")
    headers: dict[str, str] = {}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip():
            raise Refused(400, "A header line is malformed.")
        name = name.lower()
        if name == "content-length" and headers.get(name, value.strip()) != value.strip():
            raise Refused(400, "Content-Length is given twice.")
        headers[name] = value.strip()
    _check_framing(headers)
    return _Head(words[0], words[1].partition("?")[0], words[2], headers)


def _check_framing(headers: Mapping[str, str]) -> None:
    length = headers.get("content-length")
    coding = headers.get("transfer-encoding")
    if coding is not None:
        if length is not None:
            raise Refused(400, "Content-Length and Transfer-Encoding cannot be sent together.")
        if coding.lower() != "chunked":
            raise Refused(501, "Only the transfer coding chunked is known here.")
    elif length is not None:
        if not (length.isascii() and length.isdigit()):
            raise Refused(400, "Content-Length must be a number.")
        if len(length) > 18 or int(length) > MAX_BODY:
            raise Refused(413, f"The request's body is larger than {MAX_BODY} bytes.")


def _chunk_size(line: bytes) -> int:
    digits = line.partition(b";")[0].strip()
    if not digits or len(digits) > 16 or digits.strip(b"0123456789abcdefABCDEF"):
        raise Refused(400, "A chunk's size is not a hexadecimal number.")
    return int(digits, 16)
