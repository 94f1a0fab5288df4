"""Which session or run a request names. What is not the user's does not exist for them: 404."""

from uuid import UUID

from django.db.models import Q, QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _

from playground.accounts.models import User
from playground.errors import Forbidden
from playground.review.models import SavedFilter
from playground.runs.access import (
    changeable_sessions,
    deletable_sessions,
    stoppable_runs,
    visible_runs,
    visible_sessions,
)
from playground.runs.models import Run, Session
from playground.runs.purge import KEPT_AFTER_DELETION
from playground.workspaces.access import current_workspace, require_role, workspaces_of
from playground.workspaces.models import Role, Workspace


def workspace_to_import_into(user: User) -> Workspace:
    workspace = current_workspace(user)
    require_role(user, workspace, Role.EDITOR)
    return workspace


def session_or_404(user: User, session_id: UUID) -> Session:
    return get_object_or_404(visible_sessions(user), pk=session_id)


def session_to_change(user: User, session_id: UUID) -> Session:
    return _allowed(user, changeable_sessions(user), session_id)


def session_to_delete(user: User, session_id: UUID) -> Session:
    return _allowed(user, deletable_sessions(user).filter(deleted_at=None), session_id)


def restorable_sessions(user: User) -> QuerySet[Session]:
    """Deleted sessions whose deletion the user can still undo."""
    return deletable_sessions(user).filter(deleted_at__gt=timezone.now() - KEPT_AFTER_DELETION)


def restorable_session_or_404(user: User, session_id: UUID) -> Session:
    return get_object_or_404(restorable_sessions(user), pk=session_id)


def run_or_404(user: User, run_id: UUID) -> Run:
    return get_object_or_404(visible_runs(user), pk=run_id)


def may_stop(user: User, run: Run) -> bool:
    return not run.is_final and stoppable_runs(user).filter(pk=run.pk).exists()


def filter_to_change(user: User, filter_id: int) -> SavedFilter:
    """Its owner's, and for owners of the workspace the shared ones too."""
    seen = SavedFilter.objects.filter(Q(owner=user) | Q(is_shared=True), workspace__in=workspaces_of(user))
    found = get_object_or_404(seen.select_related("workspace"), pk=filter_id)
    if found.owner_id != user.pk:
        require_role(user, found.workspace, Role.OWNER)
    return found


def _allowed(user: User, sessions: QuerySet[Session], session_id: UUID) -> Session:
    """404 for what the user cannot see, 403 for what they see and may not change."""
    found = sessions.filter(pk=session_id).first()
    if found is not None:
        return found
    session_or_404(user, session_id)
    raise Forbidden(
        _("Only the person whose session this is can do that. Copy the session to go on in one of your own.")
    )
