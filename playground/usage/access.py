"""Who sees how much is used: owners everybody's, other members their own and the workspace's total."""

from playground.accounts.models import User
from playground.workspaces.access import current_membership, require_role
from playground.workspaces.models import Membership, Role, Workspace


def membership_to_view(user: User) -> Membership:
    """Raises NotSignedIn, NotFound."""
    return current_membership(user)


def sees_everybody(membership: Membership) -> bool:
    return membership.role == Role.OWNER


def workspace_to_limit(user: User) -> Workspace:
    """Raises NotSignedIn, NotFound, Forbidden."""
    workspace = current_membership(user).workspace
    require_role(user, workspace, Role.OWNER)
    return workspace
