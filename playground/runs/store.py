"""What the engine writes to the database and reads from it. Synchronous: called on database threads only."""

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import DateTimeField, ExpressionWrapper, QuerySet, Value
from django.db.models.functions import Now

from playground import rows
from playground.providers.sink import ErrorInfo, Outcome
from playground.recording.estimates import used
from playground.recording.events import ATTEMPT_STARTED, CHUNK, RUN_ENDED, Event, chunk_text, is_only_text
from playground.recording.findings import findings
from playground.recording.log import Read
from playground.recording.metrics import measure
from playground.recording.segments import CorruptSegment, pack_events, pack_reads, unpack_events, unpack_reads
from playground.recording.status import FINAL, RunStatus
from playground.runs.badges import stored
from playground.runs.models import Run, Segment, new_epoch
from playground.runs.usage import count_usage

LEASE = timedelta(seconds=6)
LOCKED_S = 3
LIVE = tuple(status.value for status in RunStatus if status not in FINAL)


@dataclass(slots=True)
class Batch:
    """What is to be stored of one run: new events and reads, and its end if it has ended."""

    run_id: UUID
    events: Sequence[Event]
    reads: Sequence[Read] = ()
    started: bool = False
    end: dict[str, Any] | None = field(default=None)


def lease_end() -> "ExpressionWrapper[Any]":  # generic in the stubs only
    """When a lease that is taken now ends, by the database's clock."""
    return ExpressionWrapper(Now() + Value(LEASE), output_field=DateTimeField())


def end_data(outcome: Outcome) -> dict[str, Any]:
    """The data of a `run.ended` event."""
    error = outcome.error
    data: dict[str, Any] = {
        "status": outcome.status.value,
        "finish_reason": outcome.finish_reason,
        "error": {"code": error.code, "message": error.message} if error else None,
        "attempts": outcome.attempts,
    }
    if outcome.usage is not None:
        data["usage"] = dict(outcome.usage)
    return data


def summary(events: Sequence[Event], outcome: Outcome) -> dict[str, Any]:
    """The fields of a run that has ended, from all its events."""
    chunks = [event for event in events if event.kind == CHUNK]
    metrics = measure(events)
    found = findings(events)
    usage = used(outcome.usage, events)
    counts = usage or {}
    return {
        "status": outcome.status.value,
        "last_seq": events[-1].seq,
        "text": storable("".join(map(chunk_text, chunks))),
        "reasoning": storable("".join(e.data.get("reasoning") or "" for e in chunks if not isinstance(e.data, str))),
        "has_other_parts": not all(map(is_only_text, chunks)),
        "finish_reason": storable(outcome.finish_reason or "")[:60],
        "error_code": outcome.error.code if outcome.error else "",
        "error_message": storable(outcome.error.message) if outcome.error else "",
        "attempts": outcome.attempts,
        "usage": usage,
        "metrics": dict(metrics),
        "ttft_ms": metrics.get("ttft_ms"),
        "tokens_per_s": metrics.get("tokens_per_s"),
        "prompt_tokens": _count(counts.get("prompt_tokens")),
        "completion_tokens": _count(counts.get("completion_tokens")),
        "has_notices": any(finding.is_notable for finding in found),
        "findings": stored(found),
    }


def _count(value: Any) -> int | None:
    """A provider's token count, if it is one that a column can hold."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31 else None


def without_content(summary: Mapping[str, Any]) -> dict[str, Any]:
    """What is kept of a run that is not recorded: that it ran, how it ended, and its numbers."""
    return {**summary, "last_seq": -1, "text": "", "reasoning": "", "has_other_parts": False, "error_message": ""}


def storable(text: str) -> str:
    """PostgreSQL's text cannot hold NUL; the recording keeps it."""
    return text.replace("\0", "\N{SYMBOL FOR NULL}")


def save(owner: str, batches: Sequence[Batch]) -> set[UUID]:
    """Store batches in one transaction, and return the ids of runs that `owner` no longer holds: none of theirs is."""
    with rows.writing():
        _let_go_when_cut_off()
        held = _held(owner, [batch.run_id for batch in batches])
        mine = [batch for batch in batches if batch.run_id in held]
        insert_segments([(b.run_id, b.events, b.reads) for b in mine if b.events])
        if started := [batch.run_id for batch in mine if batch.started]:
            Run.objects.filter(id__in=started, status=RunStatus.QUEUED.value).update(
                status=RunStatus.STREAMING.value, started_at=Now()
            )
        ended = [batch for batch in mine if batch.end is not None]
        over = {"ended_at": Now(), "owner_process": "", "lease_expires_at": None}
        rows.update(Run, [(batch.run_id, {**(batch.end or {}), **over}) for batch in ended])
        if ended:
            count_usage(batch.run_id for batch in ended)
    return {batch.run_id for batch in batches} - held


def _let_go_when_cut_off() -> None:
    """PostgreSQL does not learn soon that a process was cut off in the middle of this transaction, whose locks would
    keep the others from ending its runs: it gives up a transaction of which it hears nothing for LOCKED_S."""
    if rows.database().vendor == "postgresql":
        with rows.database().cursor() as cursor:
            cursor.execute(f"SET LOCAL idle_in_transaction_session_timeout = {LOCKED_S * 1000}")


