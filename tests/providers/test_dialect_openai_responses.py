"""`openai-responses`: what of a request it says in its own way, beyond what the contract asks of every dialect."""

from typing import Any

import orjson
import pytest

from playground.providers.dialects import dialect
from playground.providers.dialects.base import HttpRequest
from playground.providers.endpoint import Endpoint
from playground.providers.request import GenerationRequest, Message, Parameters
from tests.providers.dialect_fixtures import CALL, WEATHER

ENDPOINT = Endpoint("openai-responses", "https://api.example.com/v1")
HI = (Message("user", "Hi"),)


def ask(messages: tuple[Message, ...] = HI, **parameters: Any) -> HttpRequest:
    return dialect("openai-responses").request(ENDPOINT, GenerationRequest("m", messages, Parameters(**parameters)))


def body(messages: tuple[Message, ...] = HI, **parameters: Any) -> dict[str, Any]:
    value: dict[str, Any] = orjson.loads(ask(messages, **parameters).body)
    return value


def test_what_an_assistant_says_beside_a_call_is_an_item_of_its_own() -> None:
    assert body((Message("assistant", "Let me see", {"tool_calls": [CALL]}),))["input"] == [
        {"role": "assistant", "content": "Let me see"},
        {"type": "function_call", "call_id": "call_1", "name": "weather", "arguments": '{"city":"Oslo"}'},
    ]


def test_a_strict_function_stays_strict_and_other_tools_go_as_they_are() -> None:
    strict = {"type": "function", "function": {**WEATHER["function"], "strict": True}}  # type: ignore[dict-item]
    sent = body(tools=(strict, {"type": "web_search"}))["tools"]
    assert sent[0]["strict"] is True
    assert sent[1] == {"type": "web_search"}


SCHEMA = {"name": "answer", "schema": {"type": "object"}}


@pytest.mark.parametrize(
    ("extra", "sent", "ignored"),
    [
        ({"max_completion_tokens": 9}, {"max_output_tokens": 9}, ()),
        ({"reasoning_effort": "low"}, {"reasoning": {"effort": "low"}}, ()),
        ({"reasoning": {"effort": "low", "summary": "auto"}},) * 2 + ((),),
        ({"verbosity": "low"}, {"text": {"verbosity": "low"}}, ()),
        (
            {"response_format": {"type": "json_schema", "json_schema": SCHEMA}},
            {"text": {"format": {"type": "json_schema", **SCHEMA}}},
            (),
        ),
        ({"response_format": {"type": "json_object"}}, {"text": {"format": {"type": "json_object"}}}, ()),
        ({"store": True, "metadata": {"a": "b"}}, {"store": True, "metadata": {"a": "b"}}, ()),
        ({"previous_response_id": "resp_1"}, {"previous_response_id": "resp_1"}, ()),
        ({"n": 2, "logit_bias": {}, "stream_options": {}}, {}, ("n", "logit_bias")),
    ],
)
def test_extra_parameters(extra: dict[str, Any], sent: dict[str, Any], ignored: tuple[str, ...]) -> None:
    request = ask(extra=extra)
    plain = body()
    found = {name: value for name, value in orjson.loads(request.body).items() if plain.get(name) != value}
    assert (found, request.ignored) == (sent, ignored)


def test_a_call_s_arguments_may_come_in_pieces_in_one_piece_or_both() -> None:
    events: list[dict[str, Any]] = [
        {"type": "response.output_item.added", "output_index": 3, "item": {"type": "custom_tool_call", "name": "f"}},
        {"type": "response.custom_tool_call_input.delta", "output_index": 3, "delta": "a"},
        {"type": "response.custom_tool_call_input.done", "output_index": 3, "input": "a"},
        {"type": "response.function_call_arguments.done", "output_index": 5, "arguments": "{}"},
    ]
    parser = dialect("openai-responses").parser(GenerationRequest("m", HI))
    raw = b"".join(b"data: " + orjson.dumps(event) + b"\n\n" for event in events)
    assert [part.data for part in parser.feed(raw)] == [
        {"tool_call": {"index": 0, "name": "f"}},
        {"tool_call": {"index": 0, "arguments": "a"}},
        {"tool_call": {"index": 1, "arguments": "{}"}},
    ]
