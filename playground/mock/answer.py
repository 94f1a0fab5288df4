"""The answer of a recording to a request: status, headers, and when which bytes of the body go out."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from playground.interchange.openai_chunks import About
from playground.mock import encoded
from playground.mock.dialects import OPENAI_CHAT, OPENAI_COMPLETIONS, Asked, error_body, media_type
from playground.mock.errors import NotServed
from playground.mock.options import MockOptions, Refusal
from playground.mock.schedule import Action, Step, beyond_the_end, due_of, schedule, seek_origin
from playground.mock.tape import Attempt, Body, exact
from playground.recording.events import Event
from playground.recording.log import Read

RUN_HEADER: Final = "x-playground-run"
# Of the recorded headers, those that say something to a client and not to the connection that it was.
_TOLD: Final = re.compile(r"retry-after|x-request-id|request-id|openai-[\w-]+|(?:x|anthropic)-ratelimit-[\w-]+")
_SAFE: Final = re.compile(r"[\t\x20-\x7e]*")
_ENCODED: Final = (OPENAI_CHAT, OPENAI_COMPLETIONS)


@dataclass(frozen=True)
class Recording:
    """`id` names it: a run's id, or a file's name. `created`: seconds since 1970."""

    id: str
    model: str
    events: Sequence[Event] = field(repr=False)
    reads: Sequence[Read] = field(repr=False, default=())
    created: int = 0

    @cached_property
    def attempt(self) -> Attempt:
        return Attempt(self.events, self.reads)

    @cached_property
    def body(self) -> Body | None:
        """Of the reads as they came."""
        return exact(self.attempt)

    @cached_property
    def _digest(self) -> str:
        """Of what was recorded: the same wherever the recording is, in whatever database or file."""
        told = [self.model, *([event.t, event.kind, event.data] for event in self.events)]
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:32]

    @property
    def about(self) -> About:
        return About(f"chatcmpl-{self._digest}", self.model, self.created)


@dataclass(frozen=True, slots=True)
class Answer:
    """`head_at`: µs after the request, as in `steps`. `is_cut`: whether these end in a cut."""

    status: int
    headers: Mapping[str, str]
    steps: Iterator[Step]
    head_at: int = 0
    is_cut: bool = False

    @classmethod
    def json(cls, status: int, body: bytes, headers: Mapping[str, str] | None = None, *, due: int = 0) -> "Answer":
        fields = {"content-type": "application/json", **(headers or {})}
        return cls(status, fields, iter([(due, body), (due, Action.END)]), due)


def refused(dialect: str, refusal: Refusal) -> Answer:
    """The HTTP error that a fault asks for."""
    message = f"The mock refuses this attempt with HTTP {refusal.status}, as a fault asks."
    headers = {} if refusal.retry_after is None else {"retry-after": str(refusal.retry_after)}
    return failure(dialect, refusal.status, message, headers=headers)


def failure(
    dialect: str,
    status: int,
    message: str,
    *,
    code: str | None = None,
    param: str | None = None,
    headers: Mapping[str, str] | None = None,
    due: int = 0,
) -> Answer:
    """An HTTP error in the words of a dialect, OpenAI's if it is not known."""
    return Answer.json(status, error_body(dialect, status, message, code=code, param=param), headers, due=due)


def answer(recording: Recording, asked: Asked, options: MockOptions) -> Answer:
    """What the recording answers; a run that failed fails as it did.

    The reads as they came where the dialect is the asked one and it was streamed if a stream is asked for; else its
    events in OpenAI's words, where these are asked for.

    Raises:
        BadOption: a fault, or the place to begin at, that the recording has not.
        NotServed: the recording is of another dialect, which is not turned into this one.
    """
    attempt, body = recording.attempt, recording.body
    if body is not None and _fits(attempt, body, asked):
        return _told(recording, body, attempt.status or 200, options)
    dialect = asked.dialect or attempt.dialect
    ended_well = attempt.end.get("status") in ("completed", "filtered")
    if not ended_well and (not asked.is_stream or not attempt.chunks):
        return _failed(recording, dialect, options)
    if dialect == "openai-responses" and body is not None and body.dialect == dialect:
        response = encoded.whole_response(body)
        if response is not None:
            return _told(recording, response, 200, options)
    if dialect not in _ENCODED:
        raise NotServed(_advice(attempt.dialect, asked))
    write = encoded.whole if asked.is_stream is False else encoded.streamed
    return _told(recording, write(attempt, asked._replace(dialect=dialect), recording.about), 200, options)


def _fits(attempt: Attempt, body: Body, asked: Asked) -> bool:
    if asked.dialect not in ("", attempt.dialect):
        return False
    as_asked = asked.is_stream is None or asked.is_stream == body.is_streamed
    return as_asked or not attempt.chunks  # an error, or what is no answer at all, is in no shape


def _told(recording: Recording, body: Body, status: int, options: MockOptions) -> Answer:
    attempt = recording.attempt
    is_exact = body is recording.body
    kept = _kept(attempt.headers) if is_exact else {}
    headers = {
        "content-type": media_type(body.dialect, is_streamed=body.is_streamed),
        "cache-control": "no-cache",
        "x-accel-buffering": "no",
        **kept,
        RUN_HEADER: recording.id,
    }
    head_at = due_of(attempt.head_at, options, seek_origin(body, options))
    planned = schedule(body, options)
    return Answer(status, headers, planned.steps, head_at, planned.is_cut)


def _failed(recording: Recording, dialect: str, options: MockOptions) -> Answer:
    """A run that never came to an answer, or to the whole one that is asked for."""
    attempt = recording.attempt
    code = str(attempt.error.get("code") or attempt.end.get("status") or "no_answer")
    message = str(attempt.error.get("message") or "The recorded answer was stopped before its end.")
    status = attempt.status or 0
    if status < 400:
        status = 504 if code.endswith("_timeout") else 502
    kept = {name: value for name, value in _kept(attempt.headers).items() if name != "content-type"}
    headers = {**kept, RUN_HEADER: recording.id}
    if options.seek.t > attempt.ended_at:
        raise beyond_the_end(options, attempt.ended_at)
    due = due_of(attempt.ended_at, options, options.seek.t)
    return failure(dialect, status, message, code=code, headers=headers, due=due)


def _kept(headers: Mapping[str, str]) -> dict[str, str]:
    """Recorded headers that are told again. A recording may have come from a file that anybody wrote."""
    return {
        name: value
        for name, value in headers.items()
        if (name == "content-type" or _TOLD.fullmatch(name)) and _SAFE.fullmatch(value)
    }


def _advice(recorded: str, asked: Asked) -> str:
    if asked.dialect == recorded:
        return (
            "This recording is a stream, and its dialect is not put together here: ask for a stream, "
            "or at /chat/completions."
        )
    return (
        f"This recording is of dialect {recorded or 'unknown'}: ask for it at that dialect's path, "
        "or at /chat/completions or /completions."
    )
