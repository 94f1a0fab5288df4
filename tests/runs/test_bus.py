"""The bus on a Redis of its own, which fails in the ways that Redis fails."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import pytest
import redis
from uuid_utils.compat import uuid7

from playground.connections.catalogue import ResolvedModel
from playground.providers.request import GenerationRequest
from playground.recording.events import CHUNK, RUN_ENDED
from playground.recording.pacing import Pacer
from playground.recording.status import RunStatus
from playground.runs import bus as bus_module
from playground.runs.bus import Bus
from playground.runs.database import DatabaseThreads
from playground.runs.live import LiveRun, RunSpec
from playground.runs.sources import Follower
from tests.machines import OwnRedis, own_redis_server

pytestmark = pytest.mark.redis

SOON_S = 10.0


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[OwnRedis]:
    with own_redis_server(tmp_path) as server:
        yield server


@asynccontextmanager
async def running(url: str, owner: str = "here") -> AsyncIterator[Bus]:
    stopped: list[UUID] = []
    bus = Bus(url, owner, stopped.append)
    task = asyncio.create_task(bus.run())
    try:
        yield bus
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def make_live(bus: Bus) -> LiveRun:
    """A run that publishes on `bus` what is logged."""
    resolved = ResolvedModel("sim/m", "sim", "m", kind="simulator", dialect="openai-chat")
    request = GenerationRequest(model="m", messages=())
    spec = RunSpec(uuid7(), 1, "epoch", "sim/m", resolved, request)
    live = LiveRun(spec, pacer=Pacer(), on_append=bus.touch)
    live.begin()
    return live


def make_follower(live: LiveRun) -> Follower:
    return Follower(live.run_id, live.epoch, DatabaseThreads(1, "unused"), is_fed=lambda: True)


def say(live: LiveRun, count: int) -> None:
    for _ in range(count):
        live.log.emit(CHUNK, "word ")


async def until(condition: Callable[[], object], within_s: float = SOON_S) -> None:
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110  (another process's state)
            await asyncio.sleep(0.01)


async def test_what_redis_lost_before_it_was_stored_is_published_again(own_redis: OwnRedis) -> None:
    """The database takes nothing, so that nothing else can fill the hole."""
    async with running(own_redis.url) as here, running(own_redis.url, "there") as there:
        live = make_live(here)
        say(live, 50)
        follower = make_follower(live)
        there.follow(follower)
        await until(lambda: follower.last_seq == 49)
        own_redis.kill()
        say(live, 50)
        own_redis.start()
        say(live, 50)
        await until(lambda: follower.last_seq == 149)
        late = make_follower(live)
        there.follow(late)
        await until(lambda: late.last_seq == 149)
        assert late.events == follower.events == live.events


async def test_what_was_lost_after_it_was_stored_is_left_to_the_database(own_redis: OwnRedis) -> None:
    async with running(own_redis.url) as here, running(own_redis.url, "there") as there:
        live = make_live(here)
        say(live, 50)
        await until(lambda: here.healthy and client_of(own_redis).exists(stream_of(live)))
        live.stored_seq = 49
        client_of(own_redis).flushall()
        follower = make_follower(live)
        there.follow(follower)
        say(live, 10)
        await until(lambda: follower._seen_seq == 59)
        assert follower.last_seq == -1
        reads = commands_of(own_redis, "xread")
        quiet_until = time.monotonic() + 1.0
        await until(lambda: time.monotonic() > quiet_until)
        assert commands_of(own_redis, "xread") - reads <= 4  # it waits, and does not read the same again and again
        follower.feed(live.events[:50])
        say(live, 1)
        await until(lambda: follower.last_seq == 60)
        assert follower.events == live.events


async def test_a_silent_redis_holds_up_nobody_and_is_told(
    own_redis: OwnRedis, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(bus_module, "ANSWER_S", 0.5)
    monkeypatch.setattr(bus_module, "BLOCK_MS", 200)
    async with running(own_redis.url) as here, running(own_redis.url, "there") as there:
        live = make_live(here)
        follower = make_follower(live)
        there.follow(follower)
        say(live, 10)
        await until(lambda: follower.last_seq == 9)
        own_redis.pause()
        say(live, 10)
        began = time.monotonic()
        there.ring("here", live.run_id)
        there.follow(make_follower(make_live(there)))
        assert time.monotonic() - began < 0.1
        await until(lambda: not here.healthy and not there.healthy)
        own_redis.resume()
        await until(lambda: follower.last_seq == 19 and here.healthy and there.healthy)
        assert follower.events == live.events
    assert "Redis does not answer" in caplog.text


async def test_a_full_redis_is_told_and_takes_the_rest_later(own_redis: OwnRedis) -> None:
    async with running(own_redis.url) as here, running(own_redis.url, "there") as there:
        live = make_live(here)
        follower = make_follower(live)
        there.follow(follower)
        client = client_of(own_redis)
        client.config_set("maxmemory", "1mb")
        say(live, 10)
        await until(lambda: not here.healthy)
        client.config_set("maxmemory", "0")
        await until(lambda: follower.last_seq == 9)
        await until(lambda: here.healthy)


async def test_a_stream_is_trimmed_below_what_is_stored_and_goes_soon_after_the_end(own_redis: OwnRedis) -> None:
    async with running(own_redis.url) as here:
        live = make_live(here)
        client, peak = client_of(own_redis), 0
        for _ in range(50):
            say(live, 200)
            await until(lambda: last_id(client, live) == live.last_seq + 1)
            peak = max(peak, client.memory_usage(stream_of(live)) or 0)
            live.stored_seq = live.last_seq
        assert peak < 64 * 1024, f"{peak} bytes for 10,000 tokens"
        live.end(live.log.draft(RUN_ENDED, {"status": "completed"}), RunStatus.COMPLETED)
        await until(lambda: 0 < client.ttl(stream_of(live)) <= bus_module.ENDED_KEEP_S)


async def test_runs_that_end_while_redis_is_away_are_not_kept(own_redis: OwnRedis) -> None:
    async with running(own_redis.url) as here:
        live = make_live(here)
        say(live, 10)
        await until(lambda: live in here._published)
        own_redis.kill()
        say(live, 10)
        live.stored_seq = 20
        live.end(live.log.draft(RUN_ENDED, {"status": "completed"}), RunStatus.COMPLETED)
        await until(lambda: live not in here._dirty and live not in here._published)


async def test_it_ends_when_it_is_cancelled_in_the_middle_of_anything(own_redis: OwnRedis) -> None:
    for number in range(40):
        bus = Bus(own_redis.url, f"owner {number}", lambda _: None)
        task = asyncio.create_task(bus.run())
        live = make_live(bus)
        bus.follow(make_follower(live))
        say(live, 10)
        await asyncio.sleep(bus_module.TICK_S + number / 10_000)
        task.cancel()
        await asyncio.wait({task}, timeout=SOON_S)
        assert task.cancelled()


async def test_a_run_is_stopped_from_another_process_also_after_redis_came_back_empty(own_redis: OwnRedis) -> None:
    heard: list[UUID] = []
    here = Bus(own_redis.url, "here", heard.append)
    task = asyncio.create_task(here.run())
    try:
        async with running(own_redis.url, "there") as there:
            for _ in range(2):
                run_id = uuid7()
                there.ring("here", run_id)
                await until(lambda run_id=run_id: run_id in heard)
                own_redis.kill()
                own_redis.start()
                await until(lambda: here.healthy and there.healthy)
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def test_a_run_that_cannot_be_packed_is_left_out_and_keeps_no_other_waiting(
    own_redis: OwnRedis, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(own_redis.url) as here, running(own_redis.url, "there") as there:
        bad, good = make_live(here), make_live(here)
        follower = make_follower(good)
        there.follow(follower)
        deep: list[object] = []
        for _ in range(300):
            deep = [deep]
        bad.log.emit(CHUNK, {"text": deep})
        say(good, 10)
        await until(lambda: follower.last_seq == 9)
        say(bad, 10)
        say(good, 10)
        await until(lambda: follower.last_seq == 19 and not here._dirty)
        assert here.healthy
    assert [vars(r)["run"] for r in caplog.records if r.levelname == "ERROR"] == [str(bad.run_id)]


async def test_a_fault_of_our_own_is_told_and_tried_again(
    own_redis: OwnRedis, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[bool] = []
    here, publish = Bus(own_redis.url, "here", lambda _: None, told.append), Bus._publish

    async def broken_once(bus: Bus, runs: set[LiveRun]) -> set[LiveRun]:
        monkeypatch.setattr(Bus, "_publish", publish)
        raise TypeError("nobody thought of that")

    monkeypatch.setattr(Bus, "_publish", broken_once)
    task = asyncio.create_task(here.run())
    live = make_live(here)
    say(live, 10)
    await until(lambda: not here.healthy)
    await until(lambda: here.healthy and last_id(client_of(own_redis), live) == 10)
    assert told == [False, True]
    assert "nobody thought of that" in caplog.text
    task.cancel()
    await asyncio.wait({task})


async def test_an_entry_that_is_damaged_is_read_from_the_database_and_ends_no_other(
    own_redis: OwnRedis, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(own_redis.url) as here, running(own_redis.url, "there") as there:
        live, other = make_live(here), make_live(here)
        say(live, 10)
        client = client_of(own_redis)
        await until(lambda: last_id(client, live) == 10)
        client.xadd(stream_of(live), {"e": b"?damaged"}, id="20-0")
        assert [event.seq for event in await here.tail(live.run_id, live.epoch)] == list(range(10))
        followers = [make_follower(live), make_follower(other)]
        for follower in followers:
            there.follow(follower)
        await until(lambda: followers[0].last_seq == 9 and followers[0].is_to_read)
        say(other, 10)
        await until(lambda: followers[1].last_seq == 9)
        assert there.healthy
    assert {vars(r)["run"] for r in caplog.records if r.levelname == "ERROR"} == {str(live.run_id)}


def client_of(server: OwnRedis) -> redis.Redis:
    return redis.Redis.from_url(server.url)


def stream_of(live: LiveRun) -> str:
    return f"playground:run:{live.run_id}:{live.epoch}"


def last_id(client: redis.Redis, live: LiveRun) -> int:
    entries = client.xrevrange(stream_of(live), count=1)
    return int(entries[0][0].partition(b"-")[0]) if entries else 0


def commands_of(server: OwnRedis, name: str) -> int:
    return int(client_of(server).info("commandstats").get(f"cmdstat_{name}", {}).get("calls", 0))
