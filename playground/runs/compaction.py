"""Merges the small segments of runs that have ended into few compressed ones. Called on database threads only."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final
from uuid import UUID

from django.db import transaction

from playground.recording.events import Event
from playground.recording.log import Read
from playground.recording.segments import pack_events, pack_reads, unpack_events, unpack_reads
from playground.runs.models import Segment
from playground.runs.store import LIVE
from playground.runs.stored import EVENTS_PER_BLOCK

_AT_ONCE: Final = 200  # segments read at a time: a run of a million tokens is never in memory as a whole

Recorded = tuple[Sequence[Event], Sequence[Read]]


def uncompacted() -> list[UUID]:
    """Runs that have ended and whose segments are still as they were written live."""
    live_segments = Segment.objects.filter(is_compact=False).exclude(run__status__in=LIVE)
    return list(live_segments.order_by().values_list("run_id", flat=True).distinct())


def compact(run_id: UUID) -> None:
    """Merge the segments of a run that has ended. Doing it again changes nothing.

    Packing is done before the transaction, so that no other writer waits for it.
    """
    segments = Segment.objects.filter(run_id=run_id)
    if not segments.filter(is_compact=False).exists():
        return
    old = list(segments.values_list("pk", flat=True))
    packed = list(pack_compact(run_id, _recorded(old)))
    with transaction.atomic():
        replaced, _ = segments.filter(pk__lte=max(old)).delete()
        if replaced == len(old):
            Segment.objects.bulk_create(packed)
        else:  # another process was first, or the run is gone: what it did stays
            transaction.set_rollback(True)


def pack_compact(run_id: UUID, recorded: Iterable[Recorded]) -> Iterator[Segment]:
    """The segments, not stored yet, of a run that has ended, from its events and reads piece by piece.

    With the events of a segment stand all reads that they came from and no earlier segment has.
    """
    events: list[Event] = []
    reads: list[Read] = []
    reads_before = bytes_before = 0
    for part in _parts(recorded, events, reads):
        is_last = len(part) == len(events)
        count = len(reads) if is_last else _reads_until(part, reads, bytes_before)
        yield Segment(
            run_id=run_id,
            first_seq=part[0].seq,
            last_seq=part[-1].seq,
            events=pack_events(part, compress=True),
            reads=pack_reads(reads[:count], compress=True),
            is_compact=True,
            reads_before=reads_before,
            bytes_before=bytes_before,
        )
        reads_before += count
        bytes_before += sum(len(read.raw) for read in reads[:count])
        del events[: len(part)], reads[:count]


def _parts(recorded: Iterable[Recorded], events: list[Event], reads: list[Read]) -> Iterator[Sequence[Event]]:
    """The next events that make a segment: `events` and `reads` hold what has come, and the caller takes it out."""
    for more_events, more_reads in recorded:
        events += more_events
        reads += more_reads
        while len(events) > EVENTS_PER_BLOCK:
            yield events[:EVENTS_PER_BLOCK]
    if events:
        yield events[:]


def _reads_until(part: Sequence[Event], reads: Sequence[Read], start: int) -> int:
    """How many of the reads, whose bytes begin at `start`, hold bytes of these events or of earlier ones."""
    end = max(event.offset for event in part)
    count = 0
    while count < len(reads) and start < end:
        start += len(reads[count].raw)
        count += 1
    return count


def _recorded(keys: Sequence[int]) -> Iterator[Recorded]:
    for start in range(0, len(keys), _AT_ONCE):
        for segment in Segment.objects.filter(pk__in=keys[start : start + _AT_ONCE]):
            yield unpack_events(segment.events), unpack_reads(segment.reads)
