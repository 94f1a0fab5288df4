"""What streams right now in a workspace, and what came to a session since a page was made."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.db.models import Prefetch

from playground.accounts.models import User
from playground.http import uuid_of
from playground.prompts.pages import ShownTurn, show_turn
from playground.runs.access import visible_sessions
from playground.runs.models import Run, Session
from playground.runs.store import LIVE
from playground.workspaces.models import Workspace

MOST: Final = 20
SKEW: Final = timedelta(seconds=30)  # of the clocks of several servers


@dataclass(frozen=True, slots=True)
class LiveSession:
    session: Session
    models: Sequence[str]
    is_own: bool


def live_sessions(user: User, workspace: Workspace) -> list[LiveSession]:
    """Those that the user may see, the newest first. Live runs are few, and have an index of their own: two queries."""
    models: dict[UUID, list[str]] = {}
    live = Run.objects.filter(status__in=LIVE).order_by("created_at", "lane")
    for session_id, model in live.values_list("turn__session_id", "model_id"):
        models.setdefault(session_id, []).append(model)
    sessions = visible_sessions(user).filter(pk__in=models, workspace=workspace).select_related("owner")
    return [
        LiveSession(session, list(dict.fromkeys(models[session.pk])), session.owner_id == user.pk)
        for session in sessions.order_by("-updated_at")[:MOST]
    ]


def turns_since(session: Session, after: str) -> Iterator[ShownTurn]:
    """The turns that have runs made since the run `after`, or a little before; all, if it is none of the session's."""
    turns = session.turns.prefetch_related(Prefetch("runs", Run.objects.order_by("lane", "created_at")))
    known = Run.objects.filter(turn__session=session, pk=after).first() if uuid_of(after) else None
    if known is not None:
        newer = Run.objects.filter(turn__session=session, created_at__gte=known.created_at - SKEW)
        turns = turns.filter(pk__in=newer.values("turn"))
    return map(show_turn, turns.order_by("position"))
