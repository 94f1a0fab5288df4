"""Which session, turn or run a request names, and what may be done to it.

What a user cannot see does not exist for them: 404. What they see and may not change is refused with the reason: 403.
"""

from collections.abc import Mapping
from typing import TypeVar
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from playground.accounts.models import User
from playground.errors import Forbidden
from playground.runs.access import (
    changeable_runs,
    changeable_sessions,
    changeable_turns,
    stoppable_runs,
    stoppable_sessions,
    visible_runs,
    visible_sessions,
    visible_turns,
)
from playground.runs.models import Run, Session, Turn
from playground.workspaces.access import has_role
from playground.workspaces.models import Role

M = TypeVar("M", Session, Turn, Run)


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
        "may_stop": stoppable_sessions(user).filter(pk=session.pk).exists(),
        "may_copy": has_role(user, session.workspace, Role.EDITOR),
    }


def rights_said(rights: Mapping[str, bool]) -> str:
    """For the script of the page, which asks for it anew when that changes."""
    return " ".join(sorted(name for name, has in rights.items() if has))


def session_to_change(user: User, session_id: UUID) -> Session:
    return _allowed(user, changeable_sessions(user), visible_sessions(user), session_id)


def turn_to_change(user: User, turn_id: UUID) -> Turn:
    return _allowed(user, changeable_turns(user).select_related("session"), visible_turns(user), turn_id)


def turn_to_stop(user: User, turn_id: UUID) -> Turn:
    turn = get_object_or_404(visible_turns(user).select_related("session"), pk=turn_id)
    if not stoppable_runs(user).filter(turn=turn).exists():
        raise Forbidden(_refusal(user, turn))
    return turn


def run_to_retry(user: User, run_id: UUID) -> Run:
    return _allowed(user, changeable_runs(user), visible_runs(user), run_id)


def run_to_stop(user: User, run_id: UUID) -> Run:
    return _allowed(user, stoppable_runs(user), visible_runs(user), run_id)


def _allowed(user: User, may_change: QuerySet[M], may_see: QuerySet[M], pk: UUID) -> M:
    found = may_change.filter(pk=pk).first()
    if found is not None:
        return found
    seen = may_see.filter(pk=pk).first()
    if seen is not None:
        raise Forbidden(_refusal(user, seen))
    raise Http404


def _refusal(user: User, seen: Session | Turn | Run) -> str:
    if _session_of(seen).owner_id == user.pk:
        return _(
            "You are a viewer of this workspace: you read, follow, comment and compare. "
            "Ask an owner to make you an editor to send prompts."
        )
    return _("Only the person whose session this is can do that. Copy the session to go on in one of your own.")


def _session_of(seen: Session | Turn | Run) -> Session:
    if isinstance(seen, Run):
        seen = seen.turn
    return seen.session if isinstance(seen, Turn) else seen
