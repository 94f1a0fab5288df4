"""What LangChain itself gives, dumped as its users dump it, is read; chains and agents of its own fake models."""

import json
from collections.abc import Callable
from typing import Any, Literal

import pytest
from langchain_core.load import dumpd
from langchain_core.output_parsers import StrOutputParser
from langchain_core.runnables import RunnableLambda, RunnableParallel

from playground.interchange.formats import read
from playground.recording.events import CHUNK, NOTICE, RUN_ENDED, STEP_ENDED, STEP_STARTED, USAGE, chunk_text
from playground.recording.session_file import RecordedRun
from playground.recording.steps import steps
from tests.interchange.recordings import data_of
from tests.providers.runnables import chains

Version = Literal["v1", "v2"]
Dump = Callable[[Any], Any]


def model_dump(value: Any) -> Any:
    return value.model_dump() if hasattr(value, "model_dump") else str(value)


async def events_of(runnable: Any, given: Any, version: Version, dump: Dump) -> RecordedRun:
    lines = [json.dumps(event, default=dump) async for event in runnable.astream_events(given, version=version)]
    found = read("\n".join(lines).encode())
    assert found.format == "langchain"
    (turn,) = found.session.turns
    return turn.runs[0]


def text(run: RecordedRun) -> str:
    return "".join(chunk_text(event) for event in run.events if event.kind == CHUNK)


@pytest.mark.filterwarnings("ignore:.*v1.*")
@pytest.mark.parametrize("dump", [dumpd, model_dump])
@pytest.mark.parametrize("version", ["v1", "v2"])
async def test_a_chain_is_read_with_its_steps(version: Version, dump: Dump) -> None:
    run = await events_of(chains.chain(), {"question": "Hi"}, version, dump)
    assert text(run)
    assert data_of(run, RUN_ENDED)[0]["status"] == "completed"
    (top, *below) = steps(run.events)
    assert (top.type, top.depth) == ("chain", 0)
    assert {step.type for step in below} >= {"prompt", "chat_model", "parser"}
    assert len(data_of(run, STEP_STARTED)) == len(data_of(run, STEP_ENDED))


def parallel() -> Any:
    """Its models stream side by side, and what is made of both is the answer."""
    both = RunnableParallel(a=chains.chat() | StrOutputParser(), b=chains.chat() | StrOutputParser())
    return both | RunnableLambda(lambda found: f"{found['a']} / {found['b']}")


ASKED = {"messages": [{"role": "user", "content": "How is the weather?"}]}


@pytest.mark.parametrize(
    ("make", "given", "expected"),
    [
        (chains.chat, "Hi", "Hello big world"),
        (chains.llm, "Hi", "An old answer"),
        (chains.without_streaming, "Hi", "All at once"),
        (chains.chain_without_streaming, {"input": "Hi"}, "All at once"),
        (chains.agent, ASKED, "It is sunny"),
        (chains.talking_agent, ASKED, "Let me look.\n\nIt is sunny"),
        (chains.agent_with_a_model_in_its_tool, ASKED, "It is sunny"),
        (chains.agent_without_streaming, ASKED, "It is sunny"),
        (chains.surviving, "Hi", "Saved"),
        (chains.custom, "Hi", "HI"),
        (parallel, "Hi", "Hello big world / Hello big world"),
        (chains.retrieval, {"input": "Hi"}, "Hello big world"),
    ],
)
async def test_the_answer_is_that_of_a_live_run(make: Callable[[], Any], given: Any, expected: str) -> None:
    run = await events_of(make(), given, "v2", model_dump)
    assert text(run) == expected
    assert data_of(run, RUN_ENDED)[0]["status"] == "completed"


async def test_reasoning_usage_and_tool_calls_come_along() -> None:
    run = await events_of(chains.reasoning(), "Hi", "v2", dumpd)
    pieces = [event.data for event in run.events if event.kind == CHUNK]
    assert pieces == [{"reasoning": "Let me see."}, {"reasoning": " Well."}, "Yes"]
    run = await events_of(chains.agent(), ASKED, "v2", dumpd)
    assert data_of(run, USAGE)[-1] == {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}
    calls = [data["tool_call"] for data in data_of(run, CHUNK) if "tool_call" in data]
    assert "".join(call.get("arguments", "") for call in calls) == '{"city": "Oslo"}'
    assert calls[0]["name"] == "weather"


async def test_custom_events_are_notices() -> None:
    run = await events_of(chains.custom(), "Hi", "v2", dumpd)
    assert "custom_event" in [data["code"] for data in data_of(run, NOTICE)]
