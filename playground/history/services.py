"""What a user does to a saved session: rename, pin, delete, take the deletion back."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from playground.accounts.models import User
from playground.runs.models import Run, Session
from playground.runs.stopping import request_stop
from playground.runs.store import LIVE
from playground.workspaces.audit import record

TITLE_LENGTH: Final = 200
_DEFAULT_LENGTH: Final = 80


def default_title(prompt: str) -> str:
    """The first line of a prompt that says something, cut at a word."""
    line = next((line.strip() for line in prompt.splitlines() if line.strip()), "")
    line = line.lstrip("#>*- ") or line
    if len(line) <= _DEFAULT_LENGTH:
        return line
    cut = line[:_DEFAULT_LENGTH]
    words = cut.rsplit(maxsplit=1)
    return f"{words[0] if len(words) > 1 and len(words[0]) > _DEFAULT_LENGTH // 2 else cut}…"


def rename(session: Session, title: str) -> None:
    """An empty title brings the default one back."""
    title = " ".join(title.split())[:TITLE_LENGTH]
    if not title:
        prompt = session.turns.order_by("position").values_list("prompt", flat=True).first()
        title = default_title(prompt or "")
    session.title = title
    session.save(update_fields=["title"])


def pin(session: Session, *, pinned: bool) -> None:
    session.pinned = pinned
    session.save(update_fields=["pinned"])


def delete(user: User, session: Session) -> None:
    """Hide it, and stop what still runs in it; for 30 days that can be undone. Then it is purged: see `runs.purge`."""
    with transaction.atomic():
        session.deleted_at = timezone.now()
        session.save(update_fields=["deleted_at"])
        record(session.workspace, user, "session.delete", session, subject_id=session.pk)
    stop_runs([session.pk])


def stop_runs(session_ids: Sequence[UUID]) -> None:
    for run in Run.objects.filter(turn__session__in=session_ids, status__in=LIVE):
        request_stop(run)


def restore(user: User, session: Session) -> None:
    with transaction.atomic():
        session.deleted_at = None
        session.save(update_fields=["deleted_at"])
        record(session.workspace, user, "session.restore", session, subject_id=session.pk)


def restore_all(user: User, sessions: QuerySet[Session]) -> int:
    """Sessions of one workspace; how many."""
    with transaction.atomic():
        first = sessions.select_related("workspace").first()
        count = sessions.update(deleted_at=None)
        if first is not None:
            record(first.workspace, user, "session.restore", sessions=count)
    return count
