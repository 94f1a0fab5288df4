"""Copies a session, so that someone else can go on from it."""

from collections.abc import Iterator
from itertools import islice
from typing import Any, Final, TypeVar
from uuid import UUID

from django.db import transaction
from django.db.models import Manager, Model
from django.utils import timezone

from playground.accounts.models import User
from playground.recording.status import FINAL
from playground.runs.models import Run, Segment, Session, Turn, new_id

M = TypeVar("M", bound=Model)
_AT_ONCE: Final = 200


@transaction.atomic
def copy_session(session: Session, user: User) -> Session:
    """A private session of `user` in the same workspace, with the turns, and the runs that have ended as recorded.

    A turn whose answers are all still streaming comes without any.
    """
    copy = Session.objects.create(
        owner=user,
        workspace_id=session.workspace_id,
        title=session.title,
        origin=session.origin,
        is_recorded=session.is_recorded,
        copied_from=session,
        updated_at=timezone.now(),
    )
    turns = {pk: new_id() for pk in session.turns.values_list("pk", flat=True)}
    ended = Run.objects.filter(turn__session=session, status__in=FINAL).order_by("created_at")
    runs = {pk: new_id() for pk in ended.values_list("pk", flat=True)}
    _write(Turn.objects, (_again(turn, turns[turn.pk], session_id=copy.pk) for turn in session.turns.all()))
    _write(Run.objects, (_run(run, turns, runs) for run in ended.iterator(_AT_ONCE)))
    segments = Segment.objects.filter(run__in=ended).iterator(_AT_ONCE)
    _write(Segment.objects, (_again(segment, None, run_id=runs[segment.run_id]) for segment in segments))
    return copy


def _run(run: Run, turns: dict[UUID, UUID], runs: dict[UUID, UUID]) -> Run:
    return _again(
        run,
        runs[run.pk],
        turn_id=turns[run.turn_id],
        retries_id=runs.get(run.retries_id) if run.retries_id else None,
        continues_id=runs.get(run.continues_id) if run.continues_id else None,
        owner_process="",
        lease_expires_at=None,
    )


def _again(row: M, pk: UUID | None, **changes: Any) -> M:
    values = {name: value for name, value in vars(row).items() if not name.startswith("_")}
    return type(row)(**{**values, "id": pk, **changes})


def _write(table: Manager[M], rows: Iterator[M]) -> None:
    while some := list(islice(rows, _AT_ONCE)):
        table.bulk_create(some)
