"""What of a Runnable's events is the answer: each token once, as it was cut."""

import pytest

from playground.recording.events import CHUNK, USAGE
from playground.recording.status import RunStatus
from tests.providers.runnables.conftest import run

ONE = {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}
BOTH = {"prompt_tokens": 14, "completion_tokens": 6, "total_tokens": 20}
CALL = [
    {"tool_call": {"index": 0, "id": "call-1", "name": "weather", "arguments": '{"city": '}},
    {"tool_call": {"index": 0, "arguments": '"Oslo"}'}},
]


@pytest.mark.parametrize("name", ["chat", "chain", "chain_of_messages", "retrieval"])
async def test_streams_token_by_token_and_each_once(name: str) -> None:
    ran = await run(name)

    assert ran.data(CHUNK) == ["Hello", " big", " world"]
    assert ran.outcome.status is RunStatus.COMPLETED
    assert ran.outcome.finish_reason == "stop"
    assert ran.outcome.usage == ran.data(USAGE)[-1] == ONE
    assert ran.notices() == []


@pytest.mark.parametrize("name", ["llm", "without_streaming", "chain_without_streaming"])
async def test_a_model_that_does_not_stream_gives_one_chunk_and_it_is_said(name: str) -> None:
    ran = await run(name)

    assert len(ran.data(CHUNK)) == 1
    assert ran.notices() == ["one_chunk"]
    assert ran.kinds.index("notice") < ran.kinds.index(CHUNK)


async def test_an_agent_answers_with_what_its_models_stream() -> None:
    ran = await run("agent")

    assert ran.data(CHUNK) == [*CALL, "It", " is", " sunny"]
    assert ran.data(USAGE) == [ONE, BOTH]
    assert ran.outcome.usage == BOTH


async def test_texts_of_two_model_calls_are_set_apart() -> None:
    ran = await run("talking_agent")

    assert ran.text == "Let me look.\n\nIt is sunny"


async def test_what_a_model_inside_a_tool_says_is_no_answer() -> None:
    ran = await run("agent_with_a_model_in_its_tool")

    assert ran.text == "It is sunny"


async def test_an_agent_whose_model_does_not_stream() -> None:
    ran = await run("agent_without_streaming")

    call = {"index": 0, "id": "call-1", "name": "weather", "arguments": '{"city": "Oslo"}'}
    assert ran.data(CHUNK) == [{"tool_call": call}, "It is sunny"]
    assert ran.notices() == ["one_chunk"]


async def test_reasoning_is_told_apart() -> None:
    ran = await run("reasoning")

    assert ran.data(CHUNK) == [{"reasoning": "Let me see."}, {"reasoning": " Well."}, "Yes"]


async def test_what_is_no_text_is_given_as_json_at_the_end() -> None:
    ran = await run("json_chain")

    assert ran.text == '{\n  "a": 1,\n  "b": 2\n}'
    assert ran.notices() == ["one_chunk"]


async def test_custom_events_are_notices() -> None:
    ran = await run("custom")

    [notice] = ran.data("notice")
    assert (notice["code"], notice["name"], notice["data"]) == ("custom_event", "progress", {"done": 0.5})
    assert ran.text == "HOW IS THE WEATHER?"
