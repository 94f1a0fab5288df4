"""The faults that the simulator can play: how providers break, one row a way.

`row` is the place in the list of known incidents that `docs/faults.md` explains; some have several faults.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from enum import Enum, auto
from typing import Final, NamedTuple

import orjson

from playground.providers.simulator import fault_steps as play
from playground.providers.simulator.fault_steps import Steps

LONGEST_WAIT_S: Final = 86_400
MOST_AT: Final = 1_000_000
MOST_BYTES: Final = 1_000_000


class Ending(Enum):
    """How the body ends."""

    IN_ORDER = auto()
    TORN = auto()  # the connection is closed in the middle of the last step
    RESET = auto()  # by a RST, as a crashed machine does
    CLOSED = auto()  # in order, and then the connection, which was to be kept


@dataclass(frozen=True, slots=True)
class Fault:
    """`does`: what the provider does, for people.

    `placed`: whether it happens at a chunk. `once`: it is played to the first attempt only, the next one gets the
    answer. `is_streamed`: whether only a stream can have it. `has_head`: whether there is an answer at all. `by_turns`:
    every write goes out alone. A header may be made at the moment that it is sent.
    """

    name: str
    row: int
    does: str
    steps: Steps = play.untouched
    placed: bool = False
    ending: Ending = Ending.IN_ORDER
    status: int = 200
    headers: Mapping[str, str | Callable[[], str]] = field(default_factory=dict)
    once: bool = False
    is_streamed: bool = True
    has_head: bool = True
    by_turns: bool = False


class PlacedFault(NamedTuple):
    """`at`: how many chunks come before it; None is the middle."""

    fault: Fault
    at: int | None


def _placed(name: str, row: int, does: str, steps: Steps, ending: Ending = Ending.IN_ORDER) -> Fault:
    return Fault(name, row, does, steps, placed=True, ending=ending)


def _refused(
    name: str, does: str, retry_after: str | Callable[[], str], status: int = 429, *, once: bool = True
) -> Fault:
    kind = {"type": "overloaded_error"} if status == 529 else {"type": "requests", "code": "rate_limit_exceeded"}
    error = {"error": {"message": "The simulator is busy, as the fault asks.", "param": None, **kind}}
    headers = {"content-type": "application/json", "retry-after": retry_after}
    return Fault(
        name, 7, does, play.once(orjson.dumps(error)), status=status, headers=headers, once=once, is_streamed=False
    )


def _error(event: str) -> Steps:
    return play.ends_with(play.says(event.encode() + b"\n\n"))


def _soon() -> str:
    """A date: HTTP's have whole seconds, so this is one to two seconds from now."""
    return formatdate(time.time() + 2, usegmt=True)


