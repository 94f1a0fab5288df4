"""What an event's data may look like in a file that was not written here: of each known member, its type."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from playground.recording.events import (
    ATTEMPT_FAILED,
    ATTEMPT_STARTED,
    CHUNK,
    FIRST_BYTE,
    KEEPALIVE,
    NOTICE,
    RESPONSE_HEADERS,
    RETRY_SCHEDULED,
    RUN_STARTED,
    STEP_ENDED,
    STEP_STARTED,
)

MOST: Final = 2**40  # µs, bytes: twelve days, a tebibyte
_MOST_COUNT: Final = 10_000

Check = Callable[[Any], bool]


def is_count(value: object, most: int = _MOST_COUNT) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_time(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= MOST


def _is_texts(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(text, str) for text in value.values())


def _is_request(value: object) -> bool:
    return (
        isinstance(value, dict)
        and is_count(value.get("messages_count", 0))
        and isinstance(value.get("parameters") or {}, dict)
    )


def _is_tool_call(value: object) -> bool:
    return isinstance(value, dict) and all(
        is_count(part) if name == "index" else part is None or isinstance(part, str) for name, part in value.items()
    )


def _is_logprobs(value: object) -> bool:
    return isinstance(value, list) and all(_is_logprob(one) and _are_logprobs(one.get("top_logprobs")) for one in value)


def _are_logprobs(value: object) -> bool:
    return value is None or (isinstance(value, list) and all(map(_is_logprob, value)))


def _is_logprob(value: object) -> bool:
    return (
        isinstance(value, dict)
        and isinstance(value.get("token", ""), str)
        and isinstance(value.get("logprob") or 0, int | float)
        and isinstance(value.get("bytes") or [], list)
    )


def _is_citations(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, dict) for one in value)


def _is_list_of_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(text, str) for text in value)


def _is_object(value: object) -> bool:
    return isinstance(value, dict)


_STEP: Final[Mapping[str, Check]] = {
    "step": _is_text,
    "parent": _is_text,
    "parents": _is_list_of_texts,
    "name": _is_text,
    "type": _is_text,
    "tags": _is_list_of_texts,
    "metadata": _is_object,
    "error": _is_texts,
}

_SHAPES: Final[Mapping[str, Mapping[str, Check]]] = {
    RUN_STARTED: {"model": _is_text, "dialect": _is_text, "request": _is_request},
    ATTEMPT_STARTED: {"attempt": is_count, "method": _is_text, "url": _is_text},
    RESPONSE_HEADERS: {"attempt": is_count, "status": is_count, "headers": _is_texts},
    FIRST_BYTE: {"attempt": is_count},
    CHUNK: {
        "text": _is_text,
        "reasoning": _is_text,
        "refusal": _is_text,
        "tool_call": _is_tool_call,
        "logprobs": _is_logprobs,
        "citations": _is_citations,
        "choice": is_count,
        "attempt": is_count,
    },
    STEP_STARTED: _STEP,
    STEP_ENDED: _STEP,
    KEEPALIVE: {"comment": _is_text},
    ATTEMPT_FAILED: {"attempt": is_count, "code": _is_text, "message": _is_text, "status": is_count},
    RETRY_SCHEDULED: {"attempt": is_count, "of": is_count, "delay_ms": _is_time, "code": _is_text},
    NOTICE: {"code": _is_text, "message": _is_text, "progress": _is_time},
}


def misshapen(kind: str, data: str | Mapping[str, Any]) -> str:
    """The member of an event's data that is not as docs/recording-format.md has it; "" if all are.

    Members that are not known, and ones that are null, say nothing.
    """
    if isinstance(data, str):
        return "" if kind == CHUNK else "data"
    shape = _SHAPES.get(kind, {})
    return next((name for name, check in shape.items() if data.get(name) is not None and not check(data[name])), "")
