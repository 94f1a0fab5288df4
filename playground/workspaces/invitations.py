"""Invitations by link: whoever has the link joins the workspace.

A link ends when it expires, is revoked or was used as often as it may be, and with the ownership of who made it: an
owner who was removed has left no door open. Opening a link changes nothing; the POST of its page spends it.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from playground.accounts.link_tokens import digest_of, new_token
from playground.accounts.models import User
from playground.errors import NotFound
from playground.workspaces.audit import record
from playground.workspaces.members import join
from playground.workspaces.models import Invitation, Membership, Role, Workspace

LIFETIMES_DAYS: Final = (1, 7, 30)


@dataclass(frozen=True, slots=True)
class Offer:
    """`uses` None: any number of people. `email`: where the link is sent, if it is."""

    role: Role
    days: int
    uses: int | None = 1
    email: str = ""


@transaction.atomic
def invite(owner: User, workspace: Workspace, offer: Offer) -> tuple[str, Invitation]:
    """Returns the token, which cannot be read again, and what it opens."""
    token = new_token()
    invitation = Invitation.objects.create(
        workspace=workspace,
        role=offer.role,
        digest=digest_of(token),
        email=offer.email,
        uses_left=offer.uses,
        created_by=owner,
        expires_at=timezone.now() + timedelta(days=offer.days),
    )
    details = {"role": offer.role.value, "days": offer.days, "uses": offer.uses or "any"}
    record(workspace, owner, "invitation.create", offer.email, subject_id=invitation.pk, **details)
    return token, invitation


def open_invitations(workspace: Workspace) -> QuerySet[Invitation]:
    """Those that still let somebody in, newest first."""
    return _live().filter(workspace=workspace).select_related("created_by").order_by("-created_at", "-pk")


def find(token: str) -> Invitation | None:
    """With its workspace and who made it; None if the link lets nobody in (any more)."""
    return _live().select_related("workspace", "created_by").filter(digest=digest_of(token)).first()


@transaction.atomic
def accept(token: str, user: User) -> Membership:
    """The user joins, and the workspace becomes their current one. A member stays what they are and spends nothing.

    Raises NotFound if the link lets nobody in (any more). Of simultaneous uses of a last place, one wins.
    """
    invitation = find(token)
    if invitation is None:
        raise _ended()
    membership = Membership.objects.filter(user=user, workspace=invitation.workspace).first()
    if membership is None:
        if not _spend(invitation):
            raise _ended()
        membership = join(user, invitation.workspace, Role(invitation.role))
        details = {"role": invitation.role, "invited_by": invitation.created_by.username}
        record(invitation.workspace, user, "member.join", user, subject_id=user.pk, **details)
    membership.selected_at = timezone.now()
    membership.save(update_fields=["selected_at"])
    return membership


@transaction.atomic
def revoke(actor: User, workspace: Workspace, invitation_id: int) -> None:
    """Raises NotFound if the workspace has no such open invitation."""
    invitation = Invitation.objects.filter(pk=invitation_id, workspace=workspace, revoked_at=None).first()
    if invitation is None:
        raise NotFound(_("This invitation does not exist, or is revoked already."))
    Invitation.objects.filter(pk=invitation.pk).update(revoked_at=timezone.now())
    record(workspace, actor, "invitation.revoke", invitation.email, subject_id=invitation.pk, role=invitation.role)


def _live() -> QuerySet[Invitation]:
    still_owned = Q(
        created_by__is_active=True,
        workspace__memberships__user=F("created_by"),
        workspace__memberships__role=Role.OWNER,
    )
    has_place = Q(uses_left=None) | Q(uses_left__gt=0)
    return Invitation.objects.filter(still_owned, has_place, revoked_at=None, expires_at__gt=timezone.now())


def _spend(invitation: Invitation) -> bool:
    # Asked of this table alone: PostgreSQL looks again at a row that it waited for, and not at one that is joined.
    row = Invitation.objects.filter(pk=invitation.pk, revoked_at=None)
    if invitation.uses_left is None:
        return row.exists()
    return bool(row.filter(uses_left__gt=0).update(uses_left=F("uses_left") - 1))


def _ended() -> NotFound:
    return NotFound(_("This invitation no longer works: it expired, was revoked, or was used. Ask for a new one."))
