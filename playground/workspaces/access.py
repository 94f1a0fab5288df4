"""Who is in a workspace, and what their role lets them do there. Every access question of this app ends here."""

from typing import Final

from django.contrib.auth.models import AnonymousUser
from django.utils.translation import gettext as _

from playground.accounts.models import User
from playground.errors import Forbidden, NotFound, NotSignedIn
from playground.workspaces.models import Membership, Role, Workspace

_RANK: Final = {Role.VIEWER: 0, Role.EDITOR: 1, Role.OWNER: 2}


def current_membership(user: User | AnonymousUser) -> Membership:
    """The user's first workspace, and their role in it. Raises NotSignedIn, or NotFound for a user without any."""
    if not isinstance(user, User):
        raise NotSignedIn(_("Sign in to continue."))
    membership = user.memberships.select_related("workspace").order_by("created_at", "pk").first()
    if membership is None:
        raise NotFound(_("You are in no workspace yet: ask an owner to add you to one."))
    return membership


def current_workspace(user: User | AnonymousUser) -> Workspace:
    """Raises as `current_membership` does."""
    return current_membership(user).workspace


def role_in(user: User | AnonymousUser, workspace: Workspace) -> Role | None:
    """None for a stranger."""
    if not isinstance(user, User):
        return None
    membership = Membership.objects.filter(user=user, workspace=workspace).first()
    return Role(membership.role) if membership else None


def has_role(user: User | AnonymousUser, workspace: Workspace, least: Role) -> bool:
    role = role_in(user, workspace)
    return role is not None and _RANK[role] >= _RANK[least]


def require_role(user: User | AnonymousUser, workspace: Workspace, least: Role) -> None:
    """Raises NotFound for a stranger, Forbidden for a member whose role is too low."""
    role = role_in(user, workspace)
    if role is None:
        raise NotFound(_("This does not exist, or is not yours."))
    if _RANK[role] < _RANK[least]:
        raise Forbidden(_("Your role in this workspace does not allow this: ask an owner."))
