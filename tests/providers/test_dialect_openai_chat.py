"""`openai-chat`: the request, and what providers make of the answer."""

from pathlib import Path
from typing import Any

import orjson
import pytest

from playground.providers.dialects import dialect
from playground.providers.dialects.base import Parser, Part
from playground.providers.endpoint import Endpoint
from playground.providers.errors import InvalidRequest, UnknownDialect
from playground.providers.request import GenerationRequest, Message, Parameters
from tests.providers.faults import ASK, DONE, FINISH, token

CHAT = dialect("openai-chat")
ENDPOINT = Endpoint("openai-chat", "https://api.example.com/v1", api_key="secret")
TRANSCRIPT = (Path(__file__).parent / "transcripts" / "llama-cpp-chat.txt").read_bytes()


def event(value: dict[str, Any]) -> bytes:
    return b"data: " + orjson.dumps(value) + b"\n\n"


def delta(**fields: Any) -> bytes:
    return event({"choices": [{"index": 0, "delta": fields}]})


def parse(*reads: bytes, close: bool = True) -> tuple[list[Part], Parser]:
    parser = CHAT.parser(ASK)
    parts = [part for raw in reads for part in parser.feed(raw)]
    return parts + (parser.close() if close else []), parser


def chunks(*reads: bytes) -> list[Any]:
    return [part.data for part in parse(*reads)[0] if part.kind == "chunk"]


def body(**options: Any) -> dict[str, Any]:
    options.setdefault("messages", (Message("user", "Hi"),))
    value: dict[str, Any] = orjson.loads(CHAT.request(ENDPOINT, GenerationRequest("m", **options)).body)
    return value


