"""`gemini`, beyond what the contract asks of every dialect."""

from typing import Any

import orjson
import pytest

from playground.providers.dialects import dialect
from playground.providers.dialects.base import Parser, Part
from playground.providers.endpoint import Endpoint
from playground.providers.http import UpstreamClient
from playground.providers.request import GenerationRequest, Message, Parameters
from playground.providers.stream import stream_run
from playground.recording.status import RunStatus
from tests.providers.dialect_fixtures import fixture, plain
from tests.providers.faults import ASK, Recorder, streams, upstream

GEMINI = dialect("gemini")
ENDPOINT = Endpoint("gemini", "https://generativelanguage.googleapis.com/v1beta", api_key="secret")


def candidate(**fields: Any) -> dict[str, Any]:
    return {"candidates": [{"content": {"parts": [{"text": "Hi"}], "role": "model"}, "index": 0, **fields}]}


def event(value: Any) -> bytes:
    return b"data: " + orjson.dumps(value) + b"\n\n"


STOP = event(candidate(finishReason="STOP"))


def parse(*reads: bytes) -> tuple[list[Part], Parser]:
    parser = GEMINI.parser(ASK)
    parts = [part for raw in reads for part in parser.feed(raw)]
    return parts + parser.close(), parser


def sent(messages: tuple[Message, ...] = (Message("user", "Hi"),), **parameters: Any) -> dict[str, Any]:
    request = GEMINI.request(ENDPOINT, GenerationRequest("m", messages, Parameters(**parameters)))
    body: dict[str, Any] = orjson.loads(request.body)
    return body


class TestRequest:
    @pytest.mark.parametrize(
        ("model", "path"),
        [
            ("gemini-2.5-flash", "/models/gemini-2.5-flash"),
            ("models/gemini-2.5-flash", "/models/gemini-2.5-flash"),
            ("tunedModels/sky-1", "/tunedModels/sky-1"),
            ("../../v1/x?alt=json#y", "/models/..%2F..%2Fv1%2Fx%3Falt%3Djson%23y"),
            ("天空", "/models/%E5%A4%A9%E7%A9%BA"),
        ],
    )
    def test_the_model_is_part_of_the_path(self, model: str, path: str) -> None:
        request = GEMINI.request(ENDPOINT, GenerationRequest(model, (Message("user", "Hi"),)))
        assert request.path == f"{path}:streamGenerateContent?alt=sse"

    def test_what_one_says_in_a_row_is_one_content(self) -> None:
        call = {"function": {"name": "weather", "arguments": '{"city": "Oslo"}'}}
        calls = [{"id": "a", **call}, {"id": "b", **call, "extra_content": {"google": {"thought_signature": "CiwB"}}}]
        body = sent(
            (
                Message("user", "Weather?"),
                Message("assistant", "I look.", {"tool_calls": calls}),
                Message("tool", '{"sky": "grey"}', {"tool_call_id": "a"}),
                Message("tool", "[1]", {"tool_call_id": "b"}),
                Message("user", "So?"),
            )
        )
        told = {"name": "weather", "args": {"city": "Oslo"}}
        assert body["contents"] == [
            {"role": "user", "parts": [{"text": "Weather?"}]},
            {
                "role": "model",
                "parts": [
                    {"text": "I look."},
                    {"functionCall": {"id": "a", **told}},
                    {"functionCall": {"id": "b", **told}, "thoughtSignature": "CiwB"},
                ],
            },
            {
                "role": "user",
                "parts": [
                    {"functionResponse": {"id": "a", "name": "weather", "response": {"sky": "grey"}}},
                    {"functionResponse": {"id": "b", "name": "weather", "response": {"result": "[1]"}}},
                    {"text": "So?"},
                ],
            },
        ]

    def test_extra_parameters(self) -> None:
        schema = {"type": "object"}
        extra = {
            "top_k": 5,
            "n": 2,
            "response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}},
            "generationConfig": {"thinkingConfig": {"includeThoughts": True}, "topK": 6},
            "safetySettings": [],
            "user": "ann",
            "stream_options": {"include_usage": True},
        }
        request = GEMINI.request(ENDPOINT, GenerationRequest("m", (), Parameters(temperature=0.1, extra=extra)))
        assert request.ignored == ("user",)
        body = orjson.loads(request.body)
        assert body["generationConfig"] == {
            "temperature": 0.1,
            "topK": 6,
            "candidateCount": 2,
            "responseMimeType": "application/json",
            "responseJsonSchema": schema,
            "thinkingConfig": {"includeThoughts": True},
        }
        assert body["safetySettings"] == []

    @pytest.mark.parametrize(("choice", "mode"), [("auto", "AUTO"), ("none", "NONE"), ("required", "ANY")])
    def test_tool_choice(self, choice: str, mode: str) -> None:
        tools = ({"type": "function", "function": {"name": "f"}}, {"googleSearch": {}})
        body = sent(tools=tools, tool_choice=choice)
        assert body["tools"] == [{"functionDeclarations": [{"name": "f"}]}, {"googleSearch": {}}]
        assert body["toolConfig"] == {"functionCallingConfig": {"mode": mode}}


