"""`cohere`, beyond what the contract asks of every dialect."""

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
from tests.providers.dialect_fixtures import CALL, WEATHER, fixture
from tests.providers.faults import ASK, Recorder, answers, streams, upstream

COHERE = dialect("cohere")
ENDPOINT = Endpoint("cohere", "https://api.cohere.com/v2", api_key="secret")


def sent(messages: tuple[Message, ...] = ASK.messages, **parameters: Any) -> dict[str, Any]:
    body: dict[str, Any] = orjson.loads(
        COHERE.request(ENDPOINT, GenerationRequest("m", messages, Parameters(**parameters))).body
    )
    return body


class TestRequest:
    def test_a_plan_stands_beside_the_calls(self) -> None:
        (said,) = sent((Message("assistant", "I look.", {"tool_calls": [CALL]}),))["messages"]
        assert said == {"role": "assistant", "tool_plan": "I look.", "tool_calls": [CALL]}

    def test_the_tool_that_is_demanded_is_the_only_one_offered(self) -> None:
        other = {"type": "function", "function": {"name": "clock"}}
        body = sent(tools=(WEATHER, other), tool_choice={"type": "function", "function": {"name": "clock"}})
        assert (body["tools"], body["tool_choice"]) == ([other], "REQUIRED")
        assert sent(tools=(WEATHER, other), tool_choice="none")["tool_choice"] == "NONE"
        assert "tool_choice" not in sent(tools=(WEATHER,), tool_choice="auto")

    def test_extra_parameters(self) -> None:
        schema = {"type": "object"}
        extra = {
            "top_k": 5,
            "presence_penalty": 0.1,
            "response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}},
            "thinking": {"type": "disabled"},
            "logit_bias": {"1": 2},
        }
        request = COHERE.request(ENDPOINT, GenerationRequest("m", ASK.messages, Parameters(extra=extra)))
        body = orjson.loads(request.body)
        assert (body["k"], body["presence_penalty"], body["thinking"]) == (5, 0.1, {"type": "disabled"})
        assert body["response_format"] == {"type": "json_object", "json_schema": schema}
        assert request.ignored == ("logit_bias",)


@pytest.mark.parametrize(("base", "asked"), [("/v2", "/v1/models"), ("/v2/", "/v1/models"), ("/api", "/api/models")])
async def test_its_models_are_in_version_1(http: UpstreamClient, base: str, asked: str) -> None:
    async with upstream(answers("200 OK", b'{"models":[{"name":"command-a"}]}')) as served:
        endpoint = served.endpoint(dialect="cohere", base_url=f"http://127.0.0.1:{served.port}{base}")
        assert await list_models(endpoint, http=http) == ["command-a"]
    assert served.calls[0].head.startswith(f"GET {asked}?endpoint=chat&page_size=1000 HTTP/1.1")


async def test_how_a_run_ends(http: UpstreamClient) -> None:
    async with upstream(streams(fixture("cohere", "text").raw), streams(fixture("cohere", "error").raw)) as served:
        endpoint = served.endpoint(dialect="cohere", base_url=f"http://127.0.0.1:{served.port}/v2")
        sink = Recorder()
        outcome = await stream_run(endpoint, ASK, sink, http=http)
        assert (outcome.status, outcome.finish_reason, sink.text) == (
            RunStatus.COMPLETED,
            "COMPLETE",
            "The sky is blue 你好",
        )
        outcome = await stream_run(endpoint, ASK, Recorder(), http=http)
        assert (outcome.status, outcome.finish_reason) == (RunStatus.FAILED, "ERROR")
        assert outcome.error is not None
        assert "failed to generate" in outcome.error.message


def test_tokens_of_another_dialect() -> None:
    parser = COHERE.parser(ASK)
    parser.feed(b'data: {"choices":[{"delta":{"content":"a"}}]}\n\n')
    assert parser.error is not None
    assert parser.error.code == "malformed_answer"


def test_events_that_are_new_are_passed_over() -> None:
    parser = COHERE.parser(ASK)
    assert parser.feed(b'data: {"type":"debug","prompt":"x"}\n\ndata: {"type":"message-end"}\n\n') == []
    assert (parser.done, parser.finish_reason, parser.usage) == (True, None, None)
