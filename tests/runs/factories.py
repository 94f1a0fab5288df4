"""Rows of the runs app, as the engine leaves them."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from playground.accounts.models import User
from playground.recording.events import CHUNK, RUN_STARTED, Event
from playground.recording.log import Read
from playground.runs import store
from playground.runs.models import Run, Session, Turn
from playground.workspaces.models import Workspace
from tests.factories import make_member


def make_session(owner: User | None = None, **fields: Any) -> Session:
    owner = owner or make_member()
    fields.setdefault("updated_at", timezone.now())
    return Session.objects.create(owner=owner, workspace=Workspace.objects.default(), **fields)


def make_turn(session: Session | None = None, prompt: str = "Say hello.", **fields: Any) -> Turn:
    session = session or make_session()
    position = fields.pop("position", session.turns.count())
    return Turn.objects.create(session=session, position=position, prompt=prompt, **fields)


def make_run(turn: Turn | None = None, **fields: Any) -> Run:
    turn = turn or make_turn()
    values: dict[str, Any] = {
        "model_id": "sim/sim-n5-r0",
        "messages": [{"role": "user", "content": turn.prompt}],
        **fields,
    }
    return Run.objects.create(turn=turn, **values)


def make_live_run(owner_process: str = "here", *, lease: timedelta = store.LEASE, **fields: Any) -> Run:
    return make_run(status="streaming", owner_process=owner_process, lease_expires_at=timezone.now() + lease, **fields)


def make_events(*texts: str, first: int = 0) -> list[Event]:
    """A start (if `first` is 0) and a chunk a text, 10 ms apart."""
    events = [Event(0, 0, RUN_STARTED, {"model": "m"})] if first == 0 else []
    for text in texts:
        seq = first + len(events)
        events.append(Event(seq, seq * 10_000, CHUNK, text, seq * 5))
    return events


def make_reads(events: list[Event]) -> list[Read]:
    return [Read(event.t, b"12345") for event in events if event.kind == CHUNK]