class TestArray:
    """Without `alt=sse` the stream is one JSON array."""

    @pytest.mark.parametrize("option", [None, orjson.OPT_INDENT_2])
    def test_it_streams_element_by_element(self, option: int | None) -> None:
        elements = [candidate(), candidate(finishReason="STOP")]
        raw = b"[" + b"\n,\r\n".join(orjson.dumps(element, option=option) for element in elements) + b"\n]\n"
        whole, parser = parse(raw)
        assert [part.data for part in whole] == ["Hi", "Hi"]
        assert (parser.done, parser.finish_reason, parser.error) == (True, "STOP", None)
        assert parse(*(raw[at : at + 1] for at in range(len(raw))))[0] == whole
        first = raw.index(b"\n,\r\n")
        assert [part.data for part in GEMINI.parser(ASK).feed(raw[:first])] == ["Hi"]

    @pytest.mark.parametrize(
        ("raw", "code", "text"),
        [
            (b"[" + orjson.dumps(candidate()) + b",", "no_end_marker", ["Hi"]),
            (b"[" + orjson.dumps(candidate()) + b"]", "no_end_marker", ["Hi"]),
            (
                b"[" + orjson.dumps(candidate()) + b',{"error":{"code":503,"status":"UNAVAILABLE"}}]',
                "overloaded",
                ["Hi"],
            ),
            (b'[{"error":{"code":429,"status":"RESOURCE_EXHAUSTED","message":"no"}}]', "rate_limited", []),
            (b"[{broken}]", "malformed_answer", []),
            (b"[[1]]", "malformed_answer", []),
            (b"[1]", "malformed_answer", []),
        ],
    )
    def test_one_that_does_not_end_well(self, raw: bytes, code: str, text: list[str]) -> None:
        parts, parser = parse(raw)
        assert ([part.data for part in parts], parser.done) == (text, False)
        assert parser.error is not None
        assert parser.error.code == code


class TestAnswer:
    def test_another_candidate_is_another_choice(self) -> None:
        value = candidate()
        value["candidates"].append({"content": {"parts": [{"functionCall": {"name": "f"}}]}, "index": 1})
        assert plain(parse(event(value), STOP)[0]) == [
            ("chunk", "Hi"),
            ("chunk", {"tool_call": {"index": 0, "name": "f", "arguments": "{}"}, "choice": 1}),
            ("chunk", "Hi"),
        ]

    def test_what_is_no_text_is_told_once(self) -> None:
        part = event(candidate(content={"parts": [{"inlineData": {"mimeType": "image/png", "data": ""}}]}))
        parts, parser = parse(part, part, STOP)
        assert [part.kind for part in parts] == ["notice", "chunk"]
        assert "inlineData" in parts[0].data["message"]  # type: ignore[index]
        assert parser.done

    def test_usage_that_has_not_changed_is_not_told_again(self) -> None:
        usage = event({**candidate(), "usageMetadata": {"promptTokenCount": 1, "candidatesTokenCount": 2}})
        assert [part.kind for part in parse(usage, usage, STOP)[0]] == ["chunk", "usage", "chunk", "chunk"]

    def test_a_proxys_end_marker_is_none(self) -> None:
        assert not parse(event(candidate()), b"data: [DONE]\n\n")[1].done
        assert parse(STOP, b"data: [DONE]\n\n")[1].done

    def test_tokens_of_another_dialect(self) -> None:
        _, parser = parse(event({"choices": [{"delta": {"content": "a"}}]}))
        assert parser.error is not None
        assert parser.error.code == "malformed_answer"

    async def test_how_a_run_ends(self, http: UpstreamClient) -> None:
        faulty = event(candidate(finishReason="MALFORMED_FUNCTION_CALL"))
        expected = {
            fixture("gemini", "text").raw: (RunStatus.COMPLETED, "STOP", None),
            fixture("gemini", "safety").raw: (RunStatus.FILTERED, "SAFETY", None),
            fixture("gemini", "blocked").raw: (RunStatus.FILTERED, None, "content_filter"),
            event(candidate()): (RunStatus.TRUNCATED, None, "no_end_marker"),
            faulty: (RunStatus.FAILED, "MALFORMED_FUNCTION_CALL", "refused"),
        }
        async with upstream(*(streams(raw) for raw in expected)) as served:
            endpoint = served.endpoint(dialect="gemini", base_url=f"http://127.0.0.1:{served.port}/v1beta?key=a%2Fb")
            for told in expected.values():
                outcome = await stream_run(endpoint, ASK, Recorder(), http=http)
                assert (outcome.status, outcome.finish_reason, outcome.error and outcome.error.code) == told
        assert served.calls[0].head.startswith("POST /v1beta/models/m:streamGenerateContent?alt=sse&key=a%2Fb HTTP/1.1")
