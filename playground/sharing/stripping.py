"""What an event may tell somebody without an account. An allow-list: what is not named here is not shown.

Upstream addresses, response headers, messages of errors and notices (they quote upstreams), keep-alive comments and
the sizes of requests stay inside, whatever a link includes.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from playground.recording.events import (
    ATTEMPT_FAILED,
    ATTEMPT_STARTED,
    CHUNK,
    FIRST_BYTE,
    NOTICE,
    RESPONSE_HEADERS,
    RETRY_SCHEDULED,
    RUN_ENDED,
    RUN_STARTED,
    USAGE,
    Event,
    EventData,
)
from playground.sharing.contents import Contents

COARSE_US: Final = 1_000_000
"""Without the timeline, times are told in whole seconds: enough to say that a stream is slow, too little to plot it."""

_USAGE: Final = ("prompt_tokens", "completion_tokens", "total_tokens", "estimated")
_CHUNK: Final = ("text", "reasoning", "refusal", "tool_call", "choice", "attempt")

Data = Mapping[str, Any]


def strip(event: Event, contents: Contents) -> Event:
    """The event with its seq and kind. Raw bytes cannot be found from it."""
    t = event.t if contents.timeline else event.t - event.t % COARSE_US
    return Event(event.seq, t, event.kind, _data(event, contents))


def public_usage(usage: Mapping[str, Any] | None) -> dict[str, int]:
    """The counts of tokens in what a provider sent as its usage, and whether they are estimated."""
    return {name: usage[name] for name in _USAGE if isinstance(usage.get(name), int)} if usage else {}


def _data(event: Event, contents: Contents) -> EventData:
    data = event.data
    if isinstance(data, str):
        return data if event.kind == CHUNK else {}
    show = _SHOWN.get(event.kind)
    return show(data, contents) if show is not None else {}


def _pick(data: Data, *names: str) -> dict[str, Any]:
    return {name: data[name] for name in names if name in data}


def _only(*names: str) -> Callable[[Data, Contents], Data]:
    return lambda data, _contents: _pick(data, *names)


def _started(data: Data, contents: Contents) -> Data:
    request = data.get("request") or {}
    shown = _pick(data, "model")
    return {**shown, "request": _pick(request, "parameters")} if contents.parameters else shown


def _chunk(data: Data, contents: Contents) -> Data:
    return _pick(data, *_CHUNK, "logprobs") if contents.timeline else _pick(data, *_CHUNK)


def _usage(data: Data, contents: Contents) -> Data:
    return public_usage(data) if contents.timeline else {}


def _notice(data: Data, _contents: Contents) -> Data:
    progress = data.get("progress")
    shown = {"code": data.get("code"), "message": ""}
    return {**shown, "progress": progress} if isinstance(progress, int | float) else shown


def _ended(data: Data, contents: Contents) -> Data:
    error = data.get("error")
    shown = _pick(data, "status", "finish_reason", "attempts")
    shown["error"] = {"code": error.get("code"), "message": ""} if isinstance(error, Mapping) else None
    if contents.timeline and data.get("usage"):
        shown["usage"] = public_usage(data["usage"])
    return shown


_SHOWN: Final[Mapping[str, Callable[[Data, Contents], Data]]] = {
    RUN_STARTED: _started,
    ATTEMPT_STARTED: _only("attempt"),
    RESPONSE_HEADERS: _only("attempt", "status"),
    FIRST_BYTE: _only("attempt"),
    CHUNK: _chunk,
    USAGE: _usage,
    ATTEMPT_FAILED: _only("attempt", "code", "status", "retryable"),
    RETRY_SCHEDULED: _only("attempt", "of", "delay_ms", "code"),
    NOTICE: _notice,
    RUN_ENDED: _ended,
}
