"""`langserve`, beyond what the contract asks of every dialect."""

from typing import Any

import orjson
import pytest

from playground.providers.dialects import dialect
from playground.providers.endpoint import Endpoint
from playground.providers.http import UpstreamClient
from playground.providers.listing import list_models
from playground.providers.request import GenerationRequest, Message, Parameters
from playground.providers.stream import stream_run
from playground.recording.status import RunStatus
from tests.providers.dialect_fixtures import CALL, fixture
from tests.providers.faults import ASK, Recorder, streams, upstream

CHAIN = dialect("langserve")
TALK = (
    Message("system", "Be short."),
    Message("user", "Weather?"),
    Message("assistant", "I look.", {"tool_calls": [CALL]}),
    Message("tool", "Rain", {"tool_call_id": "call_1"}),
)
TOLD = [
    {"type": "system", "content": "Be short."},
    {"type": "human", "content": "Weather?"},
    {
        "type": "ai",
        "content": "I look.",
        "tool_calls": [{"id": "call_1", "name": "weather", "args": {"city": "Oslo"}, "type": "tool_call"}],
    },
    {"type": "tool", "content": "Rain", "tool_call_id": "call_1"},
]


def sent(model: str, messages: tuple[Message, ...] = ASK.messages, **parameters: Any) -> dict[str, Any]:
    request = GenerationRequest(model, messages, Parameters(**parameters))
    body: dict[str, Any] = orjson.loads(CHAIN.request(Endpoint("langserve", "http://127.0.0.1/chain"), request).body)
    return body


@pytest.mark.parametrize(
    ("model", "given"),
    [
        ("text", "Hi"),
        ("joke-chain", "Hi"),
        ("text:question", {"question": "Hi"}),
        ("joke-chain:topic", {"topic": "Hi"}),
        ("messages", [{"type": "human", "content": "Hi"}]),
        ("messages:chat_history", {"chat_history": [{"type": "human", "content": "Hi"}]}),
    ],
)
def test_the_models_name_says_what_the_input_is(model: str, given: Any) -> None:
    assert sent(model)["input"] == given


def test_messages_are_langchains() -> None:
    assert sent("messages", TALK)["input"] == TOLD


def test_extra_parameters_stand_beside_the_input() -> None:
    config = {"configurable": {"session_id": "a"}}
    assert sent("text", extra={"config": config}) == {"input": "Hi", "config": config}
    assert sent("text", extra={"input": {"a": 1}}) == {"input": {"a": 1}}


def test_a_message_that_dumpd_wrote() -> None:
    value = {
        "lc": 1,
        "type": "constructor",
        "id": ["AIMessageChunk"],
        "kwargs": {"content": "Hi", "type": "AIMessageChunk"},
    }
    parser = CHAIN.parser(ASK)
    parts = parser.feed(b"event: data\ndata: " + orjson.dumps(value) + b"\n\n")
    assert [part.data for part in parts] == ["Hi"]


def test_events_of_another_dialect() -> None:
    parser = CHAIN.parser(ASK)
    parser.feed(b'data: {"choices":[{"delta":{"content":"a"}}]}\n\n')
    assert parser.error is not None
    assert parser.error.code == "malformed_answer"


def test_only_its_own_end_ends_it() -> None:
    parser = CHAIN.parser(ASK)
    parser.feed(b'event: data\ndata: "Hi"\n\ndata: [DONE]\n\n')
    assert not parser.done
    parser.feed(b"event: end\n\n")
    assert parser.done


async def test_how_a_run_ends(http: UpstreamClient) -> None:
    expected = {
        "text": (RunStatus.COMPLETED, None, "The sky is blue 你好\n"),
        "refusal": (RunStatus.FILTERED, None, ""),
        "error": (RunStatus.FAILED, "server_failed", "The sky"),
        "invalid": (RunStatus.FAILED, "invalid_request", ""),
    }
    async with upstream(*(streams(fixture("langserve", name).raw) for name in expected)) as served:
        endpoint = served.endpoint(dialect="langserve", base_url=f"http://127.0.0.1:{served.port}/chain/")
        for told in expected.values():
            sink = Recorder()
            outcome = await stream_run(endpoint, ASK, sink, http=http)
            assert (outcome.status, outcome.error and outcome.error.code, sink.text) == told
    assert served.calls[0].head.startswith("POST /chain/stream HTTP/1.1")


async def test_its_models_are_kinds_of_input(http: UpstreamClient) -> None:
    assert await list_models(Endpoint("langserve", "http://127.0.0.1:1/chain"), http=http) == ["text", "messages"]
