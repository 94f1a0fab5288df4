"""Who joins a workspace, as what they stay, and how they leave: a workspace has an owner at all times."""

from typing import Any, Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from playground.accounts.models import User
from playground.errors import Conflict
from playground.workspaces import tokens
from playground.workspaces.audit import record
from playground.workspaces.models import ApiToken, Membership, Role, Workspace

_NAMES: Final = 1000  # of members, in a list


def join(user: User, workspace: Workspace, role: Role) -> Membership:
    """Makes the user a member; a member stays what they are."""
    membership, _created = Membership.objects.get_or_create(user=user, workspace=workspace, defaults={"role": role})
    return membership


def members_of(workspace: Workspace) -> "list[Membership]":
    """With their user: owners first, then by name."""
    rank = {Role.OWNER: 0, Role.EDITOR: 1, Role.VIEWER: 2}
    members = Membership.objects.filter(workspace=workspace).select_related("user").order_by("user__username")
    return sorted(members[:_NAMES], key=lambda member: rank[Role(member.role)])


def is_the_only_owner(member: Membership) -> bool:
    """Whether nobody who can sign in would own the workspace without them."""
    others = Membership.objects.filter(workspace=member.workspace, role=Role.OWNER).exclude(pk=member.pk)
    return Role(member.role) is Role.OWNER and not others.filter(user__is_active=True).exists()


@transaction.atomic
def change_role(actor: User, member: Membership, role: Role) -> None:
    """Raises Conflict for the only owner."""
    member = _locked(member)
    before = Role(member.role)
    if before is role:
        return
    if before is Role.OWNER:
        _refuse_the_only_owner(member, _("You are the only owner: make someone else an owner first."))
    member.role = role
    member.save(update_fields=["role"])
    details = {"from": before.value, "to": role.value}
    record(member.workspace, actor, "member.role", member.user, subject_id=member.user_id, **details)


@transaction.atomic
def leave(member: Membership) -> None:
    """Raises Conflict for the only owner."""
    member = _locked(member)
    _refuse_the_only_owner(
        member, _("You are the only owner, and a workspace needs one: transfer the ownership first, then leave.")
    )
    _end(member)
    record(member.workspace, member.user, "member.leave", member.user, subject_id=member.user_id)


@transaction.atomic
def remove(actor: User, member: Membership) -> None:
    """Raises Conflict for the only owner."""
    member = _locked(member)
    _refuse_the_only_owner(member, _("The only owner cannot be removed: make someone else an owner first."))
    _end(member)
    record(member.workspace, actor, "member.remove", member.user, subject_id=member.user_id)


@transaction.atomic
def transfer(owner: Membership, heir: Membership) -> None:
    """`heir` becomes an owner, and `owner` an editor."""
    owner, heir = _locked(owner), _locked(heir)
    if Role(owner.role) is not Role.OWNER or owner.pk == heir.pk:
        raise Conflict(_("The ownership can be transferred by an owner, to another member."))
    heir.role, owner.role = Role.OWNER, Role.EDITOR
    heir.save(update_fields=["role"])
    owner.save(update_fields=["role"])
    record(owner.workspace, owner.user, "member.transfer", heir.user, subject_id=heir.user_id)


def superusers_own_the_default_workspace(instance: User, *, created: bool, raw: bool = False, **_kwargs: Any) -> None:
    """A `post_save` receiver: whoever operates the installation can use it, however their account was made."""
    if created and instance.is_superuser and not raw:
        join(instance, Workspace.objects.default(), Role.OWNER)


def _locked(member: Membership) -> Membership:
    """The member as it is now; nobody else changes the members of this workspace until the transaction ends.

    Raises Conflict if it is gone.
    """
    Workspace.objects.select_for_update().get(pk=member.workspace_id)
    fresh = Membership.objects.select_related("user", "workspace").filter(pk=member.pk).first()
    if fresh is None:
        raise Conflict(_("This person is no longer a member."))
    return fresh


def _refuse_the_only_owner(member: Membership, message: str) -> None:
    if is_the_only_owner(member):
        raise Conflict(message)


def _end(member: Membership) -> None:
    live = ApiToken.objects.filter(user=member.user, workspace=member.workspace, revoked_at=None)
    live.update(revoked_at=timezone.now())
    tokens.forget_known()
    Membership.objects.filter(pk=member.pk).delete()
