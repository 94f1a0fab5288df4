"""OpenAI's client reads every dialect as its own: through the gateway an upstream's fixture comes out in its words."""

import pytest
from openai import OpenAI

from playground.providers.dialects import DIALECTS
from tests.gateway.clients.waiting import until
from tests.providers.dialect_fixtures import fixture, fixtures
from tests.server import Client

WITH_TOOLS = [name for name in DIALECTS if any(found.name == "tools" for found in fixtures(name))]


def ask(client: OpenAI, dialect: str, name: str, *, stream: bool = True) -> object:
    messages = [{"role": "user", "content": f"fixture={name}"}]
    options = {"include_usage": True} if stream else None
    return client.chat.completions.create(
        model=f"fixture-{dialect}/m", messages=messages, stream=stream, stream_options=options
    )


@pytest.mark.parametrize("dialect", list(DIALECTS))
def test_text_and_usage(client: OpenAI, dialect: str) -> None:
    chunks = list(ask(client, dialect, "text"))
    choices = [choice for chunk in chunks for choice in chunk.choices]
    assert "".join(choice.delta.content or "" for choice in choices) == fixture(dialect, "text").text
    assert [choice.finish_reason for choice in choices if choice.finish_reason] == ["stop"]
    told = any(kind == "usage" for kind, _ in fixture(dialect, "text").parts)
    assert bool(chunks[-1].usage) == told


@pytest.mark.parametrize("dialect", list(DIALECTS))
def test_a_whole_answer(client: OpenAI, dialect: str) -> None:
    answer = ask(client, dialect, "whole", stream=False)
    assert answer.choices[0].message.content == fixture(dialect, "whole").text


@pytest.mark.parametrize("dialect", WITH_TOOLS)
def test_tool_calls(client: OpenAI, dialect: str) -> None:
    expected = [data["tool_call"] for _, data in fixture(dialect, "tools").parts if "tool_call" in data]
    chunks = list(ask(client, dialect, "tools"))
    calls = [call for chunk in chunks for choice in chunk.choices for call in choice.delta.tool_calls or []]
    assert [call.function.name for call in calls if call.function.name] == [
        call["name"] for call in expected if "name" in call
    ]
    assert "".join(call.function.arguments or "" for call in calls) == "".join(
        call.get("arguments", "") for call in expected
    )
    assert [choice.finish_reason for chunk in chunks for choice in chunk.choices if choice.finish_reason] == [
        "tool_calls"
    ]


@pytest.mark.parametrize("dialect", list(DIALECTS))
def test_a_recording_of_it_replays_in_the_same_words(client: OpenAI, person: Client, dialect: str) -> None:
    first = client.chat.completions.with_streaming_response.create(
        model=f"fixture-{dialect}/m", messages=[{"role": "user", "content": "Again"}], stream=True
    )
    with first as response:
        run_id = response.headers["x-playground-run"]
        list(response.iter_lines())
    until(lambda: person.run(run_id)["status"] == "completed")
    chunks = client.chat.completions.create(
        model=f"replay/{run_id}",
        messages=[{"role": "user", "content": "Again"}],
        stream=True,
        extra_headers={"x-playground-speed": "8"},
    )
    text = "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices)
    assert text == fixture(dialect, "text").text
