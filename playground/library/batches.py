"""Batches: a version run against rows of values, a few at a time, until all were started or someone stops it.

The rows are started by whichever server process holds the batch's lease, as a duty of its engine. A row and its turn
are saved together: after a crash a row either has its turn, or is started again.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from playground.accounts.models import User
from playground.errors import Busy, Forbidden, NotFound, PlaygroundError, TooManyRuns
from playground.library.models import Batch, BatchRow, PromptUse, PromptVersion
from playground.library.template import parse
from playground.runs.database import first_line
from playground.runs.models import Run, Session, Turn
from playground.runs.stopping import request_stop
from playground.runs.store import LIVE, lease_end
from playground.runs.turns import TurnDraft, start_turn

if TYPE_CHECKING:
    from playground.runs.engine import Engine

logger = logging.getLogger(__name__)

LIVE_RUNS: Final = 12  # of one batch: its person has room for other work
_ACTIVE_EVERY_S: Final = 0.3
_IDLE_EVERY_S: Final = 1.0


class _NotToStart(Exception):
    """The batch was stopped, or another process has the row: the turn is not made."""


def create(
    user: User, version: PromptVersion, model_ids: Sequence[str], rows: Sequence[Mapping[str, str]], title: str
) -> Batch:
    """Save a batch; its rows are started from now on. `rows` are checked values."""
    with transaction.atomic():
        session = Session.objects.create(
            owner=user, workspace=version.prompt.workspace, title=title, updated_at=timezone.now()
        )
        batch = Batch.objects.create(
            version=version,
            session=session,
            model_ids=list(model_ids),
            parameters=version.parameters,
            created_by=user,
        )
        numbered = (BatchRow(batch=batch, position=at, values=dict(values)) for at, values in enumerate(rows))
        BatchRow.objects.bulk_create(numbered)
    return batch


def stop(batch: Batch) -> None:
    """Start no more rows, and stop those that run. Idempotent."""
    Batch.objects.filter(pk=batch.pk, stopped_at=None).update(stopped_at=timezone.now(), is_open=False)
    for run in live_runs(batch):
        request_stop(run)


def live_runs(batch: Batch) -> QuerySet[Run]:
    return Run.objects.filter(turn__batch_row__batch=batch, status__in=LIVE)


async def run_batches(engine: "Engine") -> None:
    """The engine's duty: go on with open batches, those of a process that died included."""
    while True:
        is_busy = False
        try:
            is_busy = await engine.threads.call(advance_all, engine.owner)
        except (OperationalError, InterfaceError) as error:
            logger.debug("Batches wait for the database: %s", first_line(error))  # its watch warns, once
        await asyncio.sleep(_ACTIVE_EVERY_S if is_busy else _IDLE_EVERY_S)


def advance_all(owner: str) -> bool:
    """Start rows of all open batches that no other process has; whether there are any open ones."""
    batches = list(
        Batch.objects.filter(is_open=True)
        .select_related("version__prompt__workspace", "session", "created_by")
        .order_by("created_at")
    )
    for batch in batches:
        if _hold_lease(batch, owner):
            advance(batch)
    return bool(batches)


def advance(batch: Batch) -> None:
    """Start as many rows as there is room for."""
    if batch.session.deleted_at is not None:
        stop(batch)
        return
    waiting = batch.rows.filter(turn=None, error="")
    waiting_for = ""
    for row in waiting.order_by("position")[: _room(batch)]:
        try:
            _start(batch, row)
        except (Busy, TooManyRuns) as error:
            waiting_for = error.code
            break
        except (Forbidden, NotFound) as error:
            Batch.objects.filter(pk=batch.pk).update(problem=error.message)
            stop(batch)
            return
        except PlaygroundError as error:
            BatchRow.objects.filter(pk=row.pk).update(error=error.message)
        except _NotToStart:
            break
    Batch.objects.filter(pk=batch.pk, stopped_at=None).update(is_open=waiting.exists(), waiting_for=waiting_for)


def filled_messages(version: PromptVersion, values: Mapping[str, str]) -> list[dict[str, str]]:
    """A conversation of its own: no row knows of another."""
    system, text = (parse(template, lenient=True).fill(values) for template in (version.system, version.text))
    head = [{"role": "system", "content": system}] if system.strip() else []
    return [*head, {"role": "user", "content": text}]


def _start(batch: Batch, row: BatchRow) -> None:
    draft = TurnDraft(batch.model_ids, parameters=batch.parameters, messages=filled_messages(batch.version, row.values))

    def take(turn: Turn) -> None:
        # A Stop waits for this row, or is seen by it.
        is_stopped = Batch.objects.select_for_update().get(pk=batch.pk).stopped_at is not None
        if is_stopped or not BatchRow.objects.filter(pk=row.pk, turn=None).update(turn=turn):
            raise _NotToStart
        PromptUse.objects.create(version=batch.version, turn=turn, values=row.values)

    start_turn(batch.created_by, batch.session.workspace, draft, batch.session, created=take)


def _room(batch: Batch) -> int:
    """How many rows may be started now; one at least if none runs, however many models a row is sent to."""
    live = live_runs(batch).count()
    return (LIVE_RUNS - live) // len(batch.model_ids) if live else max(1, LIVE_RUNS // len(batch.model_ids))


def _hold_lease(batch: Batch, owner: str) -> bool:
    free = Q(owner_process=owner) | Q(lease_expires_at=None) | Q(lease_expires_at__lt=Now())
    leased: dict[str, Any] = {"owner_process": owner, "lease_expires_at": lease_end()}
    return bool(Batch.objects.filter(free, pk=batch.pk, is_open=True).update(**leased))
