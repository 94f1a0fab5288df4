"""How a Runnable's run ends when it does not go well."""

import asyncio

import pytest

from playground.providers.endpoint import Endpoint
from playground.providers.http import UpstreamClient
from playground.providers.request import GenerationRequest
from playground.providers.runnables import DIALECT, stream_runnable
from playground.providers.stream import stream_run
from playground.recording.events import ATTEMPT_FAILED, CHUNK, STEP_ENDED
from playground.recording.log import EventLog
from playground.recording.status import RunStatus
from tests.providers.runnables import chains
from tests.providers.runnables.conftest import ASKED, endpoint, run


@pytest.fixture(autouse=True)
def _fresh() -> None:
    for event in (chains.started, chains.cancelled, chains.release):
        event.clear()


async def test_an_error_keeps_what_came_before_it() -> None:
    ran = await run("breaking")

    assert ran.outcome.status is RunStatus.FAILED
    assert ran.outcome.error is not None
    assert ran.outcome.error.code == "runnable_failed"
    assert ran.outcome.error.message == "The Runnable raised ValueError: the model went away"
    assert ran.text == "Half of an answer"
    assert ran.data(ATTEMPT_FAILED)[0]["retryable"] is False


async def test_keys_in_an_error_are_hidden() -> None:
    error = (await run("agent_with_a_failing_tool")).outcome.error

    assert error is not None
    assert error.message.endswith("does not answer, key [hidden]")


@pytest.mark.parametrize(
    ("name", "code", "message"),
    [
        ("unmakeable", "invalid_runnable", f"{chains.__name__}:unmakeable cannot be loaded, it raised KeyError"),
        ("not_one", "invalid_runnable", f"{chains.__name__}:not_one is a Slow and not a Runnable"),
        ("missing", "invalid_runnable", f"The module {chains.__name__} has no missing"),
        ("two_inputs", "invalid_request", "The Runnable wants 2 inputs (style, topic)"),
        ("exiting", "runnable_failed", "The Runnable raised SystemExit: 3"),
    ],
)
async def test_what_cannot_run_says_why(name: str, code: str, message: str) -> None:
    outcome = (await run(name)).outcome

    assert outcome.status is RunStatus.FAILED
    assert outcome.error is not None
    assert outcome.error.code == code
    assert outcome.error.message.startswith(message)
    assert (await run("chat")).text == "Hello big world"  # the thread goes on


async def test_a_module_that_does_not_exist(http: UpstreamClient) -> None:
    log = EventLog()
    absent = Endpoint(DIALECT, "no_such_package.module:chain")
    outcome = await stream_run(absent, GenerationRequest("any", ASKED), log, http=http)

    assert outcome.error is not None
    assert outcome.error.message.startswith("There is no module no_such_package here")


async def test_stop_cancels_it_and_waits_for_its_end() -> None:
    log = EventLog()
    task = asyncio.create_task(stream_runnable(endpoint("endless"), GenerationRequest("any", ASKED), log))
    await asyncio.to_thread(chains.started.wait)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert chains.cancelled.is_set()  # by now: nobody waits for it here
    assert "Begun" in [event.data for event in log.events if event.kind == CHUNK]
    ends = [event.data for event in log.events if event.kind == STEP_ENDED]
    assert [end["error"]["type"] for end in ends if not isinstance(end, str)] == ["CancelledError"] * len(ends)


async def test_a_tool_that_was_stopped_has_an_end() -> None:
    ran = await run("waiting_agent", between_chunks=0.5)

    assert [ran.ended(name)["error"]["type"] for name in ("weather", "tools", "helper")] == ["CancelledError"] * 3


@pytest.mark.parametrize(
    ("name", "timeouts", "code"),
    [
        ("silent", {"first_chunk": 0.2}, "first_chunk_timeout"),
        ("endless", {"between_chunks": 0.2}, "between_chunks_timeout"),
        ("endless", {"total": 0.2}, "total_timeout"),
    ],
)
async def test_timers_hold(name: str, timeouts: dict[str, float], code: str) -> None:
    outcome = (await run(name, **timeouts)).outcome

    assert outcome.error is not None
    assert (outcome.status, outcome.error.code) == (RunStatus.FAILED, code)


async def test_code_that_blocks_its_loop_does_not_stall_ours() -> None:
    task = asyncio.create_task(run("blocking"))
    await asyncio.to_thread(chains.started.wait)

    # If the Runnable were on this loop, it would wait for `release` here, and this would never be reached.
    assert not task.done()
    chains.release.set()
    assert (await task).text == "done"
