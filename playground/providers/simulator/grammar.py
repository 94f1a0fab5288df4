"""The names of the simulated models: `sim` and any of the parts below, each at most once, in any order.

A part is a row of `PARTS`: how it is written, what it changes in the script, and its line in the help.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from playground.providers.simulator import faults
from playground.providers.simulator.faults import FAULTS, PlacedFault

MAX_TOKENS: Final = 1_000_000
MAX_RATE: Final = 100_000
MAX_DELAY_MS: Final = 3_600_000


@dataclass(frozen=True, slots=True)
class Refusal:
    """The first `attempts` attempts of a request (None: all of them) are answered with this HTTP status."""

    status: int
    attempts: int | None
    retry_after: int


@dataclass(frozen=True, slots=True)
class Pause:
    """Nothing comes for `seconds` after token number `after` (None: after half of them)."""

    seconds: float
    after: int | None


@dataclass(frozen=True, slots=True)
class Script:
    """What a simulated model does. `rate` is in tokens a second, 0 for as fast as it can; `delay` is in seconds.

    `bytes`: how many go into one write; 0 is a whole event.
    """

    text: Literal["en", "zh", "mixed", "clock"] = "mixed"
    tokens: int = 256
    rate: int = 50
    delay: float = 0.1
    whole: bool = False
    refusal: Refusal | None = None
    pause: Pause | None = None
    fault: PlacedFault | None = None
    bytes: int = 0

    def due(self, index: int) -> float:
        """When token `index` goes out, in seconds after the request."""
        due = self.delay + (index / self.rate if self.rate else 0.0)
        pause = self.pause
        if pause is not None and index >= (self.tokens // 2 if pause.after is None else pause.after):
            due += pause.seconds
        return due


@dataclass(frozen=True, slots=True)
class Part:
    pattern: re.Pattern[str]
    change: Callable[[re.Match[str]], dict[str, Any]]
    help: str


class UnknownModel(Exception):
    """The name is not one of the grammar's. Its text says why, and where to read how names are made."""


class _OutOfRange(Exception):
    """Its text says what is wrong with a part."""


def _number(text: str, what: str, most: int, least: int = 0) -> int:
    # The length is checked first: int() refuses very long digit strings with an error of its own.
    if len(text) > 12 or not least <= int(text) <= most:
        raise _OutOfRange(f"{what} must be from {least} to {most}")
    return int(text)


def _refusal(match: re.Match[str]) -> dict[str, Any]:
    return {
        "refusal": Refusal(
            status=_number(match["status"], "e", 599, least=400),
            attempts=_number(match["times"], "x", 1000, least=1) if match["times"] else None,
            retry_after=_number(match["after"], "a", 86_400) if match["after"] else 1,
        )
    }


def _pause(match: re.Match[str]) -> dict[str, Any]:
    after = _number(match["after"], "x", MAX_TOKENS) if match["after"] else None
    return {"pause": Pause(_number(match["ms"], "p", MAX_DELAY_MS) / 1000, after)}


def _fault(match: re.Match[str]) -> dict[str, Any]:
    at = _number(match["at"], "x", faults.MOST_AT) if match["at"] else None
    found = FAULTS.get(match["name"])
    if found is None:
        raise _OutOfRange(f"there is no fault {match['name'][:40]}")
    if at is not None and not found.placed:
        raise _OutOfRange(f"the fault {found.name} takes no xN, since it does not happen at a chunk")
    return {"fault": PlacedFault(found, at)}


def _bytes(match: re.Match[str]) -> dict[str, Any]:
    return {"bytes": _number(match[1], "bytes", faults.MOST_BYTES, least=1)}


def _part(pattern: str, change: Callable[[re.Match[str]], dict[str, Any]], text: str) -> Part:
    return Part(re.compile(pattern, re.ASCII), change, text)


PARTS: Final[tuple[Part, ...]] = (
    _part(
        "en|zh|mixed|clock", lambda m: {"text": m[0]}, "en, zh, mixed: the language; clock: tokens that tell the time"
    ),
    _part("whole", lambda _: {"whole": True}, "whole: cannot stream, answers in one piece"),
    _part(r"n(\d+)", lambda m: {"tokens": _number(m[1], "n", MAX_TOKENS)}, "nN: N tokens"),
    _part(r"r(\d+)", lambda m: {"rate": _number(m[1], "r", MAX_RATE)}, "rN: N tokens a second, r0 as fast as it can"),
    _part(r"d(\d+)", lambda m: {"delay": _number(m[1], "d", MAX_DELAY_MS) / 1000}, "dN: the first after N ms"),
    _part(r"p(?P<ms>\d+)(?:x(?P<after>\d+))?", _pause, "pMSxN: a pause of MS ms after N tokens (half, without xN)"),
    _part(
        r"e(?P<status>\d{3})(?:x(?P<times>\d+))?(?:a(?P<after>\d+))?",
        _refusal,
        "eSTATUSxKaS: the first K attempts (all, without xK) are refused with STATUS and Retry-After S (1)",
    ),
    _part(r"bytes(\d+)", _bytes, "bytesN: N bytes a write"),
    _part(r"fault-(?P<name>[a-z0-9]+?)(?:x(?P<at>\d+))?", _fault, faults.HELP),
)

_WHERE: Final = "A name is like sim-n256-r50-d100; docs/connections.md and `manage.py simulate --help` explain it."
HELP: Final = (
    "A simulated model is named sim and any of these parts, joined by hyphens: "
    + "; ".join(part.help for part in PARTS)
    + ". Example: sim-n256-r50-d100."
)

EXAMPLES: Final[tuple[str, ...]] = (
    "sim-n256-r50-d100",
    "sim-zh-n256-r50-d100",
    "sim-en-n2000-r200-d100",
    "sim-n2000-r0-d0",
    "sim-whole-n128-r50-d100",
    "sim-e429x2-n128-r50-d100",
    "sim-n128-r50-p4000x40",
    "sim-n64-r50-fault-eofx20",
)


# A fault is one part: its name follows the hyphen.
_PIECE: Final = re.compile("(?<!-fault)-")


def parse_model(name: str) -> Script:
    """The script that `name` stands for; raises `UnknownModel`."""
    head, *pieces = _PIECE.split(name)
    if head != "sim":
        raise UnknownModel(f"The model {_shown(name)} does not exist here. {_WHERE}")
    script, used = Script(), set[int]()
    for piece in pieces:
        for index, part in enumerate(PARTS):
            if index not in used and (match := part.pattern.fullmatch(piece)):
                used.add(index)
                try:
                    script = replace(script, **part.change(match))
                except _OutOfRange as error:
                    raise UnknownModel(f"The model {_shown(name)} does not exist here: {error}. {_WHERE}") from None
                break
        else:
            raise UnknownModel(f"The model {_shown(name)} has the unknown or repeated part {_shown(piece)}. {_WHERE}")
    return script


def _shown(text: str) -> str:
    return repr(text if len(text) <= 80 else text[:80] + "…")
