"""Who is in a workspace, and what their role lets them do there. Every access question of this app ends here."""

from typing import Final

from django.contrib.auth.models import AnonymousUser
from django.db.models import F, QuerySet
from django.utils.translation import gettext as _

from playground import rows
from playground.accounts.models import User
from playground.errors import Forbidden, NotFound, NotSignedIn
from playground.workspaces.models import Membership, Role, Workspace

_SHOWN: Final = 200  # of one's workspaces, in a list
_RANK: Final = {Role.VIEWER: 0, Role.EDITOR: 1, Role.OWNER: 2}


class NoWorkspace(NotFound):
    """A person gets a page that says how to get into one."""

    page = "workspaces/none.html"


def memberships_of(user: User) -> list[Membership]:
    """With their workspace, the current one first. One query."""
    return list(_by_choice(user.memberships.select_related("workspace"))[:_SHOWN])


def current_membership(user: User | AnonymousUser) -> Membership:
    """The workspace that the user selected last, and their role in it.

    Raises NotSignedIn, or NoWorkspace for a user without any.
    """
    if not isinstance(user, User):
        raise NotSignedIn(_("Sign in to continue."))
    membership = _by_choice(user.memberships.select_related("workspace")).first()
    if membership is None:
        raise NoWorkspace(_("You are in no workspace yet: make one, or ask an owner of one for a link to join."))
    return membership


def current_workspace(user: User | AnonymousUser) -> Workspace:
    """Raises as `current_membership` does."""
    return current_membership(user).workspace


def role_in(user: User | AnonymousUser, workspace: Workspace) -> Role | None:
    """None for a stranger."""
    if not isinstance(user, User):
        return None
    table = rows.table_of(Membership)  # by hand, for every run that begins asks this
    found = rows.fetch(f"SELECT role FROM {table} WHERE user_id = %s AND workspace_id = %s", [user.pk, workspace.pk])  # noqa: S608
    return Role(found[0][0]) if found else None


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


def membership_of_owner(user: User | AnonymousUser) -> Membership:
    """One's membership in the current workspace, which one owns. Raises as `current_membership` does, and Forbidden."""
    membership = current_membership(user)
    if Role(membership.role) is not Role.OWNER:
        raise Forbidden(_("Only an owner of the workspace can do this: ask one."))
    return membership


def member_to_manage(user: User | AnonymousUser, member_id: int) -> Membership:
    """A member of the current workspace, which the user owns; with user and workspace.

    Raises as `membership_of_owner` does, and NotFound.
    """
    workspace = membership_of_owner(user).workspace
    members = Membership.objects.filter(workspace=workspace).select_related("user", "workspace")
    member = members.filter(pk=member_id).first()
    if member is None:
        raise NotFound(_("There is no such member: they may have left."))
    return member


def workspaces_of(user: User | AnonymousUser, least: Role = Role.VIEWER) -> "QuerySet[Membership, int]":
    """The ids of the workspaces in which the user has at least this role, as a subquery."""
    roles = [role for role, rank in _RANK.items() if rank >= _RANK[least]]
    return Membership.objects.filter(user_id=user.pk or 0, role__in=roles, user__is_active=True).values_list(
        "workspace_id", flat=True
    )


def _by_choice(memberships: "QuerySet[Membership]") -> "QuerySet[Membership]":
    """The one that was selected last comes first, then those joined first."""
    return memberships.order_by(F("selected_at").desc(nulls_last=True), "created_at", "pk")
