"""A session in which everything that a link must not show is a word that is found by searching for `canary`."""

from typing import Final

from playground.accounts.models import User
from playground.recording.events import (
    ATTEMPT_FAILED,
    CHUNK,
    KEEPALIVE,
    NOTICE,
    RETRY_SCHEDULED,
    RUN_STARTED,
    USAGE,
    Event,
)
from playground.review.models import Redaction
from playground.runs.models import Run, Session, Turn
from tests.history.factories import MS, attempt, log, make_run, make_session, make_turn

ALWAYS: Final = "canary-inside"
"""Marks what no link shows, whatever it includes."""
REDACTED: Final = "canary-redacted"
SYSTEM: Final = "canary-system"
PARAMETER: Final = "canary-parameter"
ANSWER: Final = "Sparkling water"


def make_canary_session(owner: User) -> Session:
    session = make_session(owner, title=f"About {REDACTED} thi…")
    make_canary_turn(session)
    make_turn(make_session(owner, title=f"{ALWAYS} other"), f"{ALWAYS} other prompt")
    return session


def make_canary_turn(session: Session) -> Turn:
    turn = make_turn(
        session, f"About {REDACTED} things", system=f"You are {SYSTEM}.", parameters={"stop": [PARAMETER], "seed": 7}
    )
    prompt_at = turn.prompt.index(REDACTED)
    _hide(turn, None, Redaction.Part.PROMPT, prompt_at, prompt_at + len(REDACTED))
    run = make_canary_run(turn)
    at = run.text.index(REDACTED)
    _hide(turn, run, Redaction.Part.ANSWER, at, at + len(REDACTED))
    at = run.reasoning.index(REDACTED)
    _hide(turn, run, Redaction.Part.REASONING, at, at + len(REDACTED))
    return turn


def make_canary_run(turn: Turn) -> Run:
    messages = [{"role": "system", "content": turn.system}, {"role": "user", "content": f"{ALWAYS} {turn.prompt}"}]
    return make_run(
        turn,
        canary_events(),
        model_id="openai/gpt",
        raw=f"data: {ALWAYS}\n\n".encode(),
        messages=messages,
        error_message=f"refused by http://{ALWAYS}/",
    )


def canary_events() -> list[Event]:
    words = ["Sparkling ", "water ", "canary", "-redac", "ted and more."]
    return log(
        [
            (
                0,
                RUN_STARTED,
                {
                    "model": "openai/gpt",
                    "dialect": "openai-chat",
                    "request": {"messages_count": 2, "parameters": {"stop": [PARAMETER]}},
                    "secret": ALWAYS,
                },
            ),
            *((t, kind, _tainted(data)) for t, kind, data in attempt(1, 1 * MS, 80 * MS, 100 * MS, 429)),
            (110 * MS, ATTEMPT_FAILED, {"attempt": 1, "code": "rate_limited", "message": ALWAYS, "status": 429}),
            (110 * MS, RETRY_SCHEDULED, {"attempt": 2, "of": 3, "delay_ms": 10, "code": "rate_limited", "x": ALWAYS}),
            *((t, kind, _tainted(data)) for t, kind, data in attempt(2, 120 * MS, 180 * MS, 200 * MS)),
            (201 * MS, NOTICE, {"code": "compressed", "message": f"{ALWAYS} gzip", "host": ALWAYS}),
            (202 * MS, KEEPALIVE, {"comment": ALWAYS}),
            (210 * MS, CHUNK, {"reasoning": f"think {REDACTED} on", "attempt": 2}),
            *((220 * MS + 1234 * n, CHUNK, _chunk(word)) for n, word in enumerate(words)),
            (300 * MS, USAGE, {"prompt_tokens": 5, "completion_tokens": 6, "provider": ALWAYS}),
        ]
    )


def _chunk(word: str) -> dict[str, object]:
    return {"text": word, "attempt": 2, "logprobs": [{"token": word, "logprob": -0.1}]}


def _tainted(data: object) -> dict[str, object]:
    assert isinstance(data, dict)
    inside: dict[str, object] = {"url": f"http://{ALWAYS}:9/v1", "headers": {"x-request-id": ALWAYS}}
    return {**data, "extra": ALWAYS, **{name: value for name, value in inside.items() if name in data}}


def _hide(turn: Turn, run: Run | None, part: Redaction.Part, start: int, end: int) -> None:
    Redaction.objects.create(turn=turn, run=run, part=part, start=start, end=end, created_by=turn.session.owner)
