"""Who may see and change connections: all members see what their models do, editors the list too; owners do all."""

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from playground.accounts.models import User
from playground.connections.models import Connection
from playground.errors import NotFound
from playground.workspaces.access import current_workspace, require_role
from playground.workspaces.models import Role, Workspace


def workspace_to_view(user: User | AnonymousUser) -> Workspace:
    """Raises NotSignedIn, NotFound, Forbidden."""
    return _workspace(user, Role.EDITOR)


def workspace_to_change(user: User | AnonymousUser) -> Workspace:
    """Raises NotSignedIn, NotFound, Forbidden."""
    return _workspace(user, Role.OWNER)


def workspace_to_compare(user: User | AnonymousUser) -> Workspace:
    """What its models can do. Raises NotSignedIn, NotFound."""
    return _workspace(user, Role.VIEWER)


def visible_connections(workspace: Workspace) -> QuerySet[Connection]:
    return Connection.objects.filter(workspace=workspace)


def connection_to_change(user: User | AnonymousUser, name: str) -> Connection:
    """Raises as `workspace_to_change`; NotFound also for another workspace's connection."""
    connection = visible_connections(workspace_to_change(user)).filter(name=name).first()
    if connection is None:
        raise NotFound(_("There is no connection of this name. It may have been deleted."))
    return connection


def _workspace(user: User | AnonymousUser, least: Role) -> Workspace:
    workspace = current_workspace(user)
    require_role(user, workspace, least)
    return workspace
