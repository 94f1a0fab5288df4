"""`ollama`, beyond what the contract asks of every dialect."""

from typing import Any

import orjson
import pytest

from playground.providers.dialects import dialect
from playground.providers.dialects.base import Parser, Part
from playground.providers.endpoint import Endpoint
from playground.providers.http import UpstreamClient
from playground.providers.listing import list_models
from playground.providers.request import GenerationRequest, Message, Parameters
from playground.providers.stream import stream_run
from playground.recording.status import RunStatus
from tests.providers.dialect_fixtures import fixture, plain
from tests.providers.faults import ASK, Recorder, answers, streams, upstream

OLLAMA = dialect("ollama")
ENDPOINT = Endpoint("ollama", "http://127.0.0.1:11434")


def line(content: str = "", **fields: Any) -> bytes:
    return orjson.dumps({"message": {"role": "assistant", "content": content}, "done": False, **fields}) + b"\n"


END = line(done=True, done_reason="stop")


def parse(*reads: bytes, stream: bool = True) -> tuple[list[Part], Parser]:
    parser = OLLAMA.parser(GenerationRequest("m", ASK.messages, stream=stream))
    parts = [part for raw in reads for part in parser.feed(raw)]
    return parts + parser.close(), parser


def sent(messages: tuple[Message, ...] = ASK.messages, **parameters: Any) -> dict[str, Any]:
    body: dict[str, Any] = orjson.loads(
        OLLAMA.request(ENDPOINT, GenerationRequest("m", messages, Parameters(**parameters))).body
    )
    return body


class TestRequest:
    def test_extra_parameters(self) -> None:
        extra = {
            "top_k": 5,
            "max_completion_tokens": 9,
            "options": {"num_ctx": 4096},
            "keep_alive": "5m",
            "response_format": {"type": "json_object"},
            "reasoning_effort": "low",
        }
        body = sent(temperature=0.1, extra=extra)
        assert body["options"] == {"temperature": 0.1, "top_k": 5, "num_predict": 9, "num_ctx": 4096}
        assert (body["keep_alive"], body["format"], body["think"]) == ("5m", "json", "low")
        assert sent(extra={"reasoning_effort": "none"})["think"] is False
        assert "options" not in sent()

    def test_tools_that_are_not_to_be_called_are_not_offered(self) -> None:
        tools = ({"type": "function", "function": {"name": "f"}},)
        assert "tools" not in sent(tools=tools, tool_choice="none")
        assert sent(tools=tools, tool_choice="auto")["tools"] == list(tools)

    def test_arguments_that_are_no_object(self) -> None:
        calls = [{"id": "a", "function": {"name": "f", "arguments": "{broken"}}]
        (said,) = sent((Message("assistant", "", {"tool_calls": calls}),))["messages"]
        assert said["tool_calls"][0]["function"]["arguments"] == {"arguments": "{broken"}


class TestAnswer:
    @pytest.mark.parametrize("stream", [True, False])
    def test_an_answer_of_one_line(self, stream: bool) -> None:
        parts, parser = parse(line("Hello", done=True), stream=stream)
        assert [part.kind for part in parts] == (["notice", "chunk"] if stream else ["chunk"])
        assert (parser.done, parser.finish_reason, parser.usage) == (True, None, None)

    def test_lines_come_as_they_end(self) -> None:
        parser = OLLAMA.parser(ASK)
        assert parser.feed(line("Hel")[:-1]) == []
        assert plain(parser.feed(b"\n" + line("lo") + END)) == [("chunk", "Hel"), ("chunk", "lo")]
        assert parser.done

    @pytest.mark.parametrize("end", [END.rstrip(), END.replace(b"\n", b"\r\n"), b"\n\n" + END])
    def test_the_last_line(self, end: bytes) -> None:
        assert parse(line("Hi"), end)[1].done

    @pytest.mark.parametrize(
        ("raw", "code"),
        [
            (line("Hi"), "no_end_marker"),
            (line("Hi") + END[:20], "no_end_marker"),
            (line("Hi") + b"{broken\n" + END, "malformed_answer"),
            (line("Hi") + b'{"error":"out of memory"}', "server_failed"),
            (line("Hi") + b'{"error":{"code":503}}\n', "overloaded"),
            (line("Hi") + b'"text"\n', "malformed_answer"),
            (line("Hi") + b'{"message":{"content":5}}\n', "malformed_answer"),
            (b'{"choices":[{"text":"Hi"}]}\n', "malformed_answer"),
            (b'data: {"choices":[]}\n\n', "malformed_answer"),
            (b"<html>", "not_a_model_answer"),
            (b"Ollama is running", "malformed_answer"),
        ],
    )
    def test_one_that_does_not_end_well(self, raw: bytes, code: str) -> None:
        for parts, parser in (parse(raw), parse(*(raw[at : at + 1] for at in range(len(raw))))):
            assert not parser.done
            assert parser.error is not None
            assert parser.error.code == code
            assert [part.data for part in parts] == (["Hi"] if raw.startswith(line("Hi")) else [])

    def test_what_can_be_repaired_is(self) -> None:
        parts, parser = parse(line("aXb").replace(b"X", b"\xff"), END)
        assert [(part.kind, part.data) for part in parts if part.kind == "chunk"] == [("chunk", "a�b")]
        assert [part.data["code"] for part in parts if part.kind == "notice"] == ["invalid_utf8"]  # type: ignore[index]
        assert parser.done

    def test_a_line_past_16_mb_ends_the_answer(self) -> None:
        _, parser = parse(line("Hi"), *([b"x" * 2**20] * 17))
        assert parser.error is not None
        assert parser.error.code == "too_long"


async def test_it_streams_over_http(http: UpstreamClient) -> None:
    found = fixture("ollama", "thinking")
    async with upstream(streams(*found.pieces())) as served:
        endpoint = served.endpoint(dialect="ollama", base_url=f"http://127.0.0.1:{served.port}")
        sink = Recorder()
        outcome = await stream_run(endpoint, ASK, sink, http=http)
    assert (outcome.status, outcome.finish_reason, sink.text) == (RunStatus.COMPLETED, "length", "It is 4")
    assert served.calls[0].head.startswith("POST /api/chat HTTP/1.1")
    assert outcome.usage is not None
    assert outcome.usage["total_tokens"] == 29


async def test_its_models(http: UpstreamClient) -> None:
    async with upstream(answers("200 OK", b'{"models":[{"name":"qwen3:0.6b"}]}')) as served:
        endpoint = served.endpoint(dialect="ollama", base_url=f"http://127.0.0.1:{served.port}/")
        assert await list_models(endpoint, http=http) == ["qwen3:0.6b"]
    assert served.calls[0].head.startswith("GET /api/tags HTTP/1.1")
