"""Who sees the filters of a workspace and who changes them: members see them, editors change them."""

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from playground.accounts.models import User
from playground.errors import NotFound
from playground.filters.models import FilterRule
from playground.runs.access import visible_runs
from playground.runs.models import Run
from playground.workspaces.access import current_membership, has_role, require_role
from playground.workspaces.models import Membership, Role, Workspace


def membership_to_view(user: User) -> Membership:
    """Raises NotSignedIn, NotFound."""
    return current_membership(user)


def may_change(user: User, workspace: Workspace) -> bool:
    return has_role(user, workspace, Role.EDITOR)


def workspace_to_change(user: User) -> Workspace:
    """Raises NotSignedIn, NotFound, Forbidden."""
    workspace = current_membership(user).workspace
    require_role(user, workspace, Role.EDITOR)
    return workspace


def rule_to_change(user: User, rule_id: int) -> FilterRule:
    """Raises NotFound, also for a stranger; Forbidden."""
    rule = FilterRule.objects.select_related("workspace").filter(pk=rule_id).first()
    if rule is None:
        raise NotFound(_("This rule does not exist, or is not yours: it may have been deleted."))
    require_role(user, rule.workspace, Role.EDITOR)
    return rule


def runs_to_try(user: User, workspace: Workspace) -> QuerySet[Run]:
    """The recordings that one may look at, of one workspace."""
    return visible_runs(user).filter(turn__session__workspace=workspace, turn__is_recorded=True)
