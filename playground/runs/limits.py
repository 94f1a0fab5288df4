"""How much one person and one workspace may run: live answers at once, and tokens a day."""

from collections.abc import Collection, Iterable
from typing import Final, NoReturn

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext as _

from playground import rows
from playground.accounts.models import User
from playground.errors import TooManyRuns
from playground.runs.metrics import RUNS_REFUSED
from playground.runs.models import Run, Session, Turn
from playground.runs.store import LIVE
from playground.runs.usage import tokens_today
from playground.workspaces.models import Workspace

AT_ONCE: Final = 256
"""So many runs never begin in one moment, of all processes together. Further from a limit than that nobody waits."""


def hold_limits(user: User, workspace: Workspace, added: Collection[Run]) -> None:
    """Called at the end of the transaction that `added` runs: close to a limit, no one else of the same counts until it
    is over.

    At its end, for those who begin many runs at once wait for each other from here on. `no_key`: rows that point to the
    user's or the workspace's are no reason to wait.

    Raises:
        TooManyRuns: the installation's limit for a person, or one of the workspace's, leaves no room for them.
    """
    limits = (settings.PLAYGROUND_MAX_RUNS_PER_USER, workspace.member_max_live_runs, workspace.max_live_runs)
    wanted = len(added)
    live = _live(user, workspace, besides=added)
    if connection.features.has_select_for_update and _is_close(live, wanted, limits):  # SQLite has one writer anyway
        User.objects.select_for_update(no_key=True).get(id=user.pk)
        if workspace.max_live_runs is not None:
            Workspace.objects.select_for_update(no_key=True).get(id=workspace.pk)
        live = _live(user, workspace, besides=added)
    yours = _("Answers of yours that stream: %(live)d of at most %(limit)d. Wait for one to end, or stop one.")
    everyones = _("Answers that stream in this workspace: %(live)d of at most %(limit)d. Wait for one to end.")
    for count, limit, message in zip(live, limits, (yours, yours, everyones), strict=True):
        if limit is not None and count + wanted > limit:
            _refuse(wanted, message % {"live": count, "limit": limit})
    _hold_tokens(user, workspace, wanted)


def _is_close(live: Iterable[int], wanted: int, limits: Iterable[int | None]) -> bool:
    return any(
        limit is not None and count + wanted + AT_ONCE > limit for count, limit in zip(live, limits, strict=True)
    )


def _live(user: User, workspace: Workspace, besides: Collection[Run]) -> tuple[int, int, int]:
    """How many runs live: of the user, of the user in this workspace, and of everybody in it."""
    others = rows.keys_of([run.id for run in besides])
    run, turn, session = map(rows.table_of, (Run, Turn, Session))
    sql = f"""
        SELECT COUNT(*) FILTER (WHERE s.owner_id = %s), COUNT(*) FILTER (WHERE s.owner_id = %s AND s.workspace_id = %s),
            COUNT(*) FILTER (WHERE s.workspace_id = %s)
        FROM {run} r JOIN {turn} t ON t.id = r.turn_id JOIN {session} s ON s.id = t.session_id
        WHERE r.status IN ({rows.places(LIVE)}) AND r.id NOT IN ({rows.places(others)})
    """  # noqa: S608
    values = [user.pk, user.pk, workspace.pk, workspace.pk, *LIVE, *others]
    ((mine, mine_here, all_here),) = rows.fetch(sql, values)
    return mine, mine_here, all_here


def _refuse(runs: int, message: str) -> NoReturn:
    RUNS_REFUSED.labels(TooManyRuns.code).inc(runs)
    raise TooManyRuns(message)


def _hold_tokens(user: User, workspace: Workspace, wanted: int) -> None:
    limit = workspace.member_max_tokens_per_day
    if limit is not None and tokens_today(workspace, user) >= limit:
        message = _("You have used your %(limit)d tokens of today. Go on tomorrow, or ask an owner for more.")
        _refuse(wanted, message % {"limit": limit})
    limit = workspace.max_tokens_per_day
    if limit is not None and tokens_today(workspace) >= limit:
        message = _("This workspace has used its %(limit)d tokens of today. Go on tomorrow, or ask an owner for more.")
        _refuse(wanted, message % {"limit": limit})
