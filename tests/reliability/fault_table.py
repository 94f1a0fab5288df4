"""What must become of each fault of the simulator: the one table of expectations, which `docs/faults.md` shows too."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from playground.providers.endpoint import RetryPolicy
from playground.providers.simulator.fault_steps import HUGE_BYTES, LONG_TEXT, WORDS
from playground.recording.status import RunStatus

POLICY: Final = RetryPolicy(attempts=3, base_delay=0.001, max_delay=0.002)
Text = Callable[[Sequence[str], int], str]


def whole(tokens: Sequence[str], at: int) -> str:
    return "".join(tokens)


def part(tokens: Sequence[str], at: int) -> str:
    """What came before the fault."""
    return "".join(tokens[:at])


def none(tokens: Sequence[str], at: int) -> str:
    return ""


def with_more(text: str) -> Text:
    """The whole answer, and `text` where the fault is."""
    return lambda tokens, at: "".join(tokens[:at]) + text + "".join(tokens[at:])


@dataclass(frozen=True)
class Told:
    """How a run ends, and with which text.

    `notice`: the code that one of its notices has. `at_start` holds instead where the fault comes before the first
    chunk. `is_read`: whether the body is read to its end. `says`: a part of the error's sentence. `waits`: from
    how many to how many seconds are waited before another attempt; without it the policy says.
    """

    status: RunStatus
    error: str | None = None
    notice: str | None = None
    text: Text = whole
    attempts: int = 1
    is_read: bool = True
    says: str = ""
    waits: tuple[float, float] = (0.0, POLICY.max_delay)
    at_start: "Told | None" = None

    def at(self, place: int) -> "Told":
        return self.at_start if place == 0 and self.at_start is not None else self

    @property
    def code(self) -> str | None:
        """That of the error or else of the notice, as the docs show it."""
        return self.error or self.notice


EARLY: Final = f" before the answer began: retry it. It was given up after {POLICY.attempts} attempts."


def _completed(notice: str | None = None, text: Text = whole, attempts: int = 1) -> Told:
    return Told(RunStatus.COMPLETED, notice=notice, text=text, attempts=attempts)


def _cut(error: str, says: str) -> Told:
    """Before the first chunk it is tried again; after it, what came is kept."""
    told = Told(RunStatus.TRUNCATED, error, text=part, says=says)
    return replace(told, at_start=replace(told, attempts=POLICY.attempts, says=EARLY))


def _failed(error: str, says: str, text: Text = part, attempts_at_start: int = 1) -> Told:
    told = Told(RunStatus.FAILED, error, text=text, says=says, is_read=False)
    return replace(told, at_start=replace(told, attempts=attempts_at_start))


_NO_END: Final = _cut("no_end_marker", "without its end marker")
_LOST: Final = _cut("connection_lost", "was lost in mid-answer")
_REDIRECTED: Final = _failed("redirect_refused", "redirect", text=none)
_STALLED: Final = replace(
    _failed("between_chunks_timeout", "sent no further token for"),
    at_start=_failed("first_chunk_timeout", "sent no token for").at(0),
)
_AGAIN: Final = _completed(attempts=2)

TOLD: Final[Mapping[str, Told]] = {
    "eof": _NO_END,
    "noend": replace(_NO_END, text=whole, at_start=None),
    "cut": _LOST,
    "error": _failed("server_failed", "The engine failed", attempts_at_start=POLICY.attempts),
    "errorempty": _failed("refused", "reported an error"),
    "errorevent": _failed("refused", "The engine stopped"),
    "errorblank": _failed("server_failed", "The provider failed", attempts_at_start=POLICY.attempts),
    "overload": _failed("overloaded", "overloaded", attempts_at_start=POLICY.attempts),
    "busy": replace(_AGAIN, waits=(1.0, 1.0)),
    "waitseconds": replace(_AGAIN, waits=(1.0, 1.0)),
    "waitdate": replace(_AGAIN, waits=(0.0, 2.0)),
    "waithuge": _failed("rate_limited", "asks to wait 86400 s", text=none),
    "waitnan": _AGAIN,
    "waitnegative": _AGAIN,
    "idcomment": _completed(),
    "keepalive": _completed(),
    "split": _completed(),
    "badutf8": _completed("invalid_utf8", with_more("\ufffd\ufffd(")),
    "crlf": _completed(),
    "cr": _completed(),
    "crsplit": _completed(),
    "bom": _completed(),
    "separators": _completed(text=with_more("\u2028\u2029\u0085")),
    "multiline": _completed(),
    "nospace": _completed(),
    "nochoices": _completed(),
    "usage": _completed(),
    "roles": _completed(),
    "filter": Told(RunStatus.FILTERED, text=part),
    "longline": _completed(text=with_more(LONG_TEXT)),
    "toolong": _failed("too_long", "longer than 16 MB"),
    "hugechunk": _completed(text=with_more(WORDS * (HUGE_BYTES // len(WORDS)))),
    "stall": _STALLED,
    "silent": _failed("first_chunk_timeout", "sent no token for", text=none),
    "comments": _STALLED,
    "html": _failed("not_a_model_answer", "a web page", text=none),
    "json": _completed("one_chunk"),
    "redirect": _REDIRECTED,
    "redirectaway": _REDIRECTED,
    "gzip": _completed("compressed"),
    "brotli": _failed("unsupported_encoding", "compressed with br", text=none),
    "bursts": _completed(),
    "badjson": replace(
        _failed("malformed_answer", "broken JSON in the middle of the answer: what came is kept; continue"),
        at_start=_failed("malformed_answer", "broken JSON instead of tokens: check that the dialect").at(0),
    ),
    "nan": _completed("not_a_number"),
    "afterdone": replace(_completed(), is_read=False),
    "goaway": _AGAIN,
    "drain": _completed(),
    "endless": _failed("total_timeout", "longer than"),
    "reset": _LOST,
}
