"""Who may see what: every page, API call and socket operation on sessions, turns and runs starts from one of these."""

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet

from playground.accounts.models import User
from playground.runs.live import LiveRun
from playground.runs.models import Run, Session, Turn


def own_sessions(user: User | AnonymousUser) -> QuerySet[Session]:
    """All sessions of a user, deleted ones too: for what can undo a deletion."""
    return Session.objects.filter(owner_id=user.pk) if user.is_active else Session.objects.none()


def visible_sessions(user: User | AnonymousUser) -> QuerySet[Session]:
    return own_sessions(user).filter(deleted_at=None)


def visible_turns(user: User | AnonymousUser) -> QuerySet[Turn]:
    return Turn.objects.filter(session__in=visible_sessions(user))


def may_see_live(user: User, live: LiveRun) -> bool:
    """`visible_runs` for a run that lives here, without the database: deleting a session stops its runs."""
    return live.spec.user_id == user.pk and user.is_active


def visible_runs(user: User | AnonymousUser) -> QuerySet[Run]:
    """Runs with their turn and session, which every view of a run needs."""
    return Run.objects.filter(turn__session__in=visible_sessions(user)).select_related("turn__session")
