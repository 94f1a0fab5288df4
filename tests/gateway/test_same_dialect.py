"""A client and an upstream that speak the same dialect: what neither side of the gateway knows survives."""

from typing import Any

import orjson

from tests.gateway.conftest import Gateway, text_of
from tests.gateway.upstream import Scripted
from tests.providers.faults import DONE, FINISH, GOOD, STREAM_HEAD, Call, answers, streams, token

USAGE = b'data: {"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}\n\n'


def event(**value: object) -> bytes:
    return b"data: " + orjson.dumps(value) + b"\n\n"


def test_the_upstreams_own_fields_come_through_and_the_model_is_ours(gateway: Gateway, up: Scripted) -> None:
    choice = {"index": 0, "delta": {"content": "Hi", "thinking_blocks": [1]}, "native_finish_reason": None}
    up.play(streams(event(id="x", model="theirs", provider="P", timings={"ms": 1.5}, choices=[choice]), FINISH, DONE))
    got = gateway.stream()
    assert got == [
        {"id": "x", "model": "chat/m", "provider": "P", "timings": {"ms": 1.5}, "choices": [choice]},
        orjson.loads(FINISH[6:]),
        "[DONE]",
    ]
    assert gateway.run["text"] == "Hi"


def test_a_whole_answer_comes_through(gateway: Gateway, up: Scripted) -> None:
    choice = {"index": 0, "message": {"role": "assistant", "content": "Hi", "own": 1}, "finish_reason": "stop"}
    body = {"id": "x", "model": "theirs", "choices": [choice], "usage": {"prompt_tokens": 1}, "x_groq": {"id": "r"}}
    up.play(answers("200 OK", orjson.dumps(body)))
    assert gateway.chat() == {**body, "model": "chat/m"}
    assert "stream_options" not in up.asked()
    assert up.asked()["stream"] is False
    assert gateway.run["status"] == "completed"
    assert gateway.run["text"] == "Hi"


def test_usage_is_told_to_whom_asked_for_it(gateway: Gateway, up: Scripted) -> None:
    up.play(streams(token("Hi"), FINISH, USAGE, DONE))
    assert gateway.stream()[-2] == orjson.loads(FINISH[6:])
    assert up.asked()["stream_options"] == {"include_usage": True}
    told = gateway.stream(stream_options={"include_usage": True})
    assert told[-2:] == [orjson.loads(USAGE[6:]), "[DONE]"]
    assert gateway.run["usage"]["total_tokens"] == 5


def test_what_the_client_asks_reaches_the_upstream(gateway: Gateway, up: Scripted) -> None:
    up.play(GOOD)
    tool = {"type": "function", "function": {"name": "add", "parameters": {"type": "object"}}}
    messages: list[dict[str, Any]] = [
        {"role": "developer", "content": "Be short."},
        {"role": "user", "content": [{"type": "text", "text": "1+"}, {"type": "text", "text": "1"}], "name": "ada"},
        {"role": "assistant", "content": None, "tool_calls": [{"id": "c", "type": "function", "function": {}}]},
        {"role": "tool", "tool_call_id": "c", "content": "2"},
    ]
    gateway.stream(
        messages=messages, tools=[tool], tool_choice="auto", max_completion_tokens=9, temperature=0, stop="x",
        frequency_penalty=0.5, response_format={"type": "json_object"}, own_field={"a": [1]}, user="u",
        logprobs=True, top_logprobs=2, stream_options={"include_obfuscation": False}, best_of=2,
    )  # fmt: skip
    asked = up.asked()
    assert asked["messages"] == [
        messages[0],
        {**messages[1], "content": "1+1"},
        {**messages[2], "content": ""},
        messages[3],
    ]
    assert {name: asked[name] for name in asked if name not in ("messages", "model", "stream")} == {
        "tools": [tool], "tool_choice": "auto", "max_tokens": 9, "temperature": 0.0, "stop": ["x"],
        "frequency_penalty": 0.5, "response_format": {"type": "json_object"}, "own_field": {"a": [1]}, "user": "u",
        "logprobs": True, "top_logprobs": 2,
        "stream_options": {"include_obfuscation": False, "include_usage": True},
    }  # fmt: skip
    run_id = gateway.last.headers["x-playground-run"]
    (notice,) = [e["data"] for e in gateway.client.events(run_id) if e["kind"] == "notice"]
    assert notice["parameters"] == ["best_of"]  # which only completions know