def _held(owner: str, run_ids: Sequence[UUID]) -> set[UUID]:
    """Which of these live runs are `owner`'s: they stay so until the transaction ends."""
    live = ", ".join(["%s"] * len(LIVE))
    sql = f"SELECT id FROM {rows.table_of(Run)} WHERE owner_process = %s AND status IN ({live})"  # noqa: S608
    values: list[Any] = [owner, *LIVE]
    if rows.database().features.has_select_for_update:  # SQLite has one writer anyway
        sql += " AND id = ANY(%s) ORDER BY id FOR UPDATE"
        values.append(list(run_ids))
    held = {key for (key,) in rows.fetch(sql, values)}
    return {run_id for run_id, key in zip(run_ids, rows.keys_of(run_ids), strict=True) if key in held}


def insert_segments(parts: Sequence[tuple[UUID, Sequence[Event], Sequence[Read]]]) -> None:
    """Add segments of runs: consecutive events (at least one), and reads.

    One that is there already stays: a commit whose answer was lost is sent again, and only its owner writes to a run.
    """
    keys = rows.keys_of([run_id for run_id, _, _ in parts])
    values = [
        (
            key,
            events[0].seq,
            events[-1].seq,
            pack_events(events),
            pack_reads(reads),
            False,
        )
        for key, (_, events, reads) in zip(keys, parts, strict=True)
    ]
    columns = ("run_id", "first_seq", "last_seq", "events", "reads", "is_compact")
    rows.add(Segment, columns, ["%s"] * len(columns), values, "ON CONFLICT (run_id, first_seq) DO NOTHING")


def load_events(run_id: UUID, after: int = -1) -> list[Event]:
    """All stored events of a run that follow seq `after`."""
    packed = Segment.objects.filter(run_id=run_id, last_seq__gt=after).values_list("events", flat=True)
    return [event for part in packed for event in unpack_events(part) if event.seq > after]


def _readable(run_id: UUID) -> tuple[list[Event], int]:
    """The events of a run up to the first segment that is damaged, and the seq that follows all that is stored."""
    events: list[Event] = []
    following = 0
    for first_seq, last_seq, packed in Segment.objects.filter(run_id=run_id).values_list(
        "first_seq", "last_seq", "events"
    ):
        if first_seq == len(events):
            with contextlib.suppress(CorruptSegment):
                events += unpack_events(packed)
        following = last_seq + 1
    return events, following


def load_reads(run_id: UUID) -> list[Read]:
    """All stored network reads of a run, in order."""
    packed = Segment.objects.filter(run_id=run_id).values_list("reads", flat=True)
    return [read for part in packed for read in unpack_reads(part)]


def renew_leases(owner: str) -> None:
    Run.objects.filter(owner_process=owner, status__in=LIVE).update(lease_expires_at=lease_end())


def runs_to_stop(owner: str) -> list[UUID]:
    """Runs of `owner` that someone asked to stop."""
    asked = Run.objects.filter(owner_process=owner, status__in=LIVE, stop_requested_at__isnull=False)
    return list(asked.values_list("id", flat=True))


def orphans(*, all_of_others: str = "") -> list[tuple[UUID, str]]:
    """Live runs whose lease ran out, with their epochs; with `all_of_others`, all that this owner does not hold."""
    live = Run.objects.filter(status__in=LIVE)
    if all_of_others:
        return list(live.exclude(owner_process=all_of_others).values_list("id", "epoch"))
    return list(live.filter(lease_expires_at__lt=Now()).values_list("id", "epoch"))


def interrupt(run_id: UUID, tail: Sequence[Event] = (), *, even_if_leased: bool = False) -> bool:
    """End a run whose process died as `interrupted`, with all that was durable; False if someone else was first.

    `tail`: what was shown of the run by other processes; those of its events are kept that follow the stored ones.
    """
    orphan = Run.objects.filter(id=run_id, status__in=LIVE)
    if not even_if_leased:
        orphan = orphan.filter(lease_expires_at__lt=Now())
    message = "The server stopped while this answer was streaming. Continue or retry it."
    return _cut(orphan, run_id, RunStatus.INTERRUPTED, ErrorInfo("interrupted", message), tail)


def give_up(owner: str, run_id: UUID) -> bool:
    """End a run of `owner` as `failed`: the database refuses what follows the events that it holds."""
    message = "What this answer went on with could not be stored; the server's log says why. Continue or retry it."
    held = Run.objects.filter(id=run_id, status__in=LIVE, owner_process=owner)
    return _cut(held, run_id, RunStatus.FAILED, ErrorInfo("not_stored", message))


def _cut(wanted: QuerySet[Run], run_id: UUID, status: RunStatus, error: ErrorInfo, tail: Sequence[Event] = ()) -> bool:
    """End a run with the events that are stored, and those of `tail` that follow; False if it is not `wanted` now.

    The run gets a new epoch: its last viewers may have seen events that were never stored. What is stored and damaged
    stays where it is; the text ends before it, and the error says so.
    """
    with transaction.atomic():
        _let_go_when_cut_off()
        if wanted.select_for_update().first() is None:
            return False
        stored, following = _readable(run_id)
        if following > len(stored):
            error = ErrorInfo(error.code, f"{error.message} What was stored of it is damaged after this part.")
        missing = [event for event in tail if event.seq >= following]
        fresh = [event for seq, event in enumerate(missing, following) if event.seq == seq]
        events = [*stored, *fresh]
        attempts = sum(event.kind == ATTEMPT_STARTED for event in events)
        outcome = Outcome(status, error=error, attempts=attempts)
        end = Event(following + len(fresh), events[-1].t if events else 0, RUN_ENDED, end_data(outcome))
        insert_segments([(run_id, [*fresh, end], ())])
        Run.objects.filter(id=run_id).update(
            **summary([*events, end], outcome),
            epoch=new_epoch(),
            ended_at=Now(),
            owner_process="",
            lease_expires_at=None,
        )
        count_usage([run_id])
    return True
