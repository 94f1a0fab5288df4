"""Which sessions a list is of, always of one workspace, and their order there."""

from enum import StrEnum

from django.db.models import QuerySet

from playground.accounts.models import User
from playground.history.access import restorable_sessions
from playground.runs.access import visible_sessions
from playground.runs.models import Session, Visibility
from playground.workspaces.models import Workspace


class Scope(StrEnum):
    """MINE: the user's own. WORKSPACE: what the workspace sees, by anyone. DELETED: what can be restored."""

    MINE = "mine"
    WORKSPACE = "workspace"
    DELETED = "deleted"

    @property
    def moment(self) -> str:
        """The field that the list is ordered by, newest first."""
        return "deleted_at" if self is Scope.DELETED else "updated_at"

    @property
    def has_pins(self) -> bool:
        """Pins are their owner's."""
        return self is Scope.MINE

    @property
    def ordering(self) -> list[str]:
        return [*(["-pinned"] if self.has_pins else []), f"-{self.moment}", "-pk"]


def sessions_in(user: User, workspace: Workspace, scope: Scope) -> QuerySet[Session]:
    if scope is Scope.DELETED:
        return restorable_sessions(user).filter(workspace=workspace)
    sessions = visible_sessions(user).filter(workspace=workspace)
    return sessions.filter(visibility=Visibility.WORKSPACE) if scope is Scope.WORKSPACE else sessions.filter(owner=user)
