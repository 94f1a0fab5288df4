"""What is done to many sessions at once. Each is checked on its own: what the user may not do to one is skipped."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from playground.accounts.models import User
from playground.history.services import stop_runs
from playground.review.models import SessionTag, Tag
from playground.runs.access import changeable_sessions, deletable_sessions, visible_sessions
from playground.runs.models import Session, Visibility
from playground.runs.rooms import nudge
from playground.workspaces.access import workspaces_of
from playground.workspaces.audit import record
from playground.workspaces.models import Role, Workspace

MOST: Final = 1_000
TAG_LENGTH: Final = 40


class Done(NamedTuple):
    """`moment`: of a deletion, by which all of it can be undone."""

    number: int
    moment: str = ""


def _taggable(user: User) -> QuerySet[Session]:
    return visible_sessions(user).filter(workspace__in=workspaces_of(user, Role.EDITOR))


def _deletable(user: User) -> QuerySet[Session]:
    return deletable_sessions(user).filter(deleted_at=None)


_ALLOWED: Final[Mapping[str, Callable[[User], QuerySet[Session]]]] = {
    "tag": _taggable,
    "untag": _taggable,
    "delete": _deletable,
    "export": visible_sessions,
    "private": changeable_sessions,
    "workspace": changeable_sessions,
}
ACTIONS: Final = tuple(_ALLOWED)


def allowed(user: User, workspace: Workspace, action: str, ids: Sequence[UUID]) -> list[UUID]:
    """Those of `ids` to which the user may do it, in their order."""
    may = set(_ALLOWED[action](user).filter(workspace=workspace, pk__in=ids).values_list("pk", flat=True))
    return [key for key in dict.fromkeys(ids) if key in may]


@transaction.atomic
def tag(workspace: Workspace, ids: Sequence[UUID], name: str) -> Done:
    known = Tag.objects.filter(workspace=workspace, name__iexact=name).first()
    wanted = known or Tag.objects.create(workspace=workspace, name=name)
    rows = [SessionTag(session_id=key, tag=wanted) for key in ids]
    SessionTag.objects.bulk_create(rows, ignore_conflicts=True)
    return Done(len(ids))


def untag(workspace: Workspace, ids: Sequence[UUID], name: str) -> Done:
    SessionTag.objects.filter(tag__workspace=workspace, tag__name__iexact=name, session__in=ids).delete()
    return Done(len(ids))


def delete(user: User, workspace: Workspace, ids: Sequence[UUID]) -> Done:
    """All get one moment of deletion, so that it can be undone as one."""
    now = timezone.now()
    with transaction.atomic():
        count = Session.objects.filter(pk__in=ids, deleted_at=None).update(deleted_at=now)
        if count:
            record(workspace, user, "session.delete", sessions=count)
    stop_runs(ids)
    return Done(count, now.isoformat())


def show_to(user: User, workspace: Workspace, ids: Sequence[UUID], visibility: Visibility) -> Done:
    with transaction.atomic():
        changed = Session.objects.filter(pk__in=ids).exclude(visibility=visibility).update(visibility=visibility)
        if changed:
            record(workspace, user, "session.visibility", to=visibility.value, sessions=changed)
            nudge(f"workspace:{workspace.pk}", "sessions")
    return Done(len(ids))
