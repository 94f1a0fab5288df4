"""How a recording is to be served: its speed, where it starts, how often it is told, and what goes wrong.

The same words work in three places; what stands later wins:

    manage.py mock --run ID --speed 2 --fault cut@5          for all requests
    x-playground-speed: 2      x-playground-fault: cut@5     headers of one request
    {"playground": {"speed": 2, "faults": ["cut@5"]}}        a field of its body

docs/mock.md has all of them.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, NamedTuple

from playground.mock.errors import BadOption

FIELD: Final = "playground"
HEADER: Final = "x-playground-"
SLOWEST: Final = 0.01
FASTEST: Final = 1000.0
LONGEST_S: Final = 86_400.0
MOST_LOOPS: Final = 10_000
MOST_FAULTS: Final = 32
SPLIT_S: Final = 0.05  # between the halves of a split character: so that they come in two reads

# What can go wrong, and which of its parts each word takes: at a chunk, for some seconds.
AT_CHUNK: Final[Mapping[str, bool]] = {"cut": False, "stall": True, "error": False, "double": False, "split": True}
_FAULT: Final = re.compile(
    r"(?P<word>cut|stall|error|double|split)@(?P<at>\d{1,9})(?::(?P<seconds>[\d.]{1,12}))?"
    r"|(?P<bare>no-end|crlf)"
    r"|(?P<status>[45]\d\d)(?::(?P<retry_after>\d{1,9}))?"
    r"|fail:(?P<times>\d{1,6})(?::(?P<fails_with>[45]\d\d)(?::(?P<then>\d{1,9}))?)?"
)
_FAULT_HELP: Final = (
    "write one of cut@K, stall@K:SECONDS, error@K, double@K, split@K, no-end, crlf, 429:RETRY_AFTER (or another error "
    "status), fail:N, with K the number of a chunk from 0 on"
)


class Fault(NamedTuple):
    """`word` is one of AT_CHUNK, `no-end` or `crlf`. `at` counts the recording's chunks from 0."""

    word: str
    at: int = -1
    seconds: float = 0.0


class Refusal(NamedTuple):
    """An HTTP error instead of the answer: to the first `times` attempts, or to all (None)."""

    status: int
    retry_after: int | None = None
    times: int | None = None


class Seek(NamedTuple):
    """Where to begin: at a time in µs since the run began, or at a chunk."""

    t: int = 0
    chunk: int | None = None


FROM_THE_START: Final = Seek()


