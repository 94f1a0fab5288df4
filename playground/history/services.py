"""What a user does to a saved session: rename, pin, delete, take the deletion back."""

from typing import Final

from django.utils import timezone

from playground.accounts.models import User
from playground.history.access import KEPT_AFTER_DELETION
from playground.runs.access import own_sessions
from playground.runs.models import Run, Session
from playground.runs.store import LIVE
from playground.runs.turns import request_stop

TITLE_LENGTH: Final = 200
_DEFAULT_LENGTH: Final = 80
_PURGED_AT_ONCE: Final = 20


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


def delete(session: Session) -> None:
    """Hide it, and stop what still runs in it; for 30 days that can be undone.

    Its owner's sessions that were deleted longer ago go for good.
    """
    for run in Run.objects.filter(turn__session=session, status__in=LIVE):
        request_stop(run)
    session.deleted_at = timezone.now()
    session.save(update_fields=["deleted_at"])
    purge(session.owner)


def restore(session: Session) -> None:
    session.deleted_at = None
    session.save(update_fields=["deleted_at"])


def purge(owner: User) -> int:
    """Remove a user's sessions that were deleted more than 30 days ago, a few at a time; how many."""
    expired = own_sessions(owner).filter(deleted_at__lte=timezone.now() - KEPT_AFTER_DELETION)
    ids = list(expired.values_list("pk", flat=True)[:_PURGED_AT_ONCE])
    Session.objects.filter(pk__in=ids).delete()
    return len(ids)
