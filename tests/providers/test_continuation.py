"""How a model is asked to go on from a part of its answer, in each dialect."""

from typing import Any

import httpx
import orjson
import pytest

from playground.providers.continuation import INSTRUCTION, way_of
from playground.providers.dialects import DIALECTS, dialect
from playground.providers.endpoint import Endpoint
from playground.providers.request import GenerationRequest, Message
from playground.providers.simulator import Simulator

ASKED = [{"role": "user", "content": "Count."}]
PART = "One, two, thr"


def body_of(name: str, messages: list[dict[str, Any]]) -> dict[str, Any]:
    sent = tuple(
        Message(each["role"], each["content"], {name: each[name] for name in each.keys() - {"role", "content"}})
        for each in messages
    )
    request = GenerationRequest("m", sent, continues=len(PART))
    outgoing = dialect(name).request(Endpoint(name, "https://models.example/v1"), request)
    body: dict[str, Any] = orjson.loads(outgoing.body)
    return body


@pytest.mark.parametrize("name", sorted(DIALECTS))
def test_every_dialect_can_ask_to_go_on(name: str) -> None:
    way = way_of(name)
    messages = way.messages(ASKED, PART)
    assert messages[1]["content"] == (PART if way.name == "prefill" else "One, two, ")
    sent = orjson.dumps(body_of(name, messages)).decode()
    assert messages[1]["content"] in sent
    assert (INSTRUCTION in sent) == (way.name == "instruction")


def test_a_text_goes_on_in_the_text_that_was_sent() -> None:
    way = way_of("openai-completions")
    assert body_of("openai-completions", way.messages(ASKED, PART))["prompt"] == "Count.One, two, thr"
    talk = [*ASKED, {"role": "assistant", "content": "Up to?"}, {"role": "user", "content": "Three."}]
    assert body_of("openai-completions", way.messages(talk, PART))["prompt"].endswith("Assistant:One, two, thr")


def test_servers_that_need_to_be_told() -> None:
    assert way_of("openai-chat", "prefill-vllm").parameters["continue_final_message"] is True
    marked = way_of("openai-chat", "prefill-prefix").messages(ASKED, PART)
    assert body_of("openai-chat", marked)["messages"][-1] == {"role": "assistant", "content": PART, "prefix": True}


def test_claude_refuses_a_prefill_that_ends_with_a_space() -> None:
    assert way_of("anthropic").name == "instruction"
    messages = way_of("anthropic", "prefill").messages(ASKED, "One, two, \n")
    assert messages[-1] == {"role": "assistant", "content": "One, two,"}


@pytest.mark.parametrize(
    ("part", "kept"),
    [
        ("One, two, thr", "One, two, "),
        ("One, two, ", "One, two, "),
        ("One", "One"),
        ("一二三四", "一二三四"),
        ("一 二三", "一 二三"),
    ],
)
def test_a_model_that_is_asked_in_words_writes_the_last_word_anew(part: str, kept: str) -> None:
    assert way_of("openai-chat").messages(ASKED, part)[1]["content"] == kept


@pytest.mark.parametrize("chosen", ["prefill", "instruction"])
@pytest.mark.parametrize("cut", [1, 17, 40, 200])
async def test_the_simulator_goes_on_where_the_part_ends(chosen: str, cut: int) -> None:
    way = way_of("openai-chat", chosen)
    async with Simulator() as simulator, httpx.AsyncClient(base_url=simulator.base_url) as client:

        async def answer(messages: list[dict[str, Any]], **more: Any) -> str:
            body = {"model": "sim-n60-r0-d0", "messages": messages, **more}
            response = await client.post("/chat/completions", json=body)
            text: str = response.json()["choices"][0]["message"]["content"]
            return text

        whole = await answer(ASKED)
        messages = way.messages(ASKED, whole[:cut])
        assert messages[1]["content"] + await answer(messages) == whole
        assert whole.startswith(messages[1]["content"] + await answer(messages, max_tokens=3))
        assert await answer([*ASKED, {"role": "assistant", "content": whole}]) == ""
        assert await answer(way.messages(ASKED, "Never said.")) == whole
