"""How much one person and one workspace may run: live answers at once, and tokens a day."""

from django.conf import settings
from django.db import connection
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from playground.accounts.models import User
from playground.errors import TooManyRuns
from playground.runs.models import Run
from playground.runs.store import LIVE
from playground.runs.usage import tokens_today
from playground.workspaces.models import Workspace


def hold_limits(user: User, workspace: Workspace, wanted: int) -> None:
    """Called in the transaction that adds `wanted` runs: until it ends, no one else of the same limits counts.

    Raises:
        TooManyRuns: the installation's limit for a person, or one of the workspace's, leaves no room.
    """
    if connection.features.has_select_for_update:  # SQLite has one writer anyway
        User.objects.select_for_update().get(id=user.pk)
        if workspace.max_live_runs is not None:
            Workspace.objects.select_for_update().get(id=workspace.pk)
    live = Run.objects.filter(status__in=LIVE)
    mine = live.filter(turn__session__owner=user)
    yours = _("Answers of yours that stream: %(live)d of at most %(limit)d. Wait for one to end, or stop one.")
    _hold(mine, wanted, settings.PLAYGROUND_MAX_RUNS_PER_USER, yours)
    _hold(mine.filter(turn__session__workspace=workspace), wanted, workspace.member_max_live_runs, yours)
    everyones = _("Answers that stream in this workspace: %(live)d of at most %(limit)d. Wait for one to end.")
    _hold(live.filter(turn__session__workspace=workspace), wanted, workspace.max_live_runs, everyones)
    _hold_tokens(user, workspace)


def _hold(live: QuerySet[Run], wanted: int, limit: int | None, message: str) -> None:
    if limit is not None and (count := live.count()) + wanted > limit:
        raise TooManyRuns(message % {"live": count, "limit": limit})


def _hold_tokens(user: User, workspace: Workspace) -> None:
    limit = workspace.member_max_tokens_per_day
    if limit is not None and tokens_today(workspace, user) >= limit:
        message = _("You have used your %(limit)d tokens of today. Go on tomorrow, or ask an owner for more.")
        raise TooManyRuns(message % {"limit": limit})
    limit = workspace.max_tokens_per_day
    if limit is not None and tokens_today(workspace) >= limit:
        message = _("This workspace has used its %(limit)d tokens of today. Go on tomorrow, or ask an owner for more.")
        raise TooManyRuns(message % {"limit": limit})
