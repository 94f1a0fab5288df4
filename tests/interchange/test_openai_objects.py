"""Recorded chunks as OpenAI's objects, streamed and whole: both say the same."""

from typing import Any

import pytest

from playground.interchange.openai_answer import chat_completion, choices_of, text_completion, total_usage
from playground.interchange.openai_chunks import About, ChatChunks, CompletionChunks, finish_reason
from playground.recording.events import EventData

ABOUT = About("run-1", "conn/model", 1_700_000_000)


def deltas(encoder: ChatChunks, *chunks: EventData, reason: str | None = "stop") -> list[dict[str, Any]]:
    objects = [one for data in chunks for one in encoder.chunk(data)] + encoder.end(reason)
    assert {(o["id"], o["object"], o["model"]) for o in objects} == {("run-1", "chat.completion.chunk", "conn/model")}
    return [choice for one in objects for choice in one["choices"]]


def test_the_role_comes_first_and_the_reason_last() -> None:
    got = deltas(ChatChunks(ABOUT), "Hel", "lo", reason="length")
    assert [choice["delta"] for choice in got] == [
        {"role": "assistant", "content": ""},
        {"content": "Hel"},
        {"content": "lo"},
        {},
    ]
    assert [choice["finish_reason"] for choice in got] == [None, None, None, "length"]


def test_an_empty_answer_still_has_a_role_and_an_end() -> None:
    assert [choice["delta"] for choice in deltas(ChatChunks(ABOUT))] == [{"role": "assistant", "content": ""}, {}]


def test_tool_calls_keep_their_pieces() -> None:
    got = deltas(
        ChatChunks(ABOUT),
        {"tool_call": {"index": 0, "id": "call_1", "name": "add"}},
        {"tool_call": {"index": 0, "arguments": '{"a":'}},
        {"tool_call": {"index": 0, "arguments": "1}"}},
        reason="stop",
    )
    assert [choice["delta"].get("tool_calls") for choice in got[1:-1]] == [
        [{"index": 0, "function": {"name": "add", "arguments": ""}, "id": "call_1", "type": "function"}],
        [{"index": 0, "function": {"arguments": '{"a":'}}],
        [{"index": 0, "function": {"arguments": "1}"}}],
    ]
    assert got[-1]["finish_reason"] == "tool_calls"


def test_reasoning_refusal_citations_and_logprobs_have_their_fields() -> None:
    entry = {"token": "a", "logprob": -0.1}
    got = deltas(
        ChatChunks(ABOUT),
        {"reasoning": "hm"},
        {"refusal": "no"},
        {"text": "a", "logprobs": [entry]},
        {"citations": [{"url": "https://example.com"}]},
    )
    assert [choice["delta"] for choice in got[1:-1]] == [
        {"reasoning_content": "hm"},
        {"refusal": "no"},
        {"content": "a"},
        {"citations": [{"url": "https://example.com"}]},
    ]
    assert got[3]["logprobs"] == {"content": [{**entry, "bytes": None, "top_logprobs": []}], "refusal": None}


def test_choices_are_told_apart_and_several_runs_too() -> None:
    got = deltas(ChatChunks(ABOUT, first=4), "a", {"text": "b", "choice": 1})
    assert [(choice["index"], choice["delta"].get("content")) for choice in got] == [
        (4, ""), (4, "a"), (5, ""), (5, "b"), (4, None), (5, None),
    ]  # fmt: skip


def test_usage_is_null_until_its_own_chunk_where_it_was_asked_for() -> None:
    encoder = ChatChunks(ABOUT, with_usage=True)
    assert [one["usage"] for one in encoder.chunk("a")] == [None, None]
    assert "usage" not in ChatChunks(ABOUT).chunk("a")[0]
    told = encoder.usage({"input_tokens": 3, "output_tokens": 4, "cached": 1})
    assert told["choices"] == []
    assert told["usage"] == {
        "input_tokens": 3, "output_tokens": 4, "cached": 1,
        "prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("reason", "has_calls", "told"),
    [("stop", False, "stop"), ("stop", True, "tool_calls"), ("length", True, "length"), ("odd", False, "stop"),
     (None, False, "stop"), ("content_filter", False, "content_filter")],
)  # fmt: skip
def test_finish_reasons_are_those_that_clients_know(reason: str | None, has_calls: bool, told: str) -> None:
    assert finish_reason(reason, has_calls=has_calls) == told


def test_a_completion_is_text() -> None:
    encoder = CompletionChunks(ABOUT)
    entries = [{"token": "b", "logprob": -1.0, "top_logprobs": [{"token": "c", "logprob": -2.0}]}]
    chunks: list[EventData] = ["a", {"text": "b", "logprobs": entries}, {"reasoning": "hm"}]
    objects = [one for data in chunks for one in encoder.chunk(data)] + encoder.end("length")
    assert {one["object"] for one in objects} == {"text_completion"}
    assert [one["choices"][0]["text"] for one in objects] == ["a", "b", ""]
    assert objects[1]["choices"][0]["logprobs"] == {
        "tokens": ["b"], "token_logprobs": [-1.0], "top_logprobs": [{"c": -2.0}], "text_offset": [1],
    }  # fmt: skip
    assert objects[-1]["choices"][0]["finish_reason"] == "length"


def test_a_whole_answer_is_the_sum_of_its_chunks() -> None:
    chunks: list[EventData] = [
        "Hel",
        {"text": "lo", "logprobs": [{"token": "lo", "logprob": -1.0}]},
        {"reasoning": "hm"},
        {"text": "other", "choice": 1},
    ]
    whole = chat_completion(ABOUT, choices_of(chunks), "stop", {"prompt_tokens": 1, "completion_tokens": 2})
    assert whole["object"] == "chat.completion"
    assert [choice["message"]["content"] for choice in whole["choices"]] == ["Hello", "other"]
    assert whole["choices"][0]["message"]["reasoning_content"] == "hm"
    assert whole["choices"][0]["logprobs"]["content"][0]["token"] == "lo"
    assert whole["usage"]["total_tokens"] == 3


def test_whole_tool_calls() -> None:
    chunks = [
        {"tool_call": {"index": 1, "id": "b", "name": "sub", "arguments": "{}"}},
        {"tool_call": {"index": 0, "id": "a", "name": "add", "arguments": '{"a"'}},
        {"tool_call": {"index": 0, "arguments": ":1}"}},
    ]
    (choice,) = chat_completion(ABOUT, choices_of(chunks), "stop", None)["choices"]
    assert choice["message"]["content"] is None
    assert [(call["id"], call["function"]) for call in choice["message"]["tool_calls"]] == [
        ("a", {"name": "add", "arguments": '{"a":1}'}),
        ("b", {"name": "sub", "arguments": "{}"}),
    ]
    assert choice["finish_reason"] == "tool_calls"


def test_several_prompts_are_choices_of_one_completion() -> None:
    answers = [(choices_of(["one"]), "stop"), (choices_of(["two"]), "length")]
    usage = total_usage([{"prompt_tokens": 1, "completion_tokens": 2}, {"prompt_tokens": 3, "completion_tokens": 4}])
    whole = text_completion(ABOUT, answers, usage)
    assert [(c["index"], c["text"], c["finish_reason"]) for c in whole["choices"]] == [
        (0, "one", "stop"), (1, "two", "length"),
    ]  # fmt: skip
    assert whole["usage"] == {"prompt_tokens": 4, "completion_tokens": 6, "total_tokens": 10}
    assert total_usage([{"prompt_tokens": 1}, None]) is None
