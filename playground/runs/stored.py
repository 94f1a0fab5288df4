"""Long recordings, read from the database piece by piece: none of them is in memory as a whole,
unless a view changes every event (`runs.shown`).

What is read is kept for a while in blocks of consecutive events, shared by all readers of the process. The events of a
run that has ended never change, so a block is known by where it stands.
"""

import itertools
import threading
import time
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple, overload
from uuid import UUID

from playground.errors import NotFound
from playground.recording.events import Event
from playground.recording.log import Read
from playground.recording.segments import CorruptSegment, unpack_events, unpack_reads
from playground.runs.models import Segment

LONG: Final = 8_192
"""A run of more events is read in blocks, and shown in parts."""

EVENTS_PER_BLOCK: Final = 2_048
"""At most, unless a segment holds more; compaction makes segments of as many."""

DAMAGED_FOR_S: Final = 60.0
"""Of a run of which a block could not be read, nothing is read for so long."""

_KNOWN_DAMAGED: Final = 1_000
_KEPT_EVENTS: Final = 65_536  # of all runs together: some 20 MB of plain chunks


class Block(NamedTuple):
    """The events `first` to `last`, both of them with it."""

    first: int
    last: int


class _Kept:
    """The blocks that were read last. From any thread."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._blocks: OrderedDict[tuple[UUID, Block], Sequence[Event]] = OrderedDict()
        self._events = 0
        self._lock = threading.Lock()

    def get(self, run_id: UUID, block: Block) -> Sequence[Event] | None:
        with self._lock:
            found = self._blocks.get((run_id, block))
            if found is not None:
                self._blocks.move_to_end((run_id, block))
            return found

    def put(self, run_id: UUID, block: Block, events: Sequence[Event]) -> None:
        with self._lock:
            if (run_id, block) in self._blocks:
                return
            self._blocks[run_id, block] = events
            self._events += len(events)
            while self._events > self._most and len(self._blocks) > 1:
                _, forgotten = self._blocks.popitem(last=False)
                self._events -= len(forgotten)


class _Damaged:
    """The runs of which a block could not be read lately: a database may be restored from a backup. From any thread."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._until: OrderedDict[UUID, float] = OrderedDict()
        self._lock = threading.Lock()

    def add(self, run_id: UUID) -> None:
        with self._lock:
            self._until[run_id] = time.monotonic() + DAMAGED_FOR_S
            self._until.move_to_end(run_id)
            if len(self._until) > self._most:
                self._until.popitem(last=False)

    def __contains__(self, run_id: UUID) -> bool:
        with self._lock:
            until = self._until.get(run_id)
            if until is not None and until <= time.monotonic():
                del self._until[run_id]
                return False
            return until is not None


_kept = _Kept(_KEPT_EVENTS)
_damaged = _Damaged(_KNOWN_DAMAGED)


def blocks_of(run_id: UUID, last_seq: int = -1) -> list[Block]:
    """Where the blocks of a run stand, in order and with no hole, up to `last_seq` at least. One query, which reads no
    events.

    Raises:
        CorruptSegment: one of them could not be read, or is missing.
    """
    if run_id in _damaged:
        raise CorruptSegment("a part of the recording is damaged")
    found: list[Block] = []
    following = 0
    for first, last in Segment.objects.filter(run_id=run_id).values_list("first_seq", "last_seq"):
        if first != following:
            raise CorruptSegment("a part of the recording is missing")
        following = last + 1
        if found and last - found[-1].first < EVENTS_PER_BLOCK:
            found[-1] = Block(found[-1].first, last)
        else:
            found.append(Block(first, last))
    if following <= last_seq:
        raise CorruptSegment("the end of the recording is missing")
    return found


def load_block(run_id: UUID, block: Block) -> Sequence[Event]:
    """The events of a block, from memory if they were read lately.

    Raises:
        NotFound: the recording was deleted meanwhile.
        CorruptSegment: it cannot be read, or not all of it is there.
    """
    events = _kept.get(run_id, block)
    if events is None:
        try:
            events = _read(run_id, block)
        except CorruptSegment:
            _damaged.add(run_id)
            raise
        _kept.put(run_id, block, events)
    return events


