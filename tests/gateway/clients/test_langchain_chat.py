"""`ChatOpenAI` against the gateway: streams with usage, logprobs, tool calls and events."""

import pytest
from langchain_openai import ChatOpenAI

from tests.gateway.clients.clients import Maker
from tests.server import Client

PROMPT = "Write me a 1 verse song about sparkling water."


@pytest.fixture
def models(base_url: str, person: Client) -> Maker:
    return Maker(ChatOpenAI, base_url=base_url, api_key=person.token, model="sim/sim-n24-r200", stream_usage=True)


def test_a_stream_has_text_usage_and_a_finish_reason(models: Maker) -> None:
    with models.opened() as model:
        first, *rest = model.stream(PROMPT)
        whole = model.invoke(PROMPT)
    total = sum(rest, start=first)
    assert total.text == whole.text
    assert total.usage_metadata["output_tokens"] == whole.usage_metadata["output_tokens"] == 24
    assert total.response_metadata["finish_reason"] == "stop"
    assert len(rest) > 20


@pytest.mark.parametrize("version", ["v1", "v2"])
@pytest.mark.filterwarnings("ignore:.*v1.*:DeprecationWarning")
def test_events(models: Maker, version: str) -> None:
    async def events(model: ChatOpenAI) -> list[str]:
        return [event["event"] async for event in model.astream_events(PROMPT, version=version)]

    names = models.run(events)
    assert (names[0], names[-1]) == ("on_chat_model_start", "on_chat_model_end")
    assert names.count("on_chat_model_stream") > 20


def test_logprobs(models: Maker) -> None:
    with models.opened() as model:
        answer = model.bind(logprobs=True, top_logprobs=2).invoke(PROMPT)
    tokens = [entry["token"] for entry in answer.response_metadata["logprobs"]["content"]]
    assert "".join(tokens) == answer.text


def test_batch(models: Maker) -> None:
    async def answers(model: ChatOpenAI) -> list[str]:
        return [answer.text for answer in await model.abatch([PROMPT, PROMPT])]

    with models.opened() as model:
        assert [answer.text for answer in model.batch([PROMPT, PROMPT])] == models.run(answers)


def test_tool_calls(base_url: str, person: Client) -> None:
    def add(a: int, b: int) -> int:
        """Add two numbers."""
        return a + b

    prepared = Maker(ChatOpenAI, base_url=base_url, api_key=person.token, model="prepared/tools")
    with prepared.opened() as model:
        first, *rest = model.bind_tools([add]).stream("What is 1 + 2?")
    (call,) = sum(rest, start=first).tool_calls
    assert (call["name"], call["args"], call["id"]) == ("add", {"a": 1, "b": 2}, "call_1")
