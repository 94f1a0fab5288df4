"""A long recording is sent block by block; whoever reads it at once in several places gets all of each."""

import asyncio
import itertools
import time
import weakref
from collections.abc import AsyncIterator, Sequence
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest
from asgiref.sync import sync_to_async
from django.db import DataError, InternalError

from playground.errors import NotFound
from playground.recording.events import CHUNK, RUN_ENDED, Event
from playground.recording.segments import CorruptSegment, pack_events
from playground.recording.status import RunStatus
from playground.runs import compaction, long_recording, stored
from playground.runs.database import DatabaseThreads
from playground.runs.grants import Lens
from playground.runs.lens import Beat, LensedSource
from playground.runs.long_recording import LongRecording
from playground.runs.models import Run, Segment
from playground.runs.shown import ShownSource
from playground.runs.sources import Recording, open_recording
from playground.runs.tasks import Tasks
from playground.runs.viewer import Viewer
from tests.runs.factories import make_run

pytestmark = pytest.mark.django_db(transaction=True)
COUNT = 100
END = Event(COUNT - 1, COUNT, RUN_ENDED, {"status": "completed"})
EVENTS = [*(Event(seq, seq, CHUNK, f"{seq} ") for seq in range(COUNT - 1)), END]


@pytest.fixture(autouse=True)
def short_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (compaction, stored):
        monkeypatch.setattr(module, "EVENTS_PER_BLOCK", 7)
    monkeypatch.setattr("playground.runs.sources.LONG", 50)
    monkeypatch.setattr(stored, "_kept", stored._Kept(7))


def long_run() -> Run:
    run = make_run(status="completed", last_seq=COUNT - 1)
    Segment.objects.bulk_create(compaction.pack_compact(run.id, [(EVENTS, ())]))
    return run


@pytest.fixture
async def threads() -> AsyncIterator[DatabaseThreads]:
    async with DatabaseThreads(2, "test") as threads:
        yield threads


async def opened(threads: DatabaseThreads) -> LongRecording:
    run = await sync_to_async(long_run)()
    source = await threads.call(open_recording, run, threads, Tasks().own)
    assert isinstance(source, LongRecording)
    return source


async def watch(source: Any, after: int) -> list[Any]:
    """What a viewer is sent of the source until it ends or is lost, as messages."""
    sent: list[Any] = []
    over = asyncio.Event()

    async def send(text: str) -> None:
        sent.append(orjson.loads(text))
        if sent[-1]["op"] == "ended":
            over.set()
        await asyncio.sleep(0)

    async def lost(_run: str) -> None:
        sent.append("lost")
        over.set()
        await asyncio.Event().wait()

    viewer = Viewer(send, lost)
    task = asyncio.create_task(viewer.run())
    viewer.subscribe("run", source, after, None)
    async with asyncio.timeout(20):
        await over.wait()
    viewer.close()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return sent


def events_of(sent: list[Any]) -> list[list[Any]]:
    return [event for message in sent if message["op"] == "frame" for event in message["events"]]


@pytest.mark.parametrize("after", [-1, 0, 6, 50, 98, 99])
async def test_a_viewer_gets_all_from_where_it_begins(threads: DatabaseThreads, after: int) -> None:
    sent = await watch(await opened(threads), after)
    assert sent[0]["recovered"]
    assert [data for _, _, data in events_of(sent)] == [event.data for event in EVENTS[after + 1 :]]
    assert sent[-1] == {"op": "ended", "run": "run", "seq": 99, "status": "completed"}


async def test_viewers_in_different_places_do_not_starve_each_other(threads: DatabaseThreads) -> None:
    source = await opened(threads)
    places = [-1, 10, 30, 60, 90]
    everything = await asyncio.gather(*(watch(source, after) for after in places))
    for after, sent in zip(places, everything, strict=True):
        assert [data for _, _, data in events_of(sent)] == [event.data for event in EVENTS[after + 1 :]]


async def test_a_link_reads_it_through_its_lens(threads: DatabaseThreads) -> None:
    source = await opened(threads)
    lensed = LensedSource(source.events.run_id, source, lambda event: event._replace(data="x"), Beat())
    assert [data for _, _, data in events_of(await watch(lensed, 40))] == ["x"] * 59


class Words(list[weakref.ref[str]]):
    """The words that a lens shows, as long as somebody keeps them."""

    class Word(str):
        __slots__ = ("__weakref__",)

    def show(self, text: str) -> str:
        word = self.Word(text)
        self.append(weakref.ref(word))
        return word

    def kept(self) -> list[str]:
        return [word for ref in self if (word := ref()) is not None]


