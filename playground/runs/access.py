"""Who may see and change what: every page, API call and socket operation on sessions, turns and runs starts here.

| | private session | workspace session |
|---|---|---|
| its owner | sees it and stops its runs; from editor on changes it | the same |
| a member of its workspace | does not know of it | sees it, follows it live, comments |
| an owner of its workspace | does not know of it | also stops its runs, deletes and restores it |
| everybody else | does not know of it | does not know of it |

Who comes by a link has a `Grant` instead of an account: see `runs.grants`.
"""

from typing import Final

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet

from playground.accounts.models import User
from playground.runs.live import LiveRun
from playground.runs.models import Run, Session, Turn, Visibility
from playground.workspaces.access import workspaces_of
from playground.workspaces.models import Role

_SESSION: Final = "turn__session__"  # of a run


def visible_sessions(user: User | AnonymousUser) -> QuerySet[Session]:
    return Session.objects.filter(is_visible(user))


def changeable_sessions(user: User | AnonymousUser) -> QuerySet[Session]:
    """Those to which the user may add turns, and which they may rename, share and present."""
    return Session.objects.filter(_is_changeable(user))


def deletable_sessions(user: User | AnonymousUser) -> QuerySet[Session]:
    """Deleted ones too, for what can undo a deletion."""
    return Session.objects.filter(_is_deletable(user))


def stoppable_sessions(user: User | AnonymousUser) -> QuerySet[Session]:
    return Session.objects.filter(_is_stoppable(user))


def is_visible(user: User | AnonymousUser, path: str = "") -> Q:
    """That the user sees the session at the end of `path`, such as "turn__session__".

    Of a row that is named by its id, this reads the one session. To be in `visible_sessions` would have SQLite make the
    list of them all first.
    """
    mine_or_shared = Q(**{f"{path}owner_id": user.pk}) | Q(**{f"{path}visibility": Visibility.WORKSPACE})
    return mine_or_shared & Q(**{f"{path}workspace__in": workspaces_of(user), f"{path}deleted_at": None})


def _is_changeable(user: User | AnonymousUser, path: str = "") -> Q:
    mine = {f"{path}owner_id": user.pk, f"{path}workspace__in": workspaces_of(user, Role.EDITOR)}
    return Q(**mine, **{f"{path}deleted_at": None})


def _is_deletable(user: User | AnonymousUser, path: str = "") -> Q:
    mine = Q(**{f"{path}owner_id": user.pk, f"{path}workspace__in": workspaces_of(user, Role.EDITOR)})
    return mine | _is_of_an_owned_workspace(user, path)


def _is_stoppable(user: User | AnonymousUser, path: str = "") -> Q:
    """Whoever began a run may stop it for as long as they see it, in whatever role: it ends what they cause."""
    mine = Q(**{f"{path}owner_id": user.pk, f"{path}workspace__in": workspaces_of(user)})
    return (mine | _is_of_an_owned_workspace(user, path)) & Q(**{f"{path}deleted_at": None})


def _is_of_an_owned_workspace(user: User | AnonymousUser, path: str) -> Q:
    owned = workspaces_of(user, Role.OWNER)
    return Q(**{f"{path}visibility": Visibility.WORKSPACE, f"{path}workspace__in": owned})


def visible_turns(user: User | AnonymousUser) -> QuerySet[Turn]:
    return Turn.objects.filter(is_visible(user, "session__"))


def changeable_turns(user: User | AnonymousUser) -> QuerySet[Turn]:
    return Turn.objects.filter(_is_changeable(user, "session__"))


def may_see_live(user: User, live: LiveRun) -> bool:
    """`visible_runs` for a run that lives here, without the database: deleting a session stops its runs."""
    return live.spec.user_id == user.pk and user.is_active


def visible_runs(user: User | AnonymousUser) -> QuerySet[Run]:
    """Runs with their turn and session, which every view of a run needs."""
    return Run.objects.filter(is_visible(user, _SESSION)).select_related("turn__session")


def changeable_runs(user: User | AnonymousUser) -> QuerySet[Run]:
    """Those that the user may retry."""
    return Run.objects.filter(_is_changeable(user, _SESSION)).select_related("turn__session")


def stoppable_runs(user: User | AnonymousUser) -> QuerySet[Run]:
    """One's own, and an owner's workspace's."""
    return Run.objects.filter(_is_stoppable(user, _SESSION)).select_related("turn__session")
