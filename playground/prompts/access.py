"""Which session, turn or run a request names, and what may be done to it.

What a user cannot see does not exist for them: 404. What they see and may not change is refused with the reason: 403.
"""

from typing import TypeVar
from uuid import UUID

from django.db.models import Model, QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from playground.accounts.models import User
from playground.errors import Forbidden
from playground.runs.access import (
    changeable_runs,
    changeable_sessions,
    changeable_turns,
    deletable_sessions,
    stoppable_runs,
    visible_runs,
    visible_sessions,
    visible_turns,
)
from playground.runs.models import Run, Session, Turn
from playground.workspaces.access import has_role
from playground.workspaces.models import Role

M = TypeVar("M", bound=Model)


def session_or_404(user: User, session_id: UUID) -> Session:
    return get_object_or_404(visible_sessions(user).select_related("owner", "workspace"), pk=session_id)


def may_change(user: User, session: Session) -> bool:
    return changeable_sessions(user).filter(pk=session.pk).exists()


def rights_in(user: User, session: Session) -> dict[str, bool]:
    """What the page of a session offers: one query for whose session it is, three for a reader."""
    if may_change(user, session):
        return {"may_change": True}
    return {
        "may_change": False,
        "may_stop": deletable_sessions(user).filter(pk=session.pk).exists(),
        "may_copy": has_role(user, session.workspace, Role.EDITOR),
    }


def session_to_change(user: User, session_id: UUID) -> Session:
    return _allowed(changeable_sessions(user), visible_sessions(user), session_id)


def turn_to_change(user: User, turn_id: UUID) -> Turn:
    return _allowed(changeable_turns(user).select_related("session"), visible_turns(user), turn_id)


def turn_to_stop(user: User, turn_id: UUID) -> Turn:
    turn = get_object_or_404(visible_turns(user).select_related("session"), pk=turn_id)
    if not stoppable_runs(user).filter(turn=turn).exists():
        raise Forbidden(_refusal())
    return turn


def run_to_retry(user: User, run_id: UUID) -> Run:
    return _allowed(changeable_runs(user), visible_runs(user), run_id)


def run_to_stop(user: User, run_id: UUID) -> Run:
    return _allowed(stoppable_runs(user), visible_runs(user), run_id)


def _allowed(may_change: QuerySet[M], may_see: QuerySet[M], pk: UUID) -> M:
    found = may_change.filter(pk=pk).first()
    if found is not None:
        return found
    if may_see.filter(pk=pk).exists():
        raise Forbidden(_refusal())
    raise Http404


def _refusal() -> str:
    return _("Only the person whose session this is can do that. Copy the session to go on in one of your own.")