async def test_a_link_that_resumes_late_looks_at_nothing_before_and_keeps_nothing(threads: DatabaseThreads) -> None:
    source, words = await opened(threads), Words()
    lensed = LensedSource(source.events.run_id, source, lambda event: event._replace(data=words.show("x")), Beat())
    assert [data for _, _, data in events_of(await watch(lensed, 69))] == ["x"] * 30
    assert (len(words), words.kept()) == (30, [])


class Stars:
    """A view with a memory: every tenth event shows how many came so far."""

    version = "v"

    def lens(self) -> Lens:
        came = itertools.count(1)
        return lambda event: event._replace(data="*" * count) if (count := next(came)) % 10 == 0 else event


@pytest.mark.parametrize("after", [-1, 69])
async def test_of_a_view_with_a_memory_only_what_it_changed_is_kept(threads: DatabaseThreads, after: int) -> None:
    source = await opened(threads)
    shown = ShownSource(source.events.run_id, source, "stars", Stars())
    sent = [data for _, _, data in events_of(await watch(shown, after))]
    everything = ["*" * (event.seq + 1) if event.seq % 10 == 9 else event.data for event in EVENTS]
    assert sent == everything[after + 1 :]
    assert sorted(shown._changed) == list(range(9, COUNT, 10))


async def test_a_recording_deleted_meanwhile_is_lost(threads: DatabaseThreads) -> None:
    source = await opened(threads)
    await sync_to_async(Segment.objects.all().delete)()
    with pytest.raises(NotFound):
        await threads.call(stored.load_block, source.events.run_id, source.events.blocks[0])
    assert (await watch(source, 40))[-1] == "lost"


@pytest.mark.parametrize("place", [0, 49, COUNT - 1])
async def test_a_hole_is_damage_and_the_recording_is_not_opened_again(
    threads: DatabaseThreads, place: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored, "DAMAGED_FOR_S", 0.0)
    source = await opened(threads)
    run = await Run.objects.aget()
    await sync_to_async(Segment.objects.filter(first_seq__lte=place, last_seq__gte=place).delete)()
    assert (await watch(source, -1))[-1] == "lost"
    with pytest.raises(CorruptSegment):
        await threads.call(open_recording, run, threads, Tasks().own)


async def test_a_damaged_recording_is_read_again_after_a_while(
    threads: DatabaseThreads, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = await opened(threads)
    run = await Run.objects.aget()
    whole = (await Segment.objects.aget(first_seq=0)).events
    await Segment.objects.filter(first_seq=0).aupdate(events=b"damaged")
    assert (await watch(source, -1))[-1] == "lost"
    await Segment.objects.filter(first_seq=0).aupdate(events=whole)
    with pytest.raises(CorruptSegment):
        await threads.call(open_recording, run, threads, Tasks().own)
    after = time.monotonic() + stored.DAMAGED_FOR_S
    monkeypatch.setattr(stored.time, "monotonic", lambda: after)
    again = await threads.call(open_recording, run, threads, Tasks().own)
    assert (await watch(again, -1))[-1]["op"] == "ended"


def test_only_so_many_are_known_to_be_damaged() -> None:
    damaged = stored._Damaged(2)
    runs = [uuid4() for _ in range(3)]
    for run_id in runs:
        damaged.add(run_id)
    assert [run_id in damaged for run_id in runs] == [False, True, True]


@pytest.mark.parametrize("error", [InternalError("out of shared memory"), DataError("no such byte"), MemoryError()])
async def test_whatever_a_read_fails_with_its_viewers_go_on(
    error: Exception, threads: DatabaseThreads, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = await opened(threads)
    monkeypatch.setattr(long_recording, "AGAIN_S", 0.01)
    failures = iter([error, error])

    def load(run_id: UUID, block: stored.Block) -> Sequence[Event]:
        if (failure := next(failures, None)) is not None:
            raise failure
        return stored.load_block(run_id, block)

    monkeypatch.setattr(long_recording, "load_block", load)
    assert len(events_of(await watch(source, -1))) == COUNT


async def test_a_segment_with_fewer_events_than_it_says_is_damage(threads: DatabaseThreads) -> None:
    source = await opened(threads)
    few = await sync_to_async(pack_events)(EVENTS[49:51])
    await Segment.objects.filter(first_seq=49).aupdate(events=few)
    with pytest.raises(CorruptSegment):
        await threads.call(stored.load_block, source.events.run_id, source.events.blocks[7])


async def test_a_short_run_is_read_as_a_whole(threads: DatabaseThreads) -> None:
    run = await sync_to_async(make_run)(status="completed", last_seq=3)
    source = await threads.call(open_recording, run, threads, Tasks().own)
    assert isinstance(source, Recording)
    assert source.status is RunStatus.COMPLETED