class TestRequest:
    def test_it_streams_and_asks_for_usage(self) -> None:
        request = CHAT.request(ENDPOINT, ASK)
        assert (request.method, request.path) == ("POST", "/chat/completions")
        assert request.headers == {"authorization": "Bearer secret", "content-type": "application/json"}
        assert orjson.loads(request.body) == {
            "model": "m",
            "messages": [{"role": "user", "content": "Hi"}],
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        assert "secret" not in repr(request)

    def test_without_a_key_there_is_no_authorization(self) -> None:
        assert "authorization" not in CHAT.request(Endpoint("openai-chat", "http://a"), ASK).headers

    def test_parameters(self) -> None:
        parameters = Parameters(0.5, 0.9, 16, ("a", "b"), 7, True, 2, {"top_k": 5, "max_tokens": 8})
        sent = body(parameters=parameters)
        del sent["model"], sent["messages"], sent["stream"], sent["stream_options"]
        assert sent == {
            "temperature": 0.5,
            "top_p": 0.9,
            "max_tokens": 8,
            "stop": ["a", "b"],
            "seed": 7,
            "logprobs": True,
            "top_logprobs": 2,
            "top_k": 5,
        }

    def test_a_provider_that_cannot_stream_is_not_asked_to(self) -> None:
        request = CHAT.request(Endpoint("openai-chat", "http://a", supports_streaming=False), ASK)
        assert orjson.loads(request.body)["stream"] is False
        assert "stream_options" not in orjson.loads(request.body)
        assert body(stream=False)["stream"] is False

    def test_half_a_character_in_the_prompt(self) -> None:
        with pytest.raises(InvalidRequest):
            CHAT.request(ENDPOINT, GenerationRequest("m", (Message("user", "\ud83d"),)))

    def test_models(self) -> None:
        assert CHAT.models_request(ENDPOINT).path == "/models"
        assert CHAT.read_models(b'{"data":[{"id":"a"},{"id":"b"},{"no":1}]}') == ["a", "b"]


def test_an_unknown_dialect_names_the_known_ones() -> None:
    with pytest.raises(UnknownDialect, match="openai-chat"):
        dialect("morse")


class TestChunks:
    def test_plain_text_is_a_bare_string(self) -> None:
        assert chunks(token("Hel"), token("lo"), FINISH, DONE) == ["Hel", "lo"]

    @pytest.mark.parametrize(
        ("fields", "expected"),
        [
            ({"role": "assistant", "content": ""}, []),
            ({"role": "assistant", "content": None}, []),
            ({}, []),
            ({"content": "a", "role": "assistant"}, ["a"]),
            ({"reasoning_content": "hm"}, [{"reasoning": "hm"}]),
            ({"reasoning": "hm", "content": ""}, [{"reasoning": "hm"}]),
            ({"reasoning": "hm", "reasoning_content": "hm"}, [{"reasoning": "hm"}]),
            ({"content": "a", "reasoning_content": "hm"}, [{"text": "a", "reasoning": "hm"}]),
            ({"refusal": "no"}, [{"refusal": "no"}]),
            ({"content": [{"type": "text", "text": "a"}]}, ["a"]),
            (
                {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}]},
                [{"reasoning": "hm"}],
            ),
            (
                {"tool_calls": [{"index": 0, "id": "c1", "function": {"name": "f", "arguments": ""}}]},
                [{"tool_call": {"index": 0, "id": "c1", "name": "f"}}],
            ),
            (
                {"tool_calls": [{"index": 1, "function": {"arguments": '{"a'}}, {"index": 2, "function": {}}]},
                [{"tool_call": {"index": 1, "arguments": '{"a'}}, {"tool_call": {"index": 2}}],
            ),
            (
                {"function_call": {"name": "f", "arguments": "{"}},
                [{"tool_call": {"index": 0, "name": "f", "arguments": "{"}}],
            ),
        ],
    )
    def test_a_delta(self, fields: dict[str, Any], expected: list[Any]) -> None:
        assert chunks(delta(**fields), DONE) == expected

    def test_another_choice_is_named(self) -> None:
        value = {"choices": [{"index": 0, "delta": {"content": "a"}}, {"index": 1, "delta": {"content": "b"}}]}
        assert chunks(event(value), DONE) == ["a", {"text": "b", "choice": 1}]

    def test_logprobs(self) -> None:
        entry = {"token": "a", "logprob": -0.5, "bytes": [97], "id": 7}
        logprobs = {"content": [{**entry, "top_logprobs": [entry, {"token": "b", "logprob": -1.5}]}]}
        value = {"choices": [{"index": 0, "delta": {"content": "a"}, "logprobs": logprobs}]}
        shown = {"token": "a", "logprob": -0.5, "bytes": [97]}
        assert chunks(event(value), DONE) == [
            {"text": "a", "logprobs": [{**shown, "top_logprobs": [shown, {"token": "b", "logprob": -1.5}]}]}
        ]

    def test_a_token_that_completes_no_character_keeps_its_logprob(self) -> None:
        value = {"choices": [{"delta": {"content": ""}, "logprobs": {"content": [{"token": "\\xf0", "logprob": -1}]}}]}
        assert chunks(event(value), DONE) == [{"logprobs": [{"token": "\\xf0", "logprob": -1}]}]

    @pytest.mark.parametrize(
        "value",
        [
            {"choices": []},
            {"choices": None},
            {"id": "x", "object": "chat.completion.chunk"},
            {"choices": [], "prompt_filter_results": [{}]},
            {"choices": [{"index": 0, "content_filter_results": {}, "finish_reason": None}]},
            {"choices": [{"index": 0, "delta": None}]},
            {"choices": [], "usage": None, "error": None},
        ],
    )
    def test_what_holds_no_token_is_passed_over(self, value: dict[str, Any]) -> None:
        parts, parser = parse(event(value), DONE)
        assert (parts, parser.error, parser.done) == ([], None, True)

    def test_usage_may_come_alone_or_with_a_token_or_from_groq(self) -> None:
        usage = {"total_tokens": 3}
        for value in (
            {"choices": [], "usage": usage},
            {"choices": [{"delta": {"content": ""}}], "usage": usage},
            {"choices": [{"delta": {}}], "x_groq": {"usage": usage}},
        ):
            parts, parser = parse(event(value), DONE)
            assert [(part.kind, part.data) for part in parts] == [("usage", usage)]
            assert parser.usage == usage


def test_a_transcript_of_llama_cpp() -> None:
    parts, parser = parse(TRANSCRIPT)
    assert "".join(part.data["text"] for part in parts if part.kind == "chunk").startswith("In a world where colors")  # type: ignore[index]
    assert len([part for part in parts if part.kind == "chunk"]) == 16
    first = parts[0].data
    assert not isinstance(first, str)
    assert first["logprobs"][0]["top_logprobs"][0] == {"token": "1", "bytes": [49], "logprob": -1.9726921319961548}
    assert parser.usage is not None
    assert (parser.done, parser.finish_reason, parser.usage["completion_tokens"]) == (True, "length", 16)
