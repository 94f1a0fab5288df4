"""A recording that cannot be read keeps no other run waiting, nor the server from starting."""

import asyncio
import contextlib
import sqlite3
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest
from asgiref.sync import sync_to_async
from django.test import Client as Browser

from playground.recording.events import Event
from playground.runs import compaction, compactor, store
from playground.runs.compactor import Compactor
from playground.runs.database import DatabaseThreads
from playground.runs.leases import Leases
from playground.runs.models import Run, Segment
from tests.factories import make_token
from tests.runs.factories import make_events, make_live_run
from tests.server import Client, Follower, Server

WITHIN_S = 10.0

pytestmark = pytest.mark.django_db(transaction=True)


def damage(run: Run) -> None:
    Segment.objects.filter(run=run).update(events=b"damaged")


def ended_run() -> Run:
    run = make_live_run("here")
    store.save("here", [store.Batch(run.id, make_events("a"))])
    Run.objects.filter(pk=run.pk).update(status="completed")
    return run


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(WITHIN_S):
        while not await holds():  # noqa: ASYNC110  the database tells nobody
            await asyncio.sleep(0.02)


def test_the_compactor_goes_on_after_a_recording_that_cannot_be_read(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(compactor, "EVERY_S", 0.01)
    sound, damaged = ended_run(), ended_run()
    damage(damaged)

    async def left() -> list[UUID]:
        return await sync_to_async(compaction.uncompacted)()

    async def compact_all() -> None:
        async with DatabaseThreads(1, "compactor") as threads:
            work = Compactor(threads, is_busy=lambda: False)
            work.add(sound.id)
            work.add(damaged.id)  # the last one is the first to be compacted
            task = asyncio.create_task(work.run())

            async def is_done() -> bool:
                return await left() == [damaged.id]

            await until(is_done)
            assert not task.done()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    asyncio.run(compact_all())
    assert {vars(record).get("run") for record in caplog.records} == {str(damaged.id)}


def test_the_compactor_looks_again_for_what_nobody_told_it_of(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(compactor, "EVERY_S", 0.005)
    monkeypatch.setattr(compactor, "LOOK_EVERY_S", 0.01, raising=False)
    damaged = ended_run()
    damage(damaged)

    async def left() -> list[UUID]:
        return await sync_to_async(compaction.uncompacted)()

    async def compact_all() -> None:
        async with DatabaseThreads(1, "compactor") as threads:
            work = Compactor(threads, is_busy=lambda: False)
            task = asyncio.create_task(work.run())

            async def is_tried() -> bool:
                return bool(caplog.records)

            await until(is_tried)
            late = await sync_to_async(ended_run)()

            async def is_done() -> bool:
                return late.id not in await left()

            await until(is_done)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            assert await left() == [damaged.id]

    asyncio.run(compact_all())
    assert [vars(record).get("run") for record in caplog.records] == [str(damaged.id)]  # told of once


@pytest.mark.parametrize("is_at_start", [True, False])
def test_an_orphan_that_cannot_be_ended_keeps_no_other_waiting(
    is_at_start: bool, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    hopeless, other = (make_live_run("dead", lease=timedelta(seconds=-1)) for _ in range(2))
    interrupt = store.interrupt

    def refuse_one(run_id: UUID, *args: Any, **options: Any) -> bool:
        if run_id == hopeless.id:
            raise ValueError("no end fits it")
        return interrupt(run_id, *args, **options)

    monkeypatch.setattr(store, "interrupt", refuse_one)
    monkeypatch.setattr(store, "LEASE", timedelta(0))
    ended: list[UUID] = []

    async def tail(_run_id: UUID, _epoch: str) -> list[Event]:
        return []

    async def reap() -> None:
        async with DatabaseThreads(1, "leases") as threads:
            leases = Leases("here", threads, stop=lambda _: None, is_idle=lambda: True, tail=tail, ended=ended.append)
            if is_at_start:
                await leases.reap_all()
                return
            task = asyncio.create_task(leases.run())

            async def is_over() -> bool:
                return bool(ended)

            await until(is_over)
            assert not task.done()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    asyncio.run(reap())
    other.refresh_from_db()
    hopeless.refresh_from_db()
    assert (other.status, hopeless.status) == ("interrupted", "streaming")
    assert [vars(r)["run"] for r in caplog.records if r.levelname == "ERROR"] == [str(hopeless.id)]
    assert [vars(r)["run"] for r in caplog.records if r.levelname == "WARNING"] == [str(other.id)]


@pytest.mark.parametrize("model", ["sim/sim-n5-r0", pytest.param("sim/sim-n9000-r0", id="read in blocks")])
def test_a_socket_is_told_that_a_recording_is_damaged_and_goes_on(
    server: Server, api_client: Client, model: str
) -> None:
    damaged, sound = (api_client.post_run(model)["id"] for _ in range(2))
    for run_id in (damaged, sound):
        api_client.wait(run_id)
    with contextlib.closing(sqlite3.connect(server.data_dir / "playground.sqlite3")) as database, database:
        database.execute("UPDATE runs_segment SET events = x'00' WHERE run_id = ?", [UUID(damaged).hex])
    with api_client.socket() as socket:
        socket.send(orjson.dumps({"op": "subscribe", "run": damaged, "after": -1}).decode())
        told = orjson.loads(socket.recv(WITHIN_S))
        if told["op"] == "subscribed":  # of a long one only what is asked for is read
            told = orjson.loads(socket.recv(WITHIN_S))
        assert (told["op"], told["run"], told["code"]) == ("error", damaged, "not_found")
        assert "damaged" in told["message"]
        follower = Follower(socket, sound)
        assert follower.finish()


def test_a_socket_is_told_that_a_live_run_of_another_process_is_damaged(server: Server, api_client: Client) -> None:
    """Once: it is not told to read the run anew again and again."""
    damaged = api_client.post_run("sim/sim-n5-r0")["id"]
    api_client.wait(damaged)
    to_another = (
        "UPDATE runs_run SET status = 'streaming', owner_process = 'another', lease_expires_at = '2099-01-01' "
        "WHERE id = ?"
    )
    back = "UPDATE runs_run SET status = 'completed', owner_process = '', lease_expires_at = NULL WHERE id = ?"
    key = [UUID(damaged).hex]
    with contextlib.closing(sqlite3.connect(server.data_dir / "playground.sqlite3", timeout=20)) as database:
        with database:
            database.execute("UPDATE runs_segment SET events = x'00' WHERE run_id = ?", key)
            database.execute(to_another, key)
        with api_client.socket() as socket:
            socket.send(orjson.dumps({"op": "subscribe", "run": damaged, "after": -1}).decode())
            told = orjson.loads(socket.recv(WITHIN_S))
            assert (told["op"], told["run"]) == ("error", damaged)
            assert "damaged" in told["message"]
            socket.send(b'{"op":"ping"}'.decode())
            assert orjson.loads(socket.recv(WITHIN_S)) == {"op": "pong"}
        with database:
            database.execute(back, key)


def test_pages_and_the_api_say_so_of_a_recording_that_cannot_be_read(client: Browser) -> None:
    run = ended_run()
    damage(run)
    owner = run.turn.session.owner
    client.force_login(owner)
    page = client.get(f"/runs/{run.id}/?view=timeline")
    token = make_token(owner, run.turn.session.workspace)
    answer = client.get(f"/api/v1/runs/{run.id}/events", headers={"Authorization": f"Bearer {token}"})
    assert (page.status_code, answer.status_code) == (500, 500)
    assert "is damaged" in page.text
    assert answer.json()["error"]["code"] == "damaged"
