"""Who may see and change what: every page, API call and socket operation on sessions, turns and runs starts here.

| | private session | workspace session |
|---|---|---|
| its owner | sees it; from editor on changes it | the same |
| a member of its workspace | does not know of it | sees it, follows it live, comments |
| an owner of its workspace | does not know of it | also stops its runs, deletes and restores it |
| everybody else | does not know of it | does not know of it |

Who comes by a link has a `Grant` instead of an account: see `runs.grants`.
"""

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet

from playground.accounts.models import User
from playground.runs.live import LiveRun
from playground.runs.models import Run, Session, Turn, Visibility
from playground.workspaces.access import workspaces_of
from playground.workspaces.models import Role


def own_sessions(user: User | AnonymousUser) -> QuerySet[Session]:
    """All sessions of a user in workspaces that they are in, deleted ones too."""
    return Session.objects.filter(owner_id=user.pk, workspace__in=workspaces_of(user))


def visible_sessions(user: User | AnonymousUser) -> QuerySet[Session]:
    mine_or_shared = Q(owner_id=user.pk) | Q(visibility=Visibility.WORKSPACE)
    return Session.objects.filter(mine_or_shared, workspace__in=workspaces_of(user), deleted_at=None)


def changeable_sessions(user: User | AnonymousUser) -> QuerySet[Session]:
    """Those to which the user may add turns, and which they may rename, share and present."""
    return Session.objects.filter(owner_id=user.pk, workspace__in=workspaces_of(user, Role.EDITOR), deleted_at=None)


def deletable_sessions(user: User | AnonymousUser) -> QuerySet[Session]:
    """Deleted ones too, for what can undo a deletion."""
    shared = Q(visibility=Visibility.WORKSPACE, workspace__in=workspaces_of(user, Role.OWNER))
    return Session.objects.filter(Q(owner_id=user.pk, workspace__in=workspaces_of(user, Role.EDITOR)) | shared)


def visible_turns(user: User | AnonymousUser) -> QuerySet[Turn]:
    return Turn.objects.filter(session__in=visible_sessions(user))


def changeable_turns(user: User | AnonymousUser) -> QuerySet[Turn]:
    return Turn.objects.filter(session__in=changeable_sessions(user))


def may_see_live(user: User, live: LiveRun) -> bool:
    """`visible_runs` for a run that lives here, without the database: deleting a session stops its runs."""
    return live.spec.user_id == user.pk and user.is_active


def visible_runs(user: User | AnonymousUser) -> QuerySet[Run]:
    """Runs with their turn and session, which every view of a run needs."""
    return Run.objects.filter(turn__session__in=visible_sessions(user)).select_related("turn__session")


def changeable_runs(user: User | AnonymousUser) -> QuerySet[Run]:
    """Those that the user may retry."""
    return Run.objects.filter(turn__session__in=changeable_sessions(user)).select_related("turn__session")


def stoppable_runs(user: User | AnonymousUser) -> QuerySet[Run]:
    """One's own, and an owner's workspace's."""
    sessions = deletable_sessions(user).filter(deleted_at=None)
    return Run.objects.filter(turn__session__in=sessions).select_related("turn__session")
