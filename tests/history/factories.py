"""Sessions, turns and recorded runs for tests of the history."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone

from playground.accounts.models import User
from playground.providers.sink import ErrorInfo, Outcome
from playground.recording.events import (
    ATTEMPT_STARTED,
    CHUNK,
    FIRST_BYTE,
    RESPONSE_HEADERS,
    RUN_ENDED,
    RUN_STARTED,
    Event,
    EventData,
)
from playground.recording.log import Read
from playground.recording.segments import pack_events, pack_reads
from playground.recording.status import RunStatus
from playground.runs.models import Run, Segment, Session, Turn
from playground.runs.store import end_data, summary
from playground.workspaces.models import Workspace

MS = 1_000
SECOND = 1_000_000
Step = tuple[int, str, EventData]


def make_session(
    owner: User, *, title: str = "", at: datetime | None = None, prompts: Iterable[str] = (), **fields: Any
) -> Session:
    """A session with a turn for each prompt, and no runs."""
    session = Session.objects.create(
        owner=owner, workspace=Workspace.objects.default(), title=title, updated_at=at or timezone.now(), **fields
    )
    for prompt in prompts:
        make_turn(session, prompt)
    return session


def make_turn(session: Session, prompt: str = "Hello", **fields: Any) -> Turn:
    return Turn.objects.create(session=session, position=session.turns.count(), prompt=prompt, **fields)


def make_run(
    turn: Turn,
    events: Sequence[Event] | None = None,
    *,
    text: str = "Hello there.",
    status: RunStatus = RunStatus.COMPLETED,
    error: ErrorInfo | None = None,
    model_id: str = "sim/sim",
    raw: bytes = b"",
    finish_reason: str = "stop",
    **fields: Any,
) -> Run:
    """A run with its recording: `events`, or a stream of `text` word by word. A live one is given no end."""
    live = status in (RunStatus.QUEUED, RunStatus.STREAMING)
    run = Run.objects.create(
        turn=turn,
        model_id=model_id,
        messages=fields.pop("messages", [{"role": "user", "content": turn.prompt}]),
        status=status.value,
        started_at=timezone.now(),
        ended_at=None if live else timezone.now(),
        **fields,
    )
    if events is None:
        events = stream(text.replace(" ", " |").split("|"))
    outcome = Outcome(status, finish_reason=finish_reason if status == RunStatus.COMPLETED else None, error=error)
    if not live:
        events = [*events, Event(len(events), events[-1].t if events else 0, RUN_ENDED, end_data(outcome))]
        Run.objects.filter(pk=run.pk).update(**summary(events, outcome))
        run.refresh_from_db()
    if events:
        Segment.objects.create(
            run=run,
            first_seq=0,
            last_seq=events[-1].seq,
            events=pack_events(events),
            reads=pack_reads([Read(0, raw)] if raw else []),
        )
    return run


def log(steps: Iterable[Step]) -> list[Event]:
    """Events from (t in µs, kind, data)."""
    return [Event(seq, t, kind, data) for seq, (t, kind, data) in enumerate(steps)]


def start(model: str = "sim/sim") -> list[Step]:
    """A run's first events: its headers come after 80 ms, its first byte after 100 ms."""
    request = {"messages_count": 1, "parameters": {}}
    return [
        (0, RUN_STARTED, {"model": model, "dialect": "openai-chat", "request": request}),
        *attempt(1, 1 * MS, 80 * MS, 100 * MS),
    ]


def attempt(number: int, started: int, headers: int, first_byte: int, status: int = 200) -> list[Step]:
    head: Mapping[str, str] = {"content-type": "text/event-stream"}
    return [
        (
            started,
            ATTEMPT_STARTED,
            {"attempt": number, "method": "POST", "url": "http://127.0.0.1:9/v1/chat/completions"},
        ),
        (headers, RESPONSE_HEADERS, {"attempt": number, "status": status, "headers": head}),
        (first_byte, FIRST_BYTE, {"attempt": number}),
    ]


def stream(chunks: Sequence[EventData], *, gap: int = 20 * MS, first: int = 120 * MS) -> list[Event]:
    """A run of one attempt, with its chunks `gap` µs apart and no end."""
    return log([*start(), *((first + gap * index, CHUNK, data) for index, data in enumerate(chunks))])
