"""What people do with whole workspaces: make one, rename it, go to another."""

import secrets

from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from playground.accounts.models import User
from playground.errors import NotFound
from playground.workspaces.audit import record
from playground.workspaces.models import Membership, Role, Workspace
from playground.workspaces.signals import workspace_created


@transaction.atomic
def create_workspace(user: User, name: str) -> Membership:
    """The user owns it, and it becomes their current one."""
    slug = f"{slugify(name)[:50] or 'workspace'}-{secrets.token_hex(4)}"
    workspace = Workspace.objects.create(name=name, slug=slug)
    record(workspace, user, "workspace.create", name, subject_id=workspace.pk)
    owner = Membership.objects.create(user=user, workspace=workspace, role=Role.OWNER, selected_at=timezone.now())
    workspace_created.send(Workspace, workspace=workspace, owner=user)
    return owner


@transaction.atomic
def rename(actor: User, workspace: Workspace, name: str) -> None:
    before, workspace.name = workspace.name, name
    if before != name:
        workspace.save(update_fields=["name"])
        record(workspace, actor, "workspace.rename", name, subject_id=workspace.pk, before=before)


def select(user: User, workspace_id: int) -> None:
    """Make it the user's current workspace. Raises NotFound for who is no member."""
    if not Membership.objects.filter(user=user, workspace_id=workspace_id).update(selected_at=timezone.now()):
        raise NotFound(_("This does not exist, or is not yours."))
