"""`anthropic`: what of a request it says in its own way, beyond what the contract asks of every dialect."""

from typing import Any

import orjson
import pytest

from playground.providers.dialects import dialect
from playground.providers.dialects.base import HttpRequest
from playground.providers.endpoint import Endpoint
from playground.providers.http import UpstreamClient
from playground.providers.request import GenerationRequest, Message, Parameters
from playground.providers.stream import stream_run
from playground.recording.status import RunStatus
from tests.providers.dialect_fixtures import CALL, WEATHER, fixture
from tests.providers.faults import Recorder, streams, upstream

ENDPOINT = Endpoint("anthropic", "https://api.example.com/v1")
HI = (Message("user", "Hi"),)


def ask(messages: tuple[Message, ...] = HI, **parameters: Any) -> HttpRequest:
    return dialect("anthropic").request(ENDPOINT, GenerationRequest("m", messages, Parameters(**parameters)))


def body(messages: tuple[Message, ...] = HI, **parameters: Any) -> dict[str, Any]:
    value: dict[str, Any] = orjson.loads(ask(messages, **parameters).body)
    return value


async def test_an_overload_before_the_first_chunk_is_tried_again(http: UpstreamClient) -> None:
    overloaded = b'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n'
    sink = Recorder()
    async with upstream(streams(overloaded), streams(fixture("anthropic", "text").raw)) as served:
        endpoint = served.endpoint(dialect="anthropic")
        outcome = await stream_run(endpoint, GenerationRequest("m", HI), sink, http=http)
    assert (outcome.status, outcome.attempts, outcome.finish_reason) == (RunStatus.COMPLETED, 2, "end_turn")
    assert [failed["code"] for failed in sink.of("attempt.failed")] == ["overloaded"]
    assert sink.text == fixture("anthropic", "text").text


async def test_a_refusal_ends_a_run_as_filtered(http: UpstreamClient) -> None:
    sink = Recorder()
    async with upstream(streams(fixture("anthropic", "refusal").raw)) as served:
        outcome = await stream_run(
            served.endpoint(dialect="anthropic"), GenerationRequest("m", HI, Parameters(seed=1)), sink, http=http
        )
    assert (outcome.status, outcome.finish_reason) == (RunStatus.FILTERED, "refusal")
    assert [notice["parameters"] for notice in sink.of("notice")] == [["seed"]]
    assert sink.text == "Hello."


def test_messages_of_one_role_in_a_row_become_one() -> None:
    second = {**CALL, "id": "call_2"}
    messages = (
        Message("user", "One"),
        Message("user", "Two"),
        Message("assistant", "Let me see", {"tool_calls": [CALL, second]}),
        Message("tool", "Rain", {"tool_call_id": "call_1"}),
        Message("tool", "Sun", {"tool_call_id": "call_2"}),
        Message("user", "Thanks"),
    )
    use = {"type": "tool_use", "name": "weather", "input": {"city": "Oslo"}}
    assert body(messages)["messages"] == [
        {"role": "user", "content": [{"type": "text", "text": "One"}, {"type": "text", "text": "Two"}]},
        {
            "role": "assistant",
            "content": [{"type": "text", "text": "Let me see"}, {**use, "id": "call_1"}, {**use, "id": "call_2"}],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "call_1", "content": "Rain"},
                {"type": "tool_result", "tool_use_id": "call_2", "content": "Sun"},
                {"type": "text", "text": "Thanks"},
            ],
        },
    ]


def test_an_empty_message_is_left_out() -> None:
    messages = (Message("user", "One"), Message("assistant", ""), Message("user", "Two"))
    assert [turn["role"] for turn in body(messages)["messages"]] == ["user", "user"]


def test_all_system_messages_go_before_the_conversation() -> None:
    sent = body((Message("system", "A"), *HI, Message("system", "B")))
    assert (sent["system"], sent["messages"]) == ("A\n\nB", [{"role": "user", "content": "Hi"}])


@pytest.mark.parametrize(
    ("parameters", "choice"),
    [
        ({"tool_choice": "required"}, {"type": "any"}),
        ({"tool_choice": "none"}, {"type": "none"}),
        ({"tool_choice": {"type": "any"}}, {"type": "any"}),
        ({"extra": {"parallel_tool_calls": False}}, {"type": "auto", "disable_parallel_tool_use": True}),
        ({"extra": {"parallel_tool_calls": True}}, None),
    ],
)
def test_tool_choice(parameters: dict[str, Any], choice: Any) -> None:
    assert body(tools=(WEATHER,), **parameters).get("tool_choice") == choice


def test_the_provider_s_own_tools_go_as_they_are() -> None:
    search = {"type": "web_search_20250305", "name": "web_search", "max_uses": 2}
    assert body(tools=(search,))["tools"] == [search]


@pytest.mark.parametrize(
    ("extra", "sent", "ignored"),
    [
        ({"max_completion_tokens": 9}, {"max_tokens": 9}, ()),
        ({"user": "u1"}, {"metadata": {"user_id": "u1"}}, ()),
        ({"metadata": {"user_id": "u1"}}, {"metadata": {"user_id": "u1"}}, ()),
        ({"metadata": {"team": "blue"}, "service_tier": "flex"}, {}, ("metadata", "service_tier")),
        ({"service_tier": "standard_only"}, {"service_tier": "standard_only"}, ()),
        ({"thinking": {"type": "enabled", "budget_tokens": 1024}},) * 2 + ((),),
        ({"top_k": 5, "stream_options": {}}, {"top_k": 5}, ()),
        ({"n": 2, "response_format": {"type": "json_object"}}, {}, ("n", "response_format")),
    ],
)
def test_extra_parameters(extra: dict[str, Any], sent: dict[str, Any], ignored: tuple[str, ...]) -> None:
    request = ask(extra=extra)
    plain = body()
    found = {name: value for name, value in orjson.loads(request.body).items() if plain.get(name) != value}
    assert (found, request.ignored) == (sent, ignored)
