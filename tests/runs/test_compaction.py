"""The small segments of a run that has ended become few, and all that reads them reads the same."""

from typing import Any

import pytest

from playground.errors import NotFound
from playground.recording.events import CHUNK, Event
from playground.recording.log import Read
from playground.runs import compaction, store, stored
from playground.runs.models import Run, Segment
from tests.runs.factories import make_events, make_live_run, make_reads, make_run

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def short_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compaction, "EVENTS_PER_BLOCK", 7)
    monkeypatch.setattr(stored, "EVENTS_PER_BLOCK", 7)


def saved(events: list[Event], reads: list[Read] | None = None, **fields: Any) -> Run:
    """A run that has ended, whose events were stored one by one."""
    run = make_live_run("here")
    for event in events:
        store.save("here", [store.Batch(run.id, [event], [] if reads is None else [reads[event.seq]])])
    Run.objects.filter(pk=run.pk).update(status="completed", last_seq=len(events) - 1, **fields)
    return run


def letters(count: int) -> list[Event]:
    """Chunks of a byte each, and each a read of ten bytes."""
    return [Event(seq, seq * 1000, CHUNK, chr(ord("a") + seq % 26), 10 * (seq + 1)) for seq in range(count)]


def ten_bytes(count: int) -> list[Read]:
    return [Read(seq * 1000, b"%010d" % seq) for seq in range(count)]


def test_compaction_keeps_every_event_and_byte() -> None:
    run = make_live_run("here")
    events = make_events(*"abcdefghijklmnopqrstuvwxyz")
    for event in events:
        store.save("here", [store.Batch(run.id, [event], make_reads([event]))])
    reads = store.load_reads(run.id)
    compaction.compact(run.id)
    assert Segment.objects.filter(run=run, is_compact=True).count() == Segment.objects.filter(run=run).count() == 4
    assert store.load_events(run.id) == events
    assert store.load_reads(run.id) == reads


def test_compaction_done_again_changes_nothing() -> None:
    run = saved(letters(20))
    assert compaction.uncompacted() == [run.id]
    compaction.compact(run.id)
    assert compaction.uncompacted() == []
    before = list(Segment.objects.values_list("pk", flat=True))
    compaction.compact(run.id)
    assert list(Segment.objects.values_list("pk", flat=True)) == before


def test_what_another_process_has_done_meanwhile_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    run = saved(letters(20))
    pack = compaction.pack_compact

    def pack_while_another_does(run_id: Any, recorded: Any) -> Any:
        monkeypatch.setattr(compaction, "pack_compact", pack)
        packed = list(pack(run_id, recorded))
        compaction.compact(run_id)
        return packed

    monkeypatch.setattr(compaction, "pack_compact", pack_while_another_does)
    compaction.compact(run.id)
    assert store.load_events(run.id) == letters(20)


def test_with_its_events_a_segment_has_their_reads() -> None:
    run = saved(letters(20), ten_bytes(20))
    compaction.compact(run.id)
    places = Segment.objects.filter(run=run).values_list("first_seq", "reads_before", "bytes_before")
    assert list(places) == [(0, 0, 0), (7, 7, 70), (14, 14, 140)]
    part = stored.load_reads_part(run.id, 15, 16)
    assert part == stored.ReadsPart(ten_bytes(20)[7:], 7, 70)  # those of the segment before it too
    assert stored.load_reads_part(run.id, 0, 3) == stored.ReadsPart(ten_bytes(20)[:7])


def test_a_read_of_many_events_stands_with_the_first_of_them() -> None:
    events = [Event(seq, 0, CHUNK, "x", 10 * (seq + 1)) for seq in range(20)]
    [segment, *others] = compaction.pack_compact(make_run().id, [(events, [Read(0, bytes(200))])])
    assert segment.reads
    assert [(other.reads, other.reads_before, other.bytes_before) for other in others] == [(b"", 1, 200)] * 2


def test_reads_of_a_run_that_is_not_compact_are_given_whole() -> None:
    run = saved(letters(20), ten_bytes(20))
    assert stored.load_reads_part(run.id, 15, 16) == stored.ReadsPart(ten_bytes(20))
    assert stored.load_reads_part(make_run().id, 0, 1) == stored.ReadsPart(())


@pytest.mark.parametrize("is_compact", [False, True])
def test_events_are_read_by_their_place(is_compact: bool) -> None:
    events = letters(40)
    run = saved(events)
    if is_compact:
        compaction.compact(run.id)
    log = stored.StoredEvents(run.id, stored.blocks_of(run.id))
    assert len(log) == 40
    assert list(log) == events
    assert [log[seq] for seq in (0, 6, 7, 39, -1)] == [events[seq] for seq in (0, 6, 7, 39, -1)]
    for start, stop in ((0, 40), (3, 5), (6, 8), (20, None), (39, 90), (5, 5), (-3, None)):
        assert log[start:stop] == events[start:stop]
    with pytest.raises(IndexError):
        log[40]
    with pytest.raises(ValueError, match="order"):
        log[::2]


def test_compaction_in_the_middle_of_reading_is_not_noticed() -> None:
    events = letters(40)
    run = saved(events)
    log = stored.StoredEvents(run.id, stored.blocks_of(run.id))
    assert log[0] == events[0]
    compaction.compact(run.id)
    assert list(log) == events


def test_a_recording_that_is_deleted_in_the_middle_of_reading_is_told() -> None:
    run = saved(letters(40))
    log = stored.StoredEvents(run.id, stored.blocks_of(run.id))
    Segment.objects.filter(run=run).delete()
    with pytest.raises(NotFound):
        log[30]


def test_only_so_many_events_are_kept(monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any) -> None:
    monkeypatch.setattr(stored, "_kept", stored._Kept(14))
    run = saved(letters(40))
    log = stored.StoredEvents(run.id, stored.blocks_of(run.id))
    with django_assert_num_queries(3):
        assert [log[seq].seq for seq in (0, 7, 0, 14, 0)] == [0, 7, 0, 14, 0]
    with django_assert_num_queries(1):
        assert log[7].seq == 7
