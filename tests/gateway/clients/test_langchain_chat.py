"""`ChatOpenAI` against the gateway: streams with usage, logprobs and events."""

import asyncio

import pytest
from langchain_openai import ChatOpenAI

from tests.server import Client

PROMPT = "Write me a 1 verse song about sparkling water."


@pytest.fixture
def model(base_url: str, person: Client) -> ChatOpenAI:
    return ChatOpenAI(base_url=base_url, api_key=person.token, model="sim/sim-n24-r200", stream_usage=True)


def test_a_stream_has_text_usage_and_a_finish_reason(model: ChatOpenAI) -> None:
    chunks = list(model.stream(PROMPT))
    total = chunks[0]
    for chunk in chunks[1:]:
        total += chunk
    assert total.text == model.invoke(PROMPT).text
    assert total.usage_metadata is not None
    assert total.usage_metadata["output_tokens"] == 24
    assert total.response_metadata["finish_reason"] == "length"
    assert len(chunks) > 20


@pytest.mark.parametrize("version", ["v1", "v2"])
@pytest.mark.filterwarnings("ignore:.*v1.*:DeprecationWarning")
def test_events(model: ChatOpenAI, version: str) -> None:
    async def events() -> list[str]:
        return [event["event"] async for event in model.astream_events(PROMPT, version=version)]

    names = asyncio.run(events())
    assert (names[0], names[-1]) == ("on_chat_model_start", "on_chat_model_end")
    assert names.count("on_chat_model_stream") > 20


def test_logprobs(model: ChatOpenAI) -> None:
    answer = model.bind(logprobs=True, top_logprobs=2).invoke(PROMPT)
    tokens = [entry["token"] for entry in answer.response_metadata["logprobs"]["content"]]
    assert "".join(tokens) == answer.text


def test_batch(model: ChatOpenAI) -> None:
    one, two = model.batch([PROMPT, PROMPT])
    assert one.text == two.text == asyncio.run(model.abatch([PROMPT]))[0].text


def test_tool_calls(base_url: str, person: Client) -> None:
    def add(a: int, b: int) -> int:
        """Add two numbers."""
        return a + b

    model = ChatOpenAI(base_url=base_url, api_key=person.token, model="prepared/tools").bind_tools([add])
    total = None
    for chunk in model.stream("What is 1 + 2?"):
        total = chunk if total is None else total + chunk
    assert total is not None
    (call,) = total.tool_calls
    assert (call["name"], call["args"], call["id"]) == ("add", {"a": 1, "b": 2}, "call_1")
