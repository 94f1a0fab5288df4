"""Who joins a workspace."""

from typing import Any

from playground.accounts.models import User
from playground.workspaces.models import Membership, Role, Workspace


def join(user: User, workspace: Workspace, role: Role) -> Membership:
    """Makes the user a member; a member stays what they are."""
    membership, _ = Membership.objects.get_or_create(user=user, workspace=workspace, defaults={"role": role})
    return membership


def superusers_own_the_default_workspace(instance: User, *, created: bool, raw: bool = False, **_kwargs: Any) -> None:
    """A `post_save` receiver: whoever operates the installation can use it, however their account was made."""
    if created and instance.is_superuser and not raw:
        join(instance, Workspace.objects.default(), Role.OWNER)
