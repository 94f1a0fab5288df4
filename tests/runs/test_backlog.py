"""What waits for the database is bounded: the largest runs are ended, and the others go on."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from uuid_utils.compat import uuid7

from playground.connections.catalogue import ResolvedModel
from playground.providers.request import GenerationRequest
from playground.recording.events import CHUNK, RUN_STARTED
from playground.recording.pacing import Pacer
from playground.runs import backlog
from playground.runs.backlog import EVENT_BYTES, bound_backlog
from playground.runs.health import Health, Trouble
from playground.runs.live import LiveRun, RunSpec, StopReason

LIMIT = 1600 * EVENT_BYTES
ROUNDS_S = 0.1  # many of them
HEALTH = Health()


@pytest.fixture
async def lives(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[list[LiveRun]]:
    """Runs of which nothing is stored. What they hold is bounded."""
    monkeypatch.setattr(backlog, "EVERY_S", 0.005)
    found: list[LiveRun] = []
    task = asyncio.create_task(bound_backlog(lambda: found, HEALTH, LIMIT))
    yield found
    task.cancel()
    streams = [live.stream for live in found if live.stream is not None]
    for stream in streams:
        stream.cancel()
    await asyncio.gather(task, *streams, return_exceptions=True)


def make_live(lives: list[LiveRun], events: int, *, is_recorded: bool = True) -> LiveRun:
    resolved = ResolvedModel("sim/m", "sim", "m", kind="simulator", dialect="openai-chat")
    request = GenerationRequest(model="m", messages=())
    spec = RunSpec(uuid7(), 1, "epoch", "sim/m", resolved, request, is_recorded=is_recorded)
    live = LiveRun(spec, pacer=Pacer(), on_append=lambda _: None)
    live.begin()
    live.log.emit(RUN_STARTED, {"model": "m"})
    say(live, events - 1)
    live.stream = asyncio.create_task(asyncio.sleep(3600))
    lives.append(live)
    return live


def say(live: LiveRun, count: int) -> None:
    for _ in range(count):
        live.log.emit(CHUNK, "word ")


async def test_past_the_bound_only_the_largest_are_ended_until_more_waits(lives: list[LiveRun]) -> None:
    largest, large, small = (make_live(lives, events) for events in (700, 600, 200))
    unrecorded, stored = make_live(lives, 500, is_recorded=False), make_live(lives, 500)
    stored.stored_seq = stored.last_seq
    await asyncio.sleep(ROUNDS_S)
    assert all(live.stop_reason is None for live in lives)

    say(small, 110)
    await asyncio.sleep(ROUNDS_S)
    assert HEALTH.has(Trouble.MEMORY)
    ended = [live for live in lives if live.stop_reason is StopReason.UNSTORED]
    assert ended == [largest, large]

    say(small, 90)  # not a sixteenth more yet
    await asyncio.sleep(ROUNDS_S)
    assert small.is_streaming

    say(small, 20)
    await asyncio.sleep(ROUNDS_S)
    assert small.stop_reason is StopReason.UNSTORED
    assert [live for live in lives if live.is_streaming] == [unrecorded, stored]


async def test_one_alone_may_hold_half_of_the_bound(lives: list[LiveRun]) -> None:
    large, small = make_live(lives, 810), make_live(lives, 700)
    await asyncio.sleep(ROUNDS_S)
    assert (large.stop_reason, small.stop_reason) == (StopReason.UNSTORED, None)
    assert not HEALTH.has(Trouble.MEMORY)
