"""Responses as bytes: heads, bodies and their framing. Faults will be changes of these steps."""

from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus
from typing import Final

from playground.providers.simulator.answers import Answer, Step

_JOINED: Final = 32


def whole(status: int, body: bytes, headers: Mapping[str, str] | None = None, *, close: bool) -> Iterator[Step]:
    """JSON in one piece, at once."""
    yield 0.0, _whole(status, body, headers or {}, close=close)


def late(answer: Answer, *, close: bool) -> Iterator[Step]:
    """The answer in one piece, when the last token of its stream would have come."""
    yield answer.last_due, lambda: _whole(200, answer.whole(), {}, close=close)


def streamed(answer: Answer, *, chunked: bool, close: bool) -> Iterator[Step]:
    """The answer as server-sent events, in HTTP's chunks if `chunked`."""
    steps = _streamed(answer, chunked=chunked, close=close)
    return steps if answer.ask.script.rate else _joined(steps)


def _streamed(answer: Answer, *, chunked: bool, close: bool) -> Iterator[Step]:
    fields = {
        "content-type": "text/event-stream; charset=utf-8",
        "cache-control": "no-cache",
        **_connection(close=close),
    }
    if not chunked:
        yield 0.0, _head(200, fields)
        yield from answer.pieces()
        return
    yield 0.0, _head(200, fields | {"transfer-encoding": "chunked"})
    for due, piece in answer.pieces():
        yield due, b"%x\r\n%b\r\n" % (len(piece), piece) if isinstance(piece, bytes) else _framed_then(piece)
    yield answer.last_due, b"0\r\n\r\n"


def _framed_then(make: Callable[[], bytes]) -> Callable[[], bytes]:
    def framed() -> bytes:
        piece = make()
        return b"%x\r\n%b\r\n" % (len(piece), piece)

    return framed


def _joined(steps: Iterator[Step]) -> Iterator[Step]:
    """What goes as fast as it can goes in fewer writes: as many steps as are due together, up to 32."""
    held: list[bytes] = []
    held_due = 0.0
    for due, piece in steps:
        if held and (due != held_due or len(held) == _JOINED or not isinstance(piece, bytes)):
            yield held_due, b"".join(held)
            held.clear()
        if isinstance(piece, bytes):
            held.append(piece)
            held_due = due
        else:
            yield due, piece
    if held:
        yield held_due, b"".join(held)


def _whole(status: int, body: bytes, headers: Mapping[str, str], *, close: bool) -> bytes:
    fields = {
        "content-type": "application/json",
        "content-length": str(len(body)),
        **headers,
        **_connection(close=close),
    }
    return _head(status, fields) + body


def _connection(*, close: bool) -> dict[str, str]:
    return {"connection": "close" if close else "keep-alive"}


def _head(status: int, headers: Mapping[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} {_reason(status)}", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:  # 529, as some providers say "overloaded"
        return "Error"
