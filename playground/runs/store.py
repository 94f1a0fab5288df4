"""What the engine writes to the database and reads from it. Synchronous: called on database threads only."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.models import DateTimeField, ExpressionWrapper, Value
from django.db.models.functions import Now

from playground.providers.sink import ErrorInfo, Outcome
from playground.recording.events import ATTEMPT_STARTED, CHUNK, RUN_ENDED, Event, chunk_text
from playground.recording.findings import findings
from playground.recording.log import Read
from playground.recording.metrics import measure
from playground.recording.segments import pack_events, pack_reads, unpack_events, unpack_reads
from playground.recording.status import FINAL, RunStatus
from playground.runs.badges import stored
from playground.runs.models import Run, Segment, new_epoch
from playground.runs.usage import count_usage

LEASE = timedelta(seconds=6)
LIVE = tuple(status.value for status in RunStatus if status not in FINAL)
EVENTS_PER_COMPACT_SEGMENT = 2048


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
    usage = outcome.usage or {}
    return {
        "status": outcome.status.value,
        "last_seq": events[-1].seq,
        "text": storable("".join(map(chunk_text, chunks))),
        "reasoning": storable("".join(e.data.get("reasoning") or "" for e in chunks if not isinstance(e.data, str))),
        "finish_reason": storable(outcome.finish_reason or "")[:60],
        "error_code": outcome.error.code if outcome.error else "",
        "error_message": storable(outcome.error.message) if outcome.error else "",
        "attempts": outcome.attempts,
        "usage": dict(outcome.usage) if outcome.usage is not None else None,
        "metrics": dict(metrics),
        "ttft_ms": metrics.get("ttft_ms"),
        "tokens_per_s": metrics.get("tokens_per_s"),
        "prompt_tokens": _count(usage.get("prompt_tokens")),
        "completion_tokens": _count(usage.get("completion_tokens")),
        "has_notices": any(finding.is_notable for finding in found),
        "findings": stored(found),
    }


def _count(value: Any) -> int | None:
    """A provider's token count, if it is one that a column can hold."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31 else None


def without_content(summary: Mapping[str, Any]) -> dict[str, Any]:
    """What is kept of a run that is not recorded: that it ran, how it ended, and its numbers."""
    return {**summary, "last_seq": -1, "text": "", "reasoning": "", "error_message": ""}


def storable(text: str) -> str:
    """PostgreSQL's text cannot hold NUL; the recording keeps it."""
    return text.replace("\0", "\N{SYMBOL FOR NULL}")


def save(owner: str, batches: Sequence[Batch]) -> set[UUID]:
    """Store batches in one transaction, and return the ids of runs that `owner` no longer holds: none of theirs is."""
    with transaction.atomic():
        held = set(
            Run.objects.select_for_update()
            .filter(id__in=[b.run_id for b in batches], owner_process=owner, status__in=LIVE)
            .values_list("id", flat=True)
        )
        mine = [b for b in batches if b.run_id in held]
        _insert([_segment(b.run_id, b.events, b.reads) for b in mine if b.events])
        if started := [b.run_id for b in mine if b.started]:
            Run.objects.filter(id__in=started, status=RunStatus.QUEUED.value).update(
                status=RunStatus.STREAMING.value, started_at=Now()
            )
        ended = [batch for batch in mine if batch.end is not None]
        for batch in ended:
            Run.objects.filter(id=batch.run_id).update(
                **(batch.end or {}), ended_at=Now(), owner_process="", lease_expires_at=None
            )
        if ended:
            count_usage(batch.run_id for batch in ended)
    return {b.run_id for b in batches} - held


def _insert(segments: Sequence[Segment]) -> None:
    """`bulk_create` at a fifth of its cost, which at 50 streams was a tenth of all the server's CPU."""
    database = connections[DEFAULT_DB_ALIAS]  # `connection` looks up the thread's own at each attribute
    meta = Segment._meta  # noqa: SLF001  (documented: "Model _meta API")
    fields = [field for field in meta.concrete_fields if not field.primary_key]
    names = ", ".join(database.ops.quote_name(str(field.column)) for field in fields)
    places = ", ".join(["%s"] * len(fields))
    table = database.ops.quote_name(meta.db_table)
    rows = [[field.get_db_prep_save(getattr(s, field.attname), database) for field in fields] for s in segments]
    with database.cursor() as cursor:
        cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({places})", rows)  # noqa: S608  (names of ours)