def test_tool_calls_stream_as_they_were_cut(gateway: Gateway, up: Scripted) -> None:
    first = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "add", "arguments": ""}}
    rest = {"index": 0, "function": {"arguments": '{"a":1}'}}
    pieces = [event(choices=[{"index": 0, "delta": {"tool_calls": [call]}}]) for call in (first, rest)]
    up.play(streams(*pieces, DONE))
    assert [one["choices"][0]["delta"]["tool_calls"][0] for one in gateway.stream()[:-1]] == [first, rest]


def test_an_attempt_that_failed_before_its_first_token_leaves_nothing(gateway: Gateway, up: Scripted) -> None:
    async def dies(call: Call) -> None:
        role = event(id="first", choices=[{"index": 0, "delta": {"role": "assistant", "content": ""}}])
        await call.send(STREAM_HEAD + b"%x\r\n%s\r\n" % (len(role), role))
        call.reset()

    up.play(dies, GOOD)
    got = gateway.stream()
    assert all(one.get("id") != "first" for one in got[:-1])
    assert text_of(got) == "Hello"
    assert gateway.run["attempts"] == 2


def test_an_upstream_that_does_not_stream_is_one_chunk_for_who_wants_a_stream(gateway: Gateway, up: Scripted) -> None:
    choice = {"index": 0, "message": {"role": "assistant", "content": "All at once"}, "finish_reason": "length"}
    up.play(answers("200 OK", orjson.dumps({"choices": [choice]})))
    got = gateway.stream()
    assert text_of(got) == "All at once"
    assert got[-2]["choices"][0]["finish_reason"] == "length"
    assert got[-1] == "[DONE]"


def test_an_upstream_that_streams_all_the_same_is_whole_for_who_does_not(gateway: Gateway, up: Scripted) -> None:
    up.play(streams(token("Hel"), token("lo"), FINISH, USAGE, DONE))
    got = gateway.chat()
    assert got["choices"][0]["message"]["content"] == "Hello"
    assert got["usage"]["total_tokens"] == 5


def test_completions_come_through_too(gateway: Gateway, up: Scripted) -> None:
    up.play(streams(event(choices=[{"index": 0, "text": "Hi", "own": 1}]), event(choices=[{"text": "!"}]), DONE))
    got = gateway.stream("old/m", "/completions", prompt="Say", suffix="end", logprobs=2)
    assert got[0]["choices"] == [{"index": 0, "text": "Hi", "own": 1}]
    assert {name: up.asked()[name] for name in ("prompt", "suffix", "logprobs")} == {
        "prompt": "Say", "suffix": "end", "logprobs": 2,
    }  # fmt: skip


def test_each_prompt_of_a_completion_is_a_run(gateway: Gateway, up: Scripted) -> None:
    up.play(streams(event(choices=[{"index": 0, "text": "Hi"}]), USAGE, DONE))
    prompts = ["one", "two", "three"]
    whole = gateway.post("/completions", {"model": "old/m", "prompt": prompts}).json()
    assert [(choice["index"], choice["text"]) for choice in whole["choices"]] == [(0, "Hi"), (1, "Hi"), (2, "Hi")]
    assert whole["usage"]["total_tokens"] == 15
    runs = gateway.last.headers["x-playground-run"].split(", ")
    assert len(set(runs)) == 3
    assert {gateway.client.run(run)["session"] for run in runs} == {gateway.last.headers["x-playground-session"]}
    got = gateway.stream("old/m", "/completions", prompt=prompts, stream_options={"include_usage": True})
    assert sorted(one["choices"][0]["index"] for one in got[:-2] if one["choices"][0]["text"]) == [0, 1, 2]
    assert got[-2]["usage"]["total_tokens"] == 15
    assert got[-1] == "[DONE]"
