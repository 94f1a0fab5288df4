"""The events of `Model.astream_events`, as langchain-core 1.7 gave them for its own fake models when it was asked."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from playground.providers import Chunk, Model
from playground.providers.errors import NoEndMarker
from playground.providers.langchain_events import StreamEvent, Version, as_json
from playground.providers.simulator import Simulator
from tests.providers.faults import streams, token, upstream

KEYS = {"event", "run_id", "name", "tags", "metadata", "data", "parent_ids"}
GOLDFISH = "Write me a 1 verse song about goldfish on the moon"
VERSIONS: list[Version] = ["v1", "v2"]


@pytest.fixture
async def sim() -> AsyncIterator[Simulator]:
    async with Simulator() as simulator:
        yield simulator


def llm(sim: Simulator, name: str = "sim-en-n3-r0-d0", **options: Any) -> Model:
    return Model(dialect="openai-completions", base_url=sim.base_url, model=name, **options)


def chat(sim: Simulator, name: str = "sim-en-n3-r0-d0", **options: Any) -> Model:
    return Model(dialect="openai-chat", base_url=sim.base_url, model=name, **options)


async def events(model: Model, given: Any = GOLDFISH, **options: Any) -> list[StreamEvent]:
    return [event async for event in model.astream_events(given, **options)]


async def collect(stream: AsyncIterator[StreamEvent], into: list[StreamEvent]) -> None:
    async for event in stream:
        into.append(event)  # noqa: PERF401  (what came before a failure is kept)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(("make", "kind"), [(llm, "llm"), (chat, "chat_model")])
async def test_start_a_stream_event_a_chunk_end(sim: Simulator, version: Version, make: Any, kind: str) -> None:
    found = await events(make(sim), version=version)
    assert [event["event"] for event in found] == [
        f"on_{kind}_start",
        *[f"on_{kind}_stream"] * 5,
        f"on_{kind}_end",
    ]
    assert all(event.keys() == KEYS for event in found)
    assert all(event["parent_ids"] == [] for event in found)
    assert all(event["tags"] == [] for event in found)
    assert {event["name"] for event in found} == {"Model"}
    assert len({event["run_id"] for event in found}) == 1
    assert found[0]["data"] == {"input": GOLDFISH}
    chunks = [event["data"]["chunk"] for event in found[1:-1]]
    assert (chunks[0], chunks[-1]) == ("", "")
    assert all(event["data"].keys() == {"chunk"} for event in found[1:-1])
    assert {chunk.id for chunk in chunks} == {f"run--{found[0]['run_id']}"}
    assert found[-1]["data"].keys() == {"output"}


async def test_the_end_of_an_llm(sim: Simulator) -> None:
    text = await llm(sim).ainvoke(GOLDFISH)
    v1, v2 = [(await events(llm(sim), version=version))[-1]["data"]["output"] for version in VERSIONS]
    assert v1 == text
    info = {"finish_reason": "stop", "model_name": "sim-en-n3-r0-d0"}
    generation = {"text": text, "generation_info": info, "type": "Generation"}
    assert v2 == {"generations": [[generation]], "llm_output": None}


async def test_the_end_of_a_chat_model(sim: Simulator) -> None:
    text = await chat(sim).ainvoke(GOLDFISH)
    for version in VERSIONS:
        output = (await events(chat(sim), version=version))[-1]["data"]["output"]
        assert isinstance(output, Chunk)
        assert output.content == text
        assert output.response_metadata == {"finish_reason": "stop", "model_name": "sim-en-n3-r0-d0"}


async def test_v2_adds_the_model_to_the_metadata(sim: Simulator) -> None:
    config: Any = {"metadata": {"mine": 1}, "tags": ["song"], "run_name": "verse"}
    asked = chat(sim, temperature=0.5)
    v1, v2 = [(await events(asked, config=config, version=version))[0] for version in VERSIONS]
    assert v1["metadata"] == {"mine": 1}
    assert v2["metadata"] == {
        "mine": 1,
        "ls_provider": "openai",
        "ls_model_name": "sim-en-n3-r0-d0",
        "ls_model_type": "chat",
        "ls_temperature": 0.5,
    }
    assert (v2["tags"], v2["name"]) == (["song"], "verse")


async def test_the_input_is_what_was_given(sim: Simulator) -> None:
    messages = [("system", "Be brief."), ("user", "Hi")]
    for version in VERSIONS:
        assert (await events(chat(sim), messages, version=version))[0]["data"] == {"input": messages}


async def test_v2_is_the_default_and_there_is_no_other_than_v1(sim: Simulator) -> None:
    assert "ls_provider" in (await events(chat(sim)))[0]["metadata"]
    with pytest.raises(NotImplementedError):
        await events(chat(sim), version="v3")


async def test_a_model_that_does_not_stream(sim: Simulator) -> None:
    """v1 has one stream event; v2 has none, as LangChain does it for models without `_stream`."""
    whole = chat(sim, "sim-whole-n3-r0-d0")
    v1, v2 = [[event["event"] for event in await events(whole, version=version)] for version in VERSIONS]
    assert v1 == ["on_chat_model_start", "on_chat_model_stream", "on_chat_model_end"]
    assert v2 == ["on_chat_model_start", "on_chat_model_end"]


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_broken_stream_raises_after_its_events(version: Version) -> None:
    async with upstream(streams(token("Hel"), token("lo"))) as served:
        found: list[StreamEvent] = []
        stream = Model(endpoint=served.endpoint(), model="m").astream_events("Hi", version=version)
        with pytest.raises(NoEndMarker):
            await collect(stream, found)
    assert [event["event"] for event in found] == ["on_chat_model_start", *["on_chat_model_stream"] * 3]


@pytest.mark.parametrize(
    ("filters", "shown"),
    [
        ({}, True),
        ({"include_names": ["Model"]}, True),
        ({"include_names": ["other"]}, False),
        ({"include_names": []}, False),
        ({"include_types": ["chat_model"]}, True),
        ({"include_types": ["llm"]}, False),
        ({"include_tags": ["song"]}, True),
        ({"include_tags": ["other"]}, False),
        ({"include_names": ["other"], "include_tags": ["song"]}, True),
        ({"exclude_names": ["Model"]}, False),
        ({"exclude_types": ["llm"]}, True),
        ({"exclude_types": ["chat_model"]}, False),
        ({"exclude_tags": ["song"]}, False),
        ({"include_names": ["Model"], "exclude_types": ["chat_model"]}, False),
        ({"include_types": ["chat_model"], "exclude_tags": ["other"]}, True),
    ],
)
@pytest.mark.parametrize("version", VERSIONS)
async def test_any_include_lets_in_and_any_exclude_keeps_out(
    sim: Simulator, version: Version, filters: dict[str, Any], shown: bool
) -> None:
    found = await events(chat(sim), version=version, config={"tags": ["song"]}, **filters)
    assert bool(found) is shown


async def test_as_json_a_chunk_is_a_text_for_llm_and_a_message_for_chat(sim: Simulator) -> None:
    _, _, token_event, *_, last, end = [as_json(event) for event in await events(llm(sim), version="v1")]
    assert type(token_event["data"]["chunk"]) is str
    assert type(end["data"]["output"]) is str
    assert last["data"]["chunk"] == ""
    _, _, token_event, *_, last, end = [as_json(event) for event in await events(chat(sim), version="v1")]
    assert token_event["data"]["chunk"]["content"] != ""
    assert token_event["data"]["chunk"]["response_metadata"] == {}
    assert last["data"]["chunk"]["response_metadata"]["finish_reason"] == "stop"
    assert last["data"]["chunk"]["usage_metadata"]["output_tokens"] == 3
    assert end["data"]["output"]["type"] == "AIMessageChunk"
