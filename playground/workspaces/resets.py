"""Who may make a link that resets a password.

A password opens all of a person's workspaces. So an owner may reset it only where that gives them nothing which is not
theirs already: they own every workspace that the person is in, and the person does not operate the installation.
Asked when the link is made, and again when it is used.
"""

from django.db import transaction
from django.utils.translation import gettext as _

from playground.accounts import reset_links
from playground.accounts.forms import SetPassword
from playground.accounts.models import ResetLink, User
from playground.errors import Forbidden, NotFound
from playground.workspaces.audit import record
from playground.workspaces.models import Membership, Role, Workspace


def may_reset(actor: User, person: User) -> bool:
    if not actor.is_active or not person.is_active:
        return False
    if actor.is_superuser:
        return True
    if person.is_staff or person.is_superuser:
        return False
    theirs = set(person.memberships.values_list("workspace_id", flat=True))
    owned = set(actor.memberships.filter(role=Role.OWNER).values_list("workspace_id", flat=True))
    return bool(theirs) and theirs <= owned


def why_not(person: User) -> str:
    """Tells nothing of the other workspaces that a person is in, but that there are some."""
    if person.is_staff or person.is_superuser:
        reason = _("%(name)s helps to run this installation.")
    elif not person.is_active:
        reason = _("The account of %(name)s is switched off.")
    else:
        reason = _("%(name)s is also in a workspace that you do not own, and the password opens that one too.")
    how = _("Whoever runs the installation can do it, in the administration or with “manage.py changepassword”.")
    return f"{reason % {'name': person.username}} {how}"


@transaction.atomic
def make_link(actor: User, workspace: Workspace, member: Membership) -> str:
    """Returns the link's token. Raises Forbidden."""
    if not may_reset(actor, member.user):
        raise Forbidden(why_not(member.user))
    record(workspace, actor, "password.reset_link", member.user, subject_id=member.user_id)
    return reset_links.create_reset_link(member.user, actor)


def find_link(token: str) -> ResetLink | None:
    """None for one that may not be used (any more), for whatever reason."""
    link = reset_links.find_link(token)
    return link if link is not None and may_reset(link.created_by, link.user) else None


@transaction.atomic
def use_link(link: ResetLink, form: SetPassword) -> None:
    """Set the password of a valid form, and tell it in the audit logs of all workspaces that the password opens.

    Raises NotFound if the link was used meanwhile.
    """
    if not reset_links.spend(link, form):
        raise NotFound(_("This link was used already: sign in with the password that was set, or ask for a new link."))
    for membership in link.user.memberships.select_related("workspace"):
        details = {"link_by": link.created_by.username}
        record(membership.workspace, link.user, "password.reset", link.user, subject_id=link.user_id, **details)