_ROWS: Final = (
    _placed("eof", 1, "ends the body in order, with no finish reason and no end marker", play.ends),
    Fault("noend", 1, "sends the whole answer and its finish reason, but no end marker", play.no_end_marker),
    _placed("cut", 2, "closes the connection in the middle of an event", play.torn, Ending.TORN),
    _placed(
        "error",
        3,
        "sends an error object in the 200, and ends",
        _error('data: {"error":{"message":"The engine failed","type":"server_error","code":null}}'),
    ),
    _placed("errorempty", 3, "sends an error object with nothing in it", _error('data: {"error":{}}')),
    _placed(
        "errorevent",
        4,
        "sends `event: error`, the message at the top level",
        _error('event: error\ndata: {"message":"The engine stopped","code":"engine_stopped"}'),
    ),
    _placed("errorblank", 5, "sends an error that is an empty text", _error('data: {"error":""}')),
    _placed(
        "overload",
        6,
        "reports in the stream that it is overloaded",
        _error('data: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}'),
    ),
    _refused("busy", "answers the first attempt with 529 and `Retry-After: 1`", "1", 529),
    _refused("waitseconds", "answers the first attempt with 429 and `Retry-After: 1`", "1"),
    _refused("waitdate", "answers the first attempt with 429 and a date 2 s ahead in `Retry-After`", _soon),
    _refused("waithuge", "answers with 429 and `Retry-After: 86400`", str(LONGEST_WAIT_S), once=False),
    _refused("waitnan", "answers the first attempt with 429 and `Retry-After: NaN`", "NaN"),
    _refused("waitnegative", "answers the first attempt with 429 and `Retry-After: -5`", "-5"),
    _placed(
        "idcomment",
        8,
        "sends a comment after an `id:` line: an event without data",
        play.inserts(play.says(b"id: 7\n: keepalive\n\n")),
    ),
    _placed(
        "keepalive", 9, "sends `data: : keepalive` between chunks", play.inserts(play.says(b"data: : keepalive\n\n"))
    ),
    _placed("split", 10, "sends the halves of a character in two reads, 50 ms apart", play.splits_a_character),
    _placed("badutf8", 11, "sends bytes that are not UTF-8 in a text", play.inserts(play.text(b"\xff\xc3("))),
    Fault("crlf", 12, "ends every line in CR LF", play.every(lambda event: event.replace(b"\n", b"\r\n"))),
    Fault("cr", 12, "ends every line in CR", play.every(lambda event: event.replace(b"\n", b"\r"))),
    Fault("crsplit", 12, "ends every line in CR LF, and cuts between the two", play.splits_line_ends, by_turns=True),
    Fault("bom", 13, "begins with a byte order mark", play.begins_with(play.BOM)),
    _placed(
        "separators",
        14,
        "sends raw U+2028, U+2029 and U+0085 in a text",
        play.inserts(play.text("\u2028\u2029\u0085".encode())),
    ),
    Fault("multiline", 15, "spreads each event over two `data:` lines", play.every(play.in_two_lines)),
    Fault(
        "nospace",
        15,
        "puts no space after `data:`",
        play.every(lambda event: event.replace(b"data: ", b"data:", 1)),
    ),
    _placed("nochoices", 16, "sends events whose `choices` are empty, null or absent", play.inserts(play.no_choices)),
    _placed("usage", 17, "sends an event with nothing but usage in mid-answer", play.inserts(play.usage)),
    Fault("roles", 18, "sends a role with a null text before every chunk", play.repeats_roles),
    _placed("filter", 19, "stops the answer by its content filter", play.ends_with(play.filtered)),
    _placed("longline", 20, "sends a line of 215 kB", play.inserts(play.long_text)),
    _placed("toolong", 20, "sends a line of 17 MB", play.inserts(play.too_long_text)),
    _placed("hugechunk", 21, "sends a chunk with 8 MB of text", play.inserts(play.huge_text)),
    _placed("stall", 22, "sends nothing more, and keeps the connection open", play.stalls),
    Fault("silent", 22, "takes the request and never answers", play.silent, has_head=False, is_streamed=False),
    _placed("comments", 23, "sends comments only, for ever", play.comments),
    Fault(
        "html",
        24,
        "answers 200 with a web page",
        play.once(play.PAGE),
        headers={"content-type": "text/html; charset=utf-8"},
        is_streamed=False,
    ),
    Fault(
        "json",
        25,
        "answers 200 with its whole answer as plain JSON",
        play.whole,
        headers={"content-type": "application/json"},
        is_streamed=False,
    ),
    Fault(
        "redirect",
        26,
        "answers 307, to another path of its own",
        play.nothing,
        status=307,
        headers={"location": "/v1/elsewhere"},
        is_streamed=False,
    ),
    Fault(
        "redirectaway",
        26,
        "answers 307, to another host",
        play.nothing,
        status=307,
        headers={"location": "http://elsewhere.invalid/v1/chat/completions"},
        is_streamed=False,
    ),
    Fault(
        "gzip", 27, "compresses the stream, which was not asked for", play.gzipped, headers={"content-encoding": "gzip"}
    ),
    Fault("brotli", 27, "says that the body is brotli", play.untouched, headers={"content-encoding": "br"}),
    Fault("bursts", 27, "holds events back and sends 16 at once, as a proxy that buffers", play.bursts),
    _placed(
        "badjson",
        28,
        "sends an event that is broken JSON, and goes on",
        play.inserts(play.says(b'data: {"choices":[{"index":0,"delta":{"content":"bro\n\n')),
    ),
    _placed("nan", 29, "sends NaN and -Infinity as numbers", play.inserts(play.no_numbers)),
    Fault("afterdone", 30, "sends more after its end marker", play.goes_on_after_the_end),
    Fault(
        "goaway",
        31,
        "closes the connection when the first attempt has been sent, and answers nothing",
        play.nothing,
        ending=Ending.CLOSED,
        once=True,
        is_streamed=False,
        has_head=False,
    ),
    Fault(
        "drain",
        31,
        "closes the connection after the answer, without having said so",
        play.untouched,
        ending=Ending.CLOSED,
    ),
    Fault("endless", 32, "goes on and on: only a client that leaves ends it", play.endless),
    _placed("reset", 33, "resets the connection (RST) in mid-answer, as a crashed machine", play.settles, Ending.RESET),
)

FAULTS: Final[Mapping[str, Fault]] = {fault.name: fault for fault in _ROWS}
HELP: Final = "fault-NAMExN: what goes wrong, at chunk N (the middle, without xN): " + ", ".join(FAULTS)
