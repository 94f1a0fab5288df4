"""Errors as OpenAI's API tells them: `{"error": {"message", "type", "param", "code"}}`, with the status that fits.

Source: https://platform.openai.com/docs/guides/error-codes; the official clients choose their exception by the status.
What is wrong with a call is a `playground.errors` tree, what is wrong with an answer the end of its run: both are
mapped here, and nowhere else.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from playground.errors import (
    BadRequest,
    Busy,
    Conflict,
    Forbidden,
    InvalidField,
    NotFound,
    NotSignedIn,
    PlaygroundError,
    RateLimited,
    TooManyRuns,
)
from playground.recording.events import ATTEMPT_FAILED, Event
from playground.recording.status import RunStatus

INVALID: Final = "invalid_request_error"
SERVER: Final = "server_error"
LIMITED: Final = "rate_limit_error"
CANCELLED: Final = 499  # nginx's “client closed request”: no client sends the request again by itself
SOON_S: Final = 5


class MethodNotAllowed(PlaygroundError):
    code = "method_not_allowed"
    status = 405


class TooLarge(PlaygroundError):
    code = "request_too_large"
    status = 413


class Failure(NamedTuple):
    """An error answer. `again`: False tells OpenAI's clients not to send the request again by themselves."""

    status: int
    kind: str
    code: str
    message: str
    param: str | None = None
    retry_after: int | None = None
    again: bool = True

    def body(self) -> dict[str, Any]:
        error = {"message": self.message, "type": self.kind, "param": self.param, "code": self.code}
        return {"error": error}

    def headers(self) -> list[tuple[bytes, bytes]]:
        found = []
        if self.retry_after is not None:
            found.append((b"retry-after", str(self.retry_after).encode()))
        if self.code == "invalid_api_key":
            found.append((b"www-authenticate", b"Bearer"))
        if not self.again:
            found.append((b"x-should-retry", b"false"))
        return found


# What is wrong with a call: our error, then the status, OpenAI's type and OpenAI's code.
_CALLS: Final[dict[type[PlaygroundError], tuple[int, str, str]]] = {
    InvalidField: (400, INVALID, "invalid_value"),
    BadRequest: (400, INVALID, "invalid_request"),
    NotSignedIn: (401, INVALID, "invalid_api_key"),
    Forbidden: (403, "permission_error", "forbidden"),
    NotFound: (404, INVALID, "not_found"),
    MethodNotAllowed: (405, INVALID, "method_not_allowed"),
    Conflict: (409, INVALID, "conflict"),
    TooLarge: (413, INVALID, "request_too_large"),
    TooManyRuns: (429, LIMITED, "rate_limit_exceeded"),
    RateLimited: (429, LIMITED, "rate_limit_exceeded"),
    Busy: (503, SERVER, "overloaded"),
}

# What is wrong with an answer, by the code that its run ended with. A status of None: the provider's own.
_ENDS: Final[dict[str, tuple[int | None, str, str]]] = {
    "invalid_request": (400, INVALID, "invalid_request"),
    "not_authenticated": (401, "authentication_error", "not_authenticated"),
    "not_permitted": (403, "permission_error", "not_permitted"),
    "model_not_found": (404, INVALID, "model_not_found"),
    "prompt_too_long": (400, INVALID, "context_length_exceeded"),
    "rate_limited": (429, LIMITED, "rate_limit_exceeded"),
    "quota_exceeded": (429, "insufficient_quota", "insufficient_quota"),
    "content_filter": (400, INVALID, "content_filter"),
    "server_failed": (None, SERVER, "server_failed"),
    "refused": (None, SERVER, "refused"),
    "overloaded": (503, SERVER, "overloaded"),
    "connect_timeout": (504, SERVER, "connect_timeout"),
    "first_chunk_timeout": (504, SERVER, "first_chunk_timeout"),
    "between_chunks_timeout": (504, SERVER, "between_chunks_timeout"),
    "total_timeout": (504, SERVER, "total_timeout"),
    "deadline": (504, SERVER, "deadline"),
    "interrupted": (503, SERVER, "interrupted"),
    "internal": (500, SERVER, "internal"),
}
_STOPPED: Final = Failure(
    CANCELLED, "cancelled", "cancelled", "The run was stopped in the playground before it was complete.", again=False
)


def of_call(error: PlaygroundError) -> Failure:
    kind = next(kind for kind in type(error).__mro__ if kind in _CALLS or kind is PlaygroundError)
    status, type_, code = _CALLS.get(kind, (error.status, SERVER, error.code))
    if isinstance(error, InvalidField) and error.field == "model":
        status, code = 404, "model_not_found"
    retry_after = getattr(error, "retry_after", SOON_S if isinstance(error, TooManyRuns) else None)
    return Failure(status, type_, code, error.message, error.field, retry_after)


def of_run(events: Sequence[Event]) -> Failure | None:
    """Why a run that has ended gave no complete answer; None if it did, or a filter ended it in the provider's way."""
    end: Mapping[str, Any] = events[-1].data  # type: ignore[assignment]  # only a chunk's is a text
    error, status = end["error"], RunStatus(end["status"])
    if error is None:
        return None if status in (RunStatus.COMPLETED, RunStatus.FILTERED) else _STOPPED
    own, type_, code = _ENDS.get(error["code"], (502, SERVER, error["code"]))
    last = next((event.data for event in reversed(events) if event.kind == ATTEMPT_FAILED), {})
    told: Mapping[str, Any] = last if isinstance(last, Mapping) else {}
    theirs = told.get("status")
    retry_after = SOON_S if error["code"] == "interrupted" else told.get("retry_after")
    return Failure(
        own or (theirs if theirs is not None and 400 <= theirs < 600 else 502),
        type_,
        code,
        error["message"],
        told.get("param"),
        retry_after=None if retry_after is None else max(1, round(retry_after)),
        again=end["attempts"] <= 1,
    )


def gone() -> Failure:
    """Another process ended the run, since this one did not tell for too long that it lives."""
    return Failure(503, SERVER, "interrupted", "The answer was interrupted: send the request again.", None, SOON_S)
