"""Responses as bytes: heads, bodies and their framing."""

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Final

from playground.providers.simulator.answers import Answer
from playground.providers.simulator.faults import Ending, PlacedFault
from playground.providers.simulator.steps import Scene, Step, changed

_JOINED: Final = 32
_CUT_MOST: Final = 32 * 1024  # writes of one step; the rest of a very long line would take minutes
_LAST_CHUNK: Final = b"0\r\n\r\n"


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
    yield 0.0, _head(200, _stream_fields(chunked=chunked, close=close))
    if not chunked:
        yield from answer.pieces()
        return
    yield from map(_framed, answer.pieces())
    yield answer.last_due, _LAST_CHUNK


def faulty(answer: Answer, placed: PlacedFault, *, chunked: bool, close: bool) -> Iterator[Step]:
    """A streamed answer in which something goes wrong."""
    fault = placed.fault
    steps = fault.steps(Scene.of(answer, placed.at))
    if not fault.has_head:
        yield from steps
        return
    made = {name: value if isinstance(value, str) else value() for name, value in fault.headers.items()}
    yield 0.0, _head(fault.status, _stream_fields(chunked=chunked, close=close) | made)
    last: Step = (0.0, b"")
    for step in map(_framed, steps) if chunked else steps:
        yield last
        last = step
    if fault.ending is Ending.TORN:
        yield changed(last, lambda raw: raw[: len(raw) // 2])
        return
    yield last
    if chunked and fault.ending is not Ending.RESET:
        yield last[0], _LAST_CHUNK


def cut_up(steps: Iterator[Step], size: int) -> Iterator[Step]:
    """The same bytes, `size` a write; of what takes more than `_CUT_MOST` writes the rest goes in one."""
    for due, piece in steps:
        if isinstance(piece, bytes):
            raw = piece
        else:
            yield due, b""  # what is made as it goes out is made then
            raw = piece()
        cut = min(max(len(raw), 1), size * _CUT_MOST)
        for start in range(0, cut, size):
            yield due, raw[start : start + size]
        if cut < len(raw):
            yield due, raw[cut:]


def _stream_fields(*, chunked: bool, close: bool) -> dict[str, str]:
    fields = {
        "content-type": "text/event-stream; charset=utf-8",
        "cache-control": "no-cache",
        **_connection(close=close),
    }
    return fields | {"transfer-encoding": "chunked"} if chunked else fields


def _framed(step: Step) -> Step:
    due, piece = step
    return (due, _chunk(piece)) if isinstance(piece, bytes) else changed(step, _chunk)


def _chunk(piece: bytes) -> bytes:
    """As one of HTTP's chunks; no bytes are none, since an empty one would end the body."""
    return b"%x\r\n%b\r\n" % (len(piece), piece) if piece else b""


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
