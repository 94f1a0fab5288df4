"""A client that speaks OpenAI's chat, and models that speak any dialect: text, tools, reasoning, usage, the end."""

from collections.abc import Iterator

import orjson
import pytest

from playground.providers.dialects import DIALECTS
from tests.gateway.conftest import HELLO, Gateway, frames, text_of
from tests.providers.dialect_fixtures import fixture, fixtures
from tests.providers.fixture_server import FixtureServer, running_fixture_server
from tests.server import Server

OPENAI_ENDS = ("stop", "length", "tool_calls", "content_filter")
SCRIPT = """
from playground.workspaces.models import Workspace
from tests.factories import make_connection
for name, url in {urls!r}.items():
    make_connection(Workspace.objects.default(), "fix-" + name, dialect=name, base_url=url)
"""


@pytest.fixture(scope="module")
def upstreams(server: Server) -> Iterator[FixtureServer]:
    """A connection for each dialect, `fix-DIALECT`."""
    with running_fixture_server() as served:
        script = SCRIPT.format(urls={name: served.base_url(name) for name in DIALECTS})
        server.manage("shell", "-v0", "-c", script)
        yield served


def ask(gateway: Gateway, dialect: str, name: str, *, stream: bool, **fields: object) -> None:
    messages = [{"role": "user", "content": f"fixture={name}"}]
    model = "m" if dialect != "langserve" else "text"
    gateway.post(
        "/chat/completions", {"model": f"fix-{dialect}/{model}", "messages": messages, "stream": stream, **fields}
    )


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_dialect_streams_as_a_chat(gateway: Gateway, upstreams: FixtureServer, dialect: str) -> None:
    ask(gateway, dialect, "text", stream=True, stream_options={"include_usage": True})
    assert gateway.last.status_code == 200, gateway.last.text
    got = frames(gateway.last.content)
    assert text_of(got) == fixture(dialect, "text").text
    assert got[-1] == "[DONE]"
    reasons = [choice["finish_reason"] for one in got[:-1] for choice in one["choices"] if choice.get("finish_reason")]
    assert len(reasons) == 1
    assert reasons[0] in OPENAI_ENDS
    told = [one["usage"] for one in got[:-1] if one.get("usage")]
    usage = gateway.run["usage"]
    assert len(told) == (1 if usage and not usage.get("estimated") else 0)  # an estimate of ours is not passed on
    assert all({"prompt_tokens", "completion_tokens", "total_tokens"} <= set(usage) for usage in told)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_dialect_answers_whole(gateway: Gateway, upstreams: FixtureServer, dialect: str) -> None:
    ask(gateway, dialect, "whole", stream=False)
    assert gateway.last.status_code == 200, gateway.last.text
    body = gateway.last.json()
    assert body["object"] == "chat.completion"
    assert (body["choices"][0]["message"]["content"] or "") == fixture(dialect, "whole").text
    assert body["choices"][0]["finish_reason"] in OPENAI_ENDS
    assert body["model"] == gateway.run["model"]


@pytest.mark.parametrize("dialect", [name for name in DIALECTS if any(f.name == "tools" for f in fixtures(name))])
def test_tool_calls_of_every_dialect_come_in_openais_shape(
    gateway: Gateway, upstreams: FixtureServer, dialect: str
) -> None:
    ask(gateway, dialect, "tools", stream=True)
    got = frames(gateway.last.content)
    assert got[-1] == "[DONE]", got[-1]
    deltas = [choice["delta"] for one in got[:-1] for choice in one["choices"]]
    calls = [call for delta in deltas for call in delta.get("tool_calls") or []]
    assert calls
    assert calls[0]["function"]["name"]
    assert all(type(call["index"]) is int for call in calls)
    for index in {call["index"] for call in calls}:
        arguments = "".join(call["function"].get("arguments") or "" for call in calls if call["index"] == index)
        assert isinstance(orjson.loads(arguments), dict)
    assert [choice["finish_reason"] for one in got[:-1] for choice in one["choices"]][-1] == "tool_calls"


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_dialect_completes_a_text(gateway: Gateway, upstreams: FixtureServer, dialect: str) -> None:
    model = "m" if dialect != "langserve" else "text"
    got = gateway.stream(f"fix-{dialect}/{model}", "/completions", prompt="fixture=text")
    assert text_of(got) == fixture(dialect, "text").text
    assert got[-1] == "[DONE]"


def test_reasoning_has_the_field_that_clients_know(gateway: Gateway, upstreams: FixtureServer) -> None:
    ask(gateway, "anthropic", "thinking", stream=True)
    deltas = [choice["delta"] for one in frames(gateway.last.content)[:-1] for choice in one["choices"]]
    assert "".join(delta.get("reasoning_content", "") for delta in deltas)


def test_an_error_in_the_stream_of_another_dialect(gateway: Gateway, upstreams: FixtureServer) -> None:
    ask(gateway, "anthropic", "error", stream=True)
    if gateway.last.status_code == 200:
        assert frames(gateway.last.content)[-1]["error"]["message"] == gateway.run["error"]["message"]
    else:
        assert gateway.last.json()["error"]["message"] == gateway.run["error"]["message"]


def test_responses_come_through_for_connections_that_speak_them(gateway: Gateway, upstreams: FixtureServer) -> None:
    asked = {"model": "fix-openai-responses/m", "input": "fixture=text", "stream": True, "store": True}
    response = gateway.post("/responses", asked)
    assert response.status_code == 200, response.text
    blocks = [block for block in response.text.split("\n\n") if block]
    found = [orjson.loads(block.partition("data: ")[2]) for block in blocks]
    assert [f"event: {one['type']}" for one in found] == [block.partition("\n")[0] for block in blocks]
    deltas = [one["delta"] for one in found if one["type"] == "response.output_text.delta"]
    assert "".join(deltas) == fixture("openai-responses", "text").text == gateway.run["text"]
    assert found[-1]["type"] == "response.completed"
    assert found[-1]["response"]["model"] == "fix-openai-responses/m"
    assert orjson.loads(upstreams.asked[-1].body)["store"] is True


def test_a_whole_response_comes_through(gateway: Gateway, upstreams: FixtureServer) -> None:
    items = [{"role": "user", "content": [{"type": "input_text", "text": "fixture=whole"}], "own": 1}]
    asked = {"model": "fix-openai-responses/m", "input": items, "instructions": "Be kind.", "truncation": "auto"}
    body = gateway.post("/responses", asked).json()
    own = orjson.loads(fixture("openai-responses", "whole").raw)
    assert body == {**own, "model": "fix-openai-responses/m"}
    sent = orjson.loads(upstreams.asked[-1].body)
    assert {name: sent[name] for name in ("input", "instructions", "truncation")} == {
        "input": items, "instructions": "Be kind.", "truncation": "auto",
    }  # fmt: skip


def test_a_chat_can_be_asked_of_a_connection_that_speaks_responses(gateway: Gateway, upstreams: FixtureServer) -> None:
    got = gateway.stream("fix-openai-responses/m", messages=HELLO)
    assert text_of(got) == fixture("openai-responses", "text").text