@dataclass(frozen=True, slots=True)
class MockOptions:
    """`speed` 0 is as fast as can be. What lies before `seek` comes at once. `loops`: how often the chunks come.

    `seek_from` and `faults_from` name the fields or headers that they were in.
    """

    speed: float = 1.0
    seek: Seek = FROM_THE_START
    loops: int = 1
    faults: tuple[Fault, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    seek_from: str = field(default="seek", compare=False)
    faults_from: str = field(default="faults", compare=False)


AS_RECORDED: Final = MockOptions()


def read_options(
    fields: Mapping[str, Any], headers: Mapping[str, str], default: MockOptions = AS_RECORDED
) -> MockOptions:
    """From a request's JSON `fields` and its `headers` (names in lower case). Raises BadOption."""
    given = {name: headers[HEADER + name] for name in ("speed", "seek", "loop") if HEADER + name in headers}
    options = with_options(default, given, lambda name: HEADER + name)
    if HEADER + "fault" in headers:
        options = with_faults(options, re.split("[;,]", headers[HEADER + "fault"]), HEADER + "fault")
    wish = fields.get(FIELD)
    if wish is None:
        return options
    if not isinstance(wish, Mapping):
        raise BadOption(FIELD, f"“{FIELD}” must be an object, as in {{“speed”: 2}}.")
    unknown = sorted(set(wish) - {"speed", "seek", "loop", "faults"})
    if unknown:
        raise BadOption(
            f"{FIELD}.{unknown[0]}", f"“{FIELD}” has no “{unknown[0]}”: choose of speed, seek, loop and faults."
        )
    options = with_options(options, wish, lambda name: f"{FIELD}.{name}")
    if "faults" in wish:
        faults = [wish["faults"]] if isinstance(wish["faults"], str) else wish["faults"]
        options = with_faults(options, faults, f"{FIELD}.faults")
    return options


def with_options(options: MockOptions, given: Mapping[str, Any], named: Callable[[str], str] = str) -> MockOptions:
    """`options` with what is `given` of speed, seek and loop, as text or JSON; `named` is how an error names them."""
    changes: dict[str, Any] = {}
    if "speed" in given:
        changes["speed"] = _speed(given["speed"], named("speed"))
    if "seek" in given:
        changes["seek"] = _seek(given["seek"], named("seek"))
        changes["seek_from"] = named("seek")
    if "loop" in given:
        changes["loops"] = _loops(given["loop"], named("loop"))
    return replace(options, **changes)


def with_faults(options: MockOptions, written: Any, name: str = "fault") -> MockOptions:
    """`options` with the faults `written` as texts instead of those that they have. Raises BadOption."""
    if not isinstance(written, Sequence) or isinstance(written, str) or len(written) > MOST_FAULTS:
        raise BadOption(name, f"Faults must be a list of at most {MOST_FAULTS}: {_FAULT_HELP}.")
    faults: list[Fault] = []
    refusals: list[Refusal] = []
    for text in written:
        if isinstance(text, str) and not text.strip():
            continue
        found = parse_fault(text, name)
        (refusals if isinstance(found, Refusal) else faults).append(found)  # type: ignore[arg-type]
    return replace(options, faults=tuple(faults), refusals=tuple(refusals), faults_from=name)


def parse_fault(text: Any, name: str = "fault") -> Fault | Refusal:
    """Raises BadOption."""
    match = _FAULT.fullmatch(text.strip()) if isinstance(text, str) else None
    if match is None:
        raise BadOption(name, f"{str(text)[:40]!r} is no fault: {_FAULT_HELP}.")
    if match["bare"]:
        return Fault(match["bare"])
    if match["status"]:
        return Refusal(int(match["status"]), _whole(match["retry_after"]))
    if match["times"]:
        return Refusal(int(match["fails_with"] or 503), _whole(match["then"]), int(match["times"]))
    word, seconds = match["word"], match["seconds"]
    if seconds is None:
        if word == "stall":
            raise BadOption(name, f"“{text}” must say for how many seconds: stall@K:SECONDS.")
        return Fault(word, int(match["at"]), SPLIT_S if word == "split" else 0.0)
    if not AT_CHUNK[word]:
        raise BadOption(name, f"“{text}” takes no seconds: write {word}@{match['at']}.")
    return Fault(word, int(match["at"]), _number(seconds, name, 0, LONGEST_S, "The seconds of a fault"))


def _speed(value: Any, name: str) -> float:
    speed = _number(value, name, 0, FASTEST, "The speed")
    if 0 < speed < SLOWEST:
        raise BadOption(name, f"The speed must be 0 (as fast as can be), or from {SLOWEST} to {FASTEST:.0f}.")
    return speed


def _seek(value: Any, name: str) -> Seek:
    if isinstance(value, str) and value.strip().startswith("#"):
        return Seek(chunk=int(_number(value.strip()[1:], name, 0, 10**9, "The chunk to begin at", whole=True)))
    seconds = _number(value, name, 0, LONGEST_S, "The place to begin at (seconds, or #K for chunk K)")
    return Seek(round(seconds * 1_000_000))


def _loops(value: Any, name: str) -> int:
    if value is True or value == "true":  # until the client leaves, for all that it knows
        return MOST_LOOPS
    if value is False or value == "false":
        return 1
    return int(_number(value, name, 1, MOST_LOOPS, "How often the chunks come", whole=True))


def _number(value: Any, name: str, least: float, most: float, what: str, *, whole: bool = False) -> float:
    problem = BadOption(name, f"{what} must be a {'whole ' if whole else ''}number from {least:.0f} to {most:.0f}.")
    try:
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise problem
        number = float(value)
    except (ValueError, OverflowError):
        raise problem from None
    if not math.isfinite(number) or not least <= number <= most or (whole and number != int(number)):
        raise problem
    return number


def _whole(text: str | None) -> int | None:
    return None if text is None else int(text)
