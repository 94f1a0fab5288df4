"""`openai-completions`: messages as one prompt, and the legacy shape of an answer."""

from pathlib import Path
from typing import Any

import orjson
import pytest

from playground.providers.dialects import dialect
from playground.providers.dialects.openai_completions import as_prompt
from playground.providers.endpoint import Endpoint
from playground.providers.request import GenerationRequest, Message, Parameters
from tests.providers.faults import ASK, DONE

COMPLETIONS = dialect("openai-completions")
TRANSCRIPT = (Path(__file__).parent / "transcripts" / "llama-cpp-completions.txt").read_bytes()
SYSTEM, USER, ASSISTANT = Message("system", "Be brief."), Message("user", "Hi"), Message("assistant", "Hello")


def chunks(value: dict[str, Any]) -> list[Any]:
    parser = COMPLETIONS.parser(ASK)
    parts = parser.feed(b"data: " + orjson.dumps(value) + b"\n\n" + DONE)
    assert parser.done
    return [part.data for part in parts if part.kind == "chunk"]


@pytest.mark.parametrize(
    ("messages", "prompt"),
    [
        ((), "Assistant:"),
        ((USER,), "Hi"),
        ((SYSTEM, USER), "Be brief.\n\nUser: Hi\n\nAssistant:"),
        ((USER, ASSISTANT, USER), "User: Hi\n\nAssistant: Hello\n\nUser: Hi\n\nAssistant:"),
        ((USER, ASSISTANT), "User: Hi\n\nAssistant: Hello"),
    ],
)
def test_messages_become_one_prompt(messages: tuple[Message, ...], prompt: str) -> None:
    assert as_prompt(messages) == prompt


def test_the_request() -> None:
    endpoint = Endpoint("openai-completions", "https://api.example.com/v1")
    request = COMPLETIONS.request(endpoint, GenerationRequest("m", (USER,), Parameters(logprobs=True, max_tokens=5)))
    assert request.path == "/completions"
    assert orjson.loads(request.body) == {
        "model": "m",
        "prompt": "Hi",
        "stream": True,
        "stream_options": {"include_usage": True},
        "max_tokens": 5,
        "logprobs": 1,
    }


def test_text() -> None:
    assert chunks({"choices": [{"index": 0, "text": "Hi", "logprobs": None, "finish_reason": None}]}) == ["Hi"]
    assert chunks({"choices": [{"index": 0, "text": "", "finish_reason": "stop"}]}) == []
    assert chunks({"choices": [{"index": 1, "text": "Hi"}]}) == [{"text": "Hi", "choice": 1}]


def test_legacy_logprobs() -> None:
    logprobs = {
        "tokens": ["a", "b"],
        "token_logprobs": [None, -0.5],
        "top_logprobs": [None, {"b": -0.5, "c": -1.5}],
        "text_offset": [0, 1],
    }
    assert chunks({"choices": [{"index": 0, "text": "ab", "logprobs": logprobs}]}) == [
        {
            "text": "ab",
            "logprobs": [
                {"token": "a", "logprob": None},
                {
                    "token": "b",
                    "logprob": -0.5,
                    "top_logprobs": [{"token": "b", "logprob": -0.5}, {"token": "c", "logprob": -1.5}],
                },
            ],
        }
    ]


def test_an_answer_in_the_shape_of_chat_is_read_too() -> None:
    assert chunks({"choices": [{"index": 0, "delta": {"content": "Hi"}}]}) == ["Hi"]


def test_a_whole_answer() -> None:
    parser = COMPLETIONS.parser(ASK)
    parser.feed(b'{"choices":[{"text":"Hi","finish_reason":"length"}]}')
    assert [part.data for part in parser.close() if part.kind == "chunk"] == ["Hi"]
    assert parser.finish_reason == "length"


def test_a_transcript_of_llama_cpp() -> None:
    parser = COMPLETIONS.parser(ASK)
    parts = parser.feed(TRANSCRIPT)
    found = [part.data for part in parts if part.kind == "chunk" and not isinstance(part.data, str)]
    assert "".join(data["text"] for data in found).startswith(", the city of New Haven")
    assert all(len(data["logprobs"]) == 1 and "id" not in data["logprobs"][0] for data in found)
    assert parser.usage is not None
    assert (parser.done, parser.finish_reason, parser.usage["total_tokens"]) == (True, "length", 16)
