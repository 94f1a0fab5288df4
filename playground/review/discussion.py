"""What people do to threads and comments. Each returns the members who were named and cannot see the session."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils.timezone import now

from playground.accounts.models import User
from playground.review.mentions import record_mentions
from playground.review.models import Comment, Thread
from playground.review.news import session_changed
from playground.runs.models import Session

Untold = list[str]
_SENT_TWICE: Final = timedelta(seconds=10)
_PLACE: Final = ("session_id", "anchor", "turn_id", "run_id", "start", "end", "seq", "t")


@transaction.atomic
def start_thread(thread: Thread, author: User, body: str) -> Untold:
    """Store a thread, as `anchors.read_anchor` makes it, with its first comment.

    What is sent twice, as by a double click, is stored once: `thread` then gets the id of the one that is there.
    """
    same_place = Thread.objects.filter(**{name: getattr(thread, name) for name in _PLACE})
    if sent := _sent(thread.session_id, author, body, thread__in=same_place):
        thread.pk = sent.thread_id
        return []
    thread.created_by = author
    thread.save()
    return _add(thread, author, body)


@transaction.atomic
def add_comment(thread: Thread, author: User, body: str) -> Untold:
    """An answer in a thread; what is sent twice is stored once."""
    if _sent(thread.session_id, author, body, thread=thread):
        return []
    return _add(thread, author, body)


def _sent(session_id: UUID, author: User, body: str, **place: object) -> Comment | None:
    """What the author said there a moment ago, if it is the same. Two requests at once wait for each other."""
    Session.objects.select_for_update().filter(pk=session_id).values_list("pk").first()
    recent = Comment.objects.filter(author=author, body=body, deleted_at=None, created_at__gt=now() - _SENT_TWICE)
    return recent.filter(**place).first()


def _add(thread: Thread, author: User, body: str) -> Untold:
    comment = Comment.objects.create(thread=thread, author=author, body=body)
    session_changed(thread.session)
    return record_mentions(comment)


@transaction.atomic
def edit_comment(comment: Comment, body: str) -> Untold:
    comment.body = body
    comment.edited_at = now()
    comment.save(update_fields=["body", "edited_at"])
    session_changed(comment.thread.session)
    return record_mentions(comment)


@transaction.atomic
def delete_comment(comment: Comment) -> bool:
    """A thread goes with its last comment: then False."""
    comment.deleted_at = now()
    comment.save(update_fields=["deleted_at"])
    session_changed(comment.thread.session)
    if comment.thread.comments.filter(deleted_at=None).exists():
        return True
    comment.thread.delete()
    return False


@transaction.atomic
def resolve(thread: Thread, user: User, *, resolved: bool) -> None:
    thread.resolved_at = now() if resolved else None
    thread.resolved_by = user if resolved else None
    thread.save(update_fields=["resolved_at", "resolved_by"])
    session_changed(thread.session)
