"""Answers as HTTP/1.1 on the wire."""

from collections.abc import Iterator, Mapping
from typing import Final

from playground.mock.answer import Answer
from playground.mock.dialects import reason
from playground.mock.schedule import Action
from playground.providers.simulator.steps import Step

_LAST_CHUNK: Final = b"0\r\n\r\n"


def framed(answer: Answer, *, close: bool, chunked: bool = True) -> Iterator[Step]:
    """The writes of a connection, due in seconds. After a cut nothing ends the body but the end of the connection.

    The writer closes the connection after the last one, if `close` says so.
    """
    fields = {**answer.headers, "connection": "close" if close else "keep-alive"}
    if chunked:
        fields["transfer-encoding"] = "chunked"
    yield answer.head_at / 1e6, _head(answer.status, fields)
    for due, raw in answer.steps:
        if raw is Action.CUT:
            yield due / 1e6, b""
        elif raw is Action.END:
            yield due / 1e6, _LAST_CHUNK if chunked else b""
        elif raw:
            yield due / 1e6, b"%x\r\n%b\r\n" % (len(raw), raw) if chunked else raw


def _head(status: int, headers: Mapping[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} {reason(status)}", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
