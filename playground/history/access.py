"""Which session or run a request names. What is not the user's does not exist for them: 404."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone

from playground.accounts.models import User
from playground.runs.access import own_sessions, visible_runs, visible_sessions
from playground.runs.models import Run, Session

KEPT_AFTER_DELETION: Final = timedelta(days=30)


def session_or_404(user: User, session_id: UUID) -> Session:
    return get_object_or_404(visible_sessions(user), pk=session_id)


def restorable_sessions(user: User) -> QuerySet[Session]:
    """The user's deleted sessions whose deletion can still be undone."""
    return own_sessions(user).filter(deleted_at__gt=timezone.now() - KEPT_AFTER_DELETION)


def restorable_session_or_404(user: User, session_id: UUID) -> Session:
    return get_object_or_404(restorable_sessions(user), pk=session_id)


def run_or_404(user: User, run_id: UUID) -> Run:
    return get_object_or_404(visible_runs(user), pk=run_id)
