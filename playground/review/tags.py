"""Tags of sessions: a workspace's own words, each once whatever its case."""

from collections.abc import Iterable, Sequence

from django.db import transaction
from django.db.models import Count, Q, QuerySet

from playground.accounts.models import User
from playground.review.models import SessionTag, Tag
from playground.review.news import session_changed
from playground.runs.access import visible_sessions
from playground.runs.models import Session
from playground.workspaces.audit import record
from playground.workspaces.models import Workspace


def tags_of(session: Session) -> Sequence[Tag]:
    return list(Tag.objects.filter(session_tags__session=session))


def known_tags(workspace: Workspace) -> QuerySet[Tag]:
    return Tag.objects.filter(workspace=workspace)


def counted_tags(workspace: Workspace, user: User) -> QuerySet[Tag]:
    """With `uses`, the sessions that the user sees under each."""
    seen = Q(session_tags__session__in=visible_sessions(user))
    return known_tags(workspace).annotate(uses=Count("session_tags", filter=seen))


@transaction.atomic
def add_tag(session: Session, name: str) -> Tag:
    tag = _named(session.workspace, name) or Tag.objects.create(workspace=session.workspace, name=name)
    SessionTag.objects.get_or_create(session=session, tag=tag)
    session_changed(session)
    return tag


@transaction.atomic
def add_tag_to_all(sessions: Iterable[Session], name: str) -> None:
    """For a list's bulk action."""
    for session in sessions:
        add_tag(session, name)


@transaction.atomic
def remove_tag(session: Session, tag: Tag) -> None:
    SessionTag.objects.filter(session=session, tag=tag).delete()
    session_changed(session)


@transaction.atomic
def rename_tag(tag: Tag, name: str, actor: User) -> Tag:
    """Where another tag has the name, its sessions go to that one: the two are merged. Returns the tag that stays."""
    other = _named(tag.workspace, name)
    before = tag.name
    if other is not None and other != tag:
        record(tag.workspace, actor, "tag.merge", before, subject_id=tag.pk, into=other.name)
        tagged = SessionTag.objects.filter(tag=other).values("session")
        SessionTag.objects.filter(tag=tag).exclude(session__in=list(tagged.values_list("session", flat=True))).update(
            tag=other
        )
        tag.delete()
        return other
    tag.name = name
    tag.save(update_fields=["name"])
    record(tag.workspace, actor, "tag.rename", name, subject_id=tag.pk, was=before)
    return tag


@transaction.atomic
def delete_tag(tag: Tag, actor: User) -> None:
    record(tag.workspace, actor, "tag.delete", tag.name, subject_id=tag.pk)
    tag.delete()


def _named(workspace: Workspace, name: str) -> Tag | None:
    return Tag.objects.filter(workspace=workspace, name__iexact=name).first()