def _segment(run_id: UUID, events: Sequence[Event], reads: Sequence[Read], *, compress: bool = False) -> Segment:
    return Segment(
        run_id=run_id,
        first_seq=events[0].seq,
        last_seq=events[-1].seq,
        events=pack_events(events, compress=compress),
        reads=pack_reads(reads, compress=compress),
        is_compact=compress,
    )


def load_events(run_id: UUID, after: int = -1) -> list[Event]:
    """All stored events of a run that follow seq `after`."""
    packed = Segment.objects.filter(run_id=run_id, last_seq__gt=after).values_list("events", flat=True)
    return [event for part in packed for event in unpack_events(part) if event.seq > after]


def load_reads(run_id: UUID) -> list[Read]:
    """All stored network reads of a run, in order."""
    packed = Segment.objects.filter(run_id=run_id).values_list("reads", flat=True)
    return [read for part in packed for read in unpack_reads(part)]


def uncompacted() -> list[UUID]:
    """Runs that have ended and whose segments are still as they were written live."""
    live_segments = Segment.objects.filter(is_compact=False).exclude(run__status__in=LIVE)
    return list(live_segments.order_by().values_list("run_id", flat=True).distinct())


def compact(run_id: UUID) -> None:
    """Merge the segments of a run that has ended into few compressed ones. Doing it again changes nothing."""
    with transaction.atomic():
        segments = list(Segment.objects.filter(run_id=run_id))
        if all(segment.is_compact for segment in segments):
            return
        events = [event for s in segments for event in unpack_events(s.events)]
        reads = [read for s in segments for read in unpack_reads(s.reads)]
        Segment.objects.filter(run_id=run_id).delete()
        starts = range(0, len(events), EVENTS_PER_COMPACT_SEGMENT)
        cut = iter(_cut_reads(reads, len(starts)))
        Segment.objects.bulk_create(
            _segment(run_id, events[i : i + EVENTS_PER_COMPACT_SEGMENT], next(cut), compress=True) for i in starts
        )


def _cut_reads(reads: Sequence[Read], parts: int) -> Iterable[Sequence[Read]]:
    """Spread reads over segments, in order; which segment holds a read means nothing."""
    size = -(-len(reads) // parts)
    return (reads[i * size : (i + 1) * size] for i in range(parts))


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

    `tail`: what was shown of the run by other processes; those of its events are kept that follow the stored ones. The
    run gets a new epoch: its last viewers may have seen events that were never stored.
    """
    with transaction.atomic():
        orphan = Run.objects.select_for_update().filter(id=run_id, status__in=LIVE)
        if not even_if_leased:
            orphan = orphan.filter(lease_expires_at__lt=Now())
        run = orphan.first()
        if run is None:
            return False
        stored = load_events(run_id)
        missing = [event for event in tail if event.seq >= len(stored)]
        events = stored + [event for seq, event in enumerate(missing, len(stored)) if event.seq == seq]
        outcome = Outcome(
            RunStatus.INTERRUPTED,
            error=ErrorInfo("interrupted", "The server stopped while this answer was streaming. Retry it."),
            attempts=sum(event.kind == ATTEMPT_STARTED for event in events),
        )
        end = Event(len(events), events[-1].t if events else 0, RUN_ENDED, end_data(outcome))
        Segment.objects.bulk_create([_segment(run_id, [*events[len(stored) :], end], ())])
        Run.objects.filter(id=run_id).update(
            **summary([*events, end], outcome),
            epoch=new_epoch(),
            ended_at=Now(),
            owner_process="",
            lease_expires_at=None,
        )
        count_usage([run_id])
    return True