def kept_block(run_id: UUID, block: Block) -> Sequence[Event] | None:
    """As `load_block`, if that takes no query; else None."""
    return _kept.get(run_id, block)


def _read(run_id: UUID, block: Block) -> Sequence[Event]:
    """Whatever the segments are by now: compaction may have merged them."""
    within = Segment.objects.filter(run_id=run_id, last_seq__gte=block.first, first_seq__lte=block.last)
    packed = within.values_list("events", flat=True)
    events = [event for part in packed for event in unpack_events(part) if block.first <= event.seq <= block.last]
    if len(events) == block.last - block.first + 1:
        return events
    if not events and not Segment.objects.filter(run_id=run_id).exists():
        raise NotFound("There is no such run any more.")
    raise CorruptSegment("a part of the recording is missing")


class StoredEvents(Sequence[Event]):
    """The stored events of a run: its index is the seq. A slice is a list; iterating keeps one block at a time."""

    def __init__(self, run_id: UUID, blocks: Sequence[Block]) -> None:
        self.run_id = run_id
        self.blocks = blocks
        self._firsts = [block.first for block in blocks]

    def __len__(self) -> int:
        return self.blocks[-1].last + 1 if self.blocks else 0

    def __iter__(self) -> Iterator[Event]:
        for block in self.blocks:
            yield from self._kept_or_read(block)

    @overload
    def __getitem__(self, place: int) -> Event: ...
    @overload
    def __getitem__(self, place: slice) -> list[Event]: ...
    def __getitem__(self, place: int | slice) -> Event | list[Event]:
        if isinstance(place, slice):
            start, stop, step = place.indices(len(self))
            if step != 1:
                raise ValueError("events are read in their order")
            return self._between(start, stop)
        seq = place + len(self) if place < 0 else place
        if not 0 <= seq < len(self):
            raise IndexError(place)
        block = self.blocks[self.block_at(seq)]
        return load_block(self.run_id, block)[seq - block.first]

    def block_at(self, seq: int) -> int:
        """The index of the block that holds the event `seq`."""
        return bisect_right(self._firsts, seq) - 1

    def _between(self, start: int, stop: int) -> list[Event]:
        if start >= stop:
            return []
        found: list[Event] = []
        for block in self.blocks[self.block_at(start) : self.block_at(stop - 1) + 1]:
            events = self._kept_or_read(block) if stop - start > LONG else load_block(self.run_id, block)
            found += events[max(0, start - block.first) : stop - block.first]
        return found

    def _kept_or_read(self, block: Block) -> Sequence[Event]:
        """Who reads a recording through does not push out what others read."""
        return _kept.get(self.run_id, block) or _read(self.run_id, block)


class ReadsPart(NamedTuple):
    """Consecutive reads of a run, and how many reads and bytes came before them."""

    reads: Sequence[Read]
    reads_before: int = 0
    bytes_before: int = 0


def load_reads_part(run_id: UUID, first: int, last: int) -> ReadsPart:
    """The reads that the events `first` to `last` came from, and some around them.

    All reads, where the segments do not say what came before them: those of live runs, or of older versions.
    """
    segments = Segment.objects.filter(run_id=run_id)
    start = segments.filter(first_seq__lte=first).order_by("-first_seq").values_list("first_seq", flat=True)[:2]
    within = segments.filter(first_seq__gte=min(start, default=0), first_seq__lte=last).order_by("first_seq")
    rows = list(within.values_list("reads", "reads_before", "bytes_before"))
    if not rows or any(before is None for _, before, _ in rows):
        rows = [(reads, 0, 0) for reads in segments.values_list("reads", flat=True)]
    reads = list(itertools.chain.from_iterable(unpack_reads(packed) for packed, _, _ in rows))
    return ReadsPart(reads, rows[0][1] or 0, rows[0][2] or 0) if rows else ReadsPart(())
