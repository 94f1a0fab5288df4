"""The writer, when the database refuses, is slow, or is away."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
from asgiref.sync import sync_to_async
from django.db import OperationalError

from playground.connections.catalogue import ResolvedModel
from playground.providers.request import GenerationRequest
from playground.providers.sink import Outcome
from playground.recording.events import CHUNK, RUN_ENDED, RUN_STARTED
from playground.recording.pacing import Pacer
from playground.recording.status import RunStatus
from playground.runs import store
from playground.runs.backlog import EVENT_BYTES, unstored_bytes
from playground.runs.database import is_away
from playground.runs.database_watch import DatabaseWatch
from playground.runs.health import Health, Trouble
from playground.runs.live import LiveRun, RunSpec
from playground.runs.models import Run
from playground.runs.writer import Writer
from tests.runs.factories import make_live_run

pytestmark = pytest.mark.django_db(transaction=True)
LOST: list[LiveRun] = []


@pytest.fixture
def watch() -> DatabaseWatch:
    return DatabaseWatch(Health())


@pytest.fixture
async def writer(watch: DatabaseWatch) -> AsyncIterator[Writer]:
    LOST.clear()
    writer = Writer("here", LOST.append, watch)
    task = asyncio.create_task(writer.run(), name="writer")
    yield writer
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def live_run(writer: Writer, *data: object) -> LiveRun:
    run = await sync_to_async(make_live_run)("here")
    resolved = ResolvedModel("sim/m", "sim", "m", kind="simulator", dialect="openai-chat")
    request = GenerationRequest(model="m", messages=())
    live = LiveRun(RunSpec(run.id, 1, run.epoch, "sim/m", resolved, request), pacer=Pacer(), on_append=writer.touch)
    live.begin()
    live.log.emit(RUN_STARTED, {"model": "m"})
    for chunk in data:
        live.log.emit(CHUNK, chunk)  # type: ignore[arg-type]
    return live


async def end(writer: Writer, live: LiveRun) -> bool:
    outcome = Outcome(RunStatus.COMPLETED)
    event = live.log.draft(RUN_ENDED, store.end_data(outcome))
    return await writer.finish(live, event, store.summary([*live.events, event], outcome))


async def test_a_run_that_cannot_be_stored_fails_alone(writer: Writer, caplog: pytest.LogCaptureFixture) -> None:
    good = await live_run(writer, "Spark", "ling")
    bad = await live_run(writer, {"text": object()})
    assert await end(writer, good)
    await until(lambda: bad in LOST)
    kept = {run.id: run async for run in Run.objects.all()}
    assert (kept[good.run_id].status, kept[good.run_id].text) == ("completed", "Sparkling")
    assert (kept[bad.run_id].status, kept[bad.run_id].error_code) == ("failed", "not_stored")
    assert kept[bad.run_id].epoch != bad.epoch
    assert [bad] == LOST
    assert "cannot be stored" in caplog.text
    assert await end(writer, await live_run(writer, "next"))


@pytest.mark.parametrize("lost", [False, True], ids=["before it was done", "after it was done"])
async def test_a_commit_whose_answer_was_lost_is_sent_again_and_doubles_nothing(
    writer: Writer, monkeypatch: pytest.MonkeyPatch, lost: bool
) -> None:
    save, tries = store.save, []

    def broken_once(*args: object) -> set[object]:
        tries.append(args)
        if len(tries) > 1:
            return save(*args)  # type: ignore[arg-type,return-value]
        if lost:
            save(*args)  # type: ignore[arg-type]
        raise OperationalError("the connection was lost")

    monkeypatch.setattr(store, "save", broken_once)
    live = await live_run(writer, "a", "b")
    await until(lambda: live.stored_seq == live.last_seq)
    assert len(tries) == 2
    live.log.emit(CHUNK, "c")
    assert await end(writer, live)
    stored = await sync_to_async(store.load_events)(live.run_id)
    assert [event.data for event in stored[1:4]] == ["a", "b", "c"]
    assert [event.seq for event in stored] == list(range(5))
    assert not LOST


async def test_what_waits_is_told_by_its_size(
    writer: Writer, watch: DatabaseWatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    save, is_back = store.save, False

    def away(*args: object) -> set[object]:
        if is_back:
            return save(*args)  # type: ignore[arg-type,return-value]
        raise OperationalError("away")

    monkeypatch.setattr(store, "save", away)
    live = await live_run(writer, "a", "b")
    await until(lambda: not watch.is_well)
    assert unstored_bytes(live) == 3 * EVENT_BYTES
    is_back = True
    await until(lambda: watch.is_well)
    assert unstored_bytes(live) == 0
    live.stored_seq += 1  # as between the commit of a run's end and its showing
    assert unstored_bytes(live) == 0
    assert await end(writer, live)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110  (what is waited for has no event)
            await asyncio.sleep(0.01)


def test_what_was_given_is_no_outage() -> None:
    assert is_away(OperationalError("database is locked"))
    assert not is_away(ValueError("half a character"))


async def test_sockets_are_told_of_each_change() -> None:
    class Socket:
        def __init__(self) -> None:
            self.told: list[str] = []

        async def tell(self, text: str) -> None:
            self.told.append(text)

    health, socket = Health(), Socket()
    task = asyncio.create_task(health.run([socket]))
    health.note(Trouble.DISK, holds=True)
    await until(lambda: len(socket.told) == 1)
    assert '"code":"disk"' in socket.told[0]
    assert str(health.refusal).startswith("The disk")
    health.note(Trouble.DISK, holds=True)
    health.note(Trouble.DISK, holds=False)
    await until(lambda: len(socket.told) == 2)
    assert socket.told[1] == '{"op":"health","problems":[]}'
    assert not health.refusal
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
