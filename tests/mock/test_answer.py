"""What a recording answers to whom."""

from collections.abc import Sequence
from typing import Any

import orjson
import pytest

from playground.mock.answer import Answer, Recording, answer
from playground.mock.dialects import asked_at
from playground.mock.errors import BadOption, NotServed
from playground.mock.options import AS_RECORDED, MockOptions, with_faults
from playground.mock.schedule import Action
from tests.mock.recordings import TEXTS, chat, chat_frames, recorded, sse

CHAT = "/v1/chat/completions"


def named(kind: str, **fields: Any) -> bytes:
    return sse({"type": kind, **fields}, kind)


def delta(text: str) -> bytes:
    return named("content_block_delta", index=0, delta={"type": "text_delta", "text": text})


ANTHROPIC = [
    named("message_start", message={"id": "m", "role": "assistant", "content": [], "usage": {"input_tokens": 3}}),
    named("content_block_start", index=0, content_block={"type": "text", "text": ""}),
    delta("Hé"),
    delta("llo"),
    named("content_block_stop", index=0),
    named("message_delta", delta={"stop_reason": "end_turn"}, usage={"output_tokens": 2}),
    named("message_stop"),
]


def ask(recording: Recording, path: str = CHAT, options: MockOptions = AS_RECORDED, **fields: Any) -> Answer:
    return answer(recording, asked_at(path, fields), options)


def body(found: Answer) -> bytes:
    return b"".join(raw for _due, raw in found.steps if not isinstance(raw, Action))


def objects(raw: bytes) -> list[Any]:
    return [orjson.loads(line[6:]) for line in raw.splitlines() if line.startswith(b"data: {")]


def told(raw: bytes) -> list[str]:
    return [c["delta"]["content"] for o in objects(raw) for c in o["choices"] if c["delta"].get("content")]


def anthropic(pieces: Sequence[bytes] = ANTHROPIC, **fields: Any) -> Recording:
    return recorded([(1000 * n, raw) for n, raw in enumerate(pieces)], "anthropic", **fields)


def test_its_own_dialect_gets_the_bytes_as_they_came() -> None:
    found = ask(chat(headers={"x-request-id": "r1", "set-cookie": "no"}), stream=True)
    assert body(found) == b"".join(chat_frames())
    assert (found.status, found.head_at, found.is_cut) == (200, 200_000, False)
    assert found.headers["content-type"] == "text/event-stream"
    assert found.headers["x-request-id"] == "r1"
    assert found.headers["x-playground-run"].startswith("019aa000")
    assert "set-cookie" not in found.headers


def test_who_asks_for_no_stream_gets_the_whole_answer_when_its_end_came() -> None:
    found = ask(chat())
    whole = orjson.loads(body(found))
    assert whole["object"] == "chat.completion"
    assert whole["choices"][0]["message"]["content"] == "".join(TEXTS)
    assert whole["choices"][0]["finish_reason"] == "stop"
    assert found.headers["content-type"] == "application/json"
    assert next(ask(chat()).steps)[0] == 200_000 + 5 * 10_000


def test_another_dialect_is_told_in_the_words_of_the_chat() -> None:
    recording = anthropic()
    assert body(ask(recording, "/v1/messages", stream=True)) == b"".join(ANTHROPIC)
    raw = body(ask(recording, stream=True, stream_options={"include_usage": True}))
    assert told(raw) == ["Hé", "llo"]
    assert raw.endswith(b"data: [DONE]\n\n")
    *_, finish, usage = objects(raw)
    assert finish["choices"][0]["finish_reason"] == "stop"
    assert (usage["choices"], usage["usage"]["completion_tokens"]) == ([], 2)
    dues = [due for due, raw in ask(recording, stream=True).steps if isinstance(raw, bytes) and b"H\xc3\xa9" in raw]
    assert dues == [2000]


def test_the_legacy_completions_get_text() -> None:
    raw = body(ask(chat(), "/v1/completions", stream=True))
    assert "".join(c["text"] for o in objects(raw) for c in o["choices"]) == "".join(TEXTS)
    whole = orjson.loads(body(ask(chat(), "/v1/completions")))
    assert (whole["object"], whole["choices"][0]["text"]) == ("text_completion", "".join(TEXTS))


def test_no_other_dialect_is_made_up() -> None:
    with pytest.raises(NotServed, match="dialect openai-chat: ask for it at that dialect's path"):
        ask(chat(), "/v1/messages", stream=True)
    with pytest.raises(NotServed, match="ask for a stream"):
        ask(anthropic(), "/v1/messages")


def test_a_streamed_response_holds_the_whole_one() -> None:
    whole = {"id": "r", "object": "response", "status": "completed", "output": []}
    frames = [
        sse({"type": "response.output_text.delta", "output_index": 0, "content_index": 0, "delta": "Hi"}),
        sse({"type": "response.completed", "response": whole}),
    ]
    recording = recorded([(1000, frames[0]), (2000, frames[1])], "openai-responses")
    found = ask(recording, "/v1/responses")
    assert orjson.loads(body(found)) == whole
    assert body(ask(recording, "/v1/responses", stream=True)) == b"".join(frames)
    with pytest.raises(NotServed):
        ask(recorded([(1000, frames[0])], "openai-responses"), "/v1/responses")


def test_any_other_path_gets_what_was_recorded() -> None:
    assert body(ask(anthropic(), "/whatever")) == b"".join(ANTHROPIC)


def test_a_whole_answer_is_served_whole_and_told_in_one_chunk_to_who_streams() -> None:
    message = {"role": "assistant", "content": "Hi", "refusal": None}
    raw = orjson.dumps({"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]})
    recording = recorded([(5000, raw)], content_type="application/json")
    assert body(ask(recording)) == raw
    assert told(body(ask(recording, stream=True))) == ["Hi"]


def test_the_answer_is_that_of_the_last_attempt() -> None:
    refusal = b'{"error":{"message":"busy"}}'
    recording = chat(before=[(50, refusal)])
    assert body(ask(recording, stream=True)) == b"".join(chat_frames())
    assert body(ask(recording, stream=True, options=with_faults(AS_RECORDED, ["cut@1"]))).count(b'"content":"H') == 1


def test_a_recorded_refusal_is_told_again() -> None:
    refusal = b'{"error":{"message":"slow down","type":"requests","param":null,"code":null}}'
    recording = recorded(
        [(9000, refusal)],
        status=429,
        content_type="application/json",
        headers={"retry-after": "7"},
        error=("rate_limited", "Slow down."),
        ended="failed",
    )
    found = ask(recording, stream=True)
    assert (found.status, found.headers["retry-after"], body(found)) == (429, "7", refusal)
    found = ask(recording, "/v1/completions", stream=True)
    assert (found.status, found.headers["retry-after"]) == (429, "7")
    assert objects(b"data: " + body(found))[0]["error"]["code"] == "rate_limited"
    found = ask(recording, "/v1/messages", stream=True)
    assert (found.status, objects(b"data: " + body(found))[0]["type"]) == (429, "error")


def test_no_answer_at_all_is_a_bad_gateway() -> None:
    recording = recorded([], error=("connection_refused", "Nobody is there."), ended="failed", ended_at=4000)
    events = [event for event in recording.events if event.kind != "response.headers"]
    found = ask(Recording(recording.id, recording.model, events), stream=True)
    assert (found.status, found.head_at) == (502, 4000)
    assert orjson.loads(body(found))["error"] == {
        "message": "Nobody is there.",
        "type": "server_error",
        "param": None,
        "code": "connection_refused",
    }


def test_a_connection_that_was_lost_is_lost_again() -> None:
    lost = {"error": ("connection_lost", "Lost."), "ended": "truncated", "ended_at": 900_000}
    frames = [(1000 * n, raw) for n, raw in enumerate(chat_frames()[:3])]
    recording = recorded(frames, **lost)
    for path in (CHAT, "/v1/completions"):
        found = ask(recording, path, stream=True)
        steps = list(found.steps)
        assert (found.is_cut, steps[-1]) == (True, (900_000, Action.CUT))
    found = ask(recording)
    assert (found.status, orjson.loads(body(found))["error"]["code"]) == (502, "connection_lost")


def test_an_end_that_was_missing_is_missing_again() -> None:
    frames = [(1000 * n, raw) for n, raw in enumerate(chat_frames()[:3])]
    recording = recorded(frames, error=("no_end_marker", "No end."), ended="truncated", ended_at=5000)
    for path in (CHAT, "/v1/completions"):
        found = ask(recording, path, stream=True)
        assert not found.is_cut
        assert b"[DONE]" not in body(found)


def test_an_error_in_the_stream_is_told_in_every_dialect() -> None:
    broken = [*ANTHROPIC[:3], sse({"type": "error", "error": {"type": "overloaded_error", "message": "Busy"}}, "error")]
    recording = anthropic(broken, error=("overloaded", "Busy."), ended="failed")
    assert body(ask(recording, "/v1/messages", stream=True)) == b"".join(broken)
    *_, last = objects(body(ask(recording, stream=True)))
    assert last["error"]["code"] == "overloaded"


def test_without_its_bytes_a_recording_is_told_by_its_events() -> None:
    recording = chat()
    bare = Recording(recording.id, recording.model, recording.events)
    assert told(body(ask(bare, stream=True))) == [*TEXTS]


def test_headers_of_a_recording_cannot_write_others() -> None:
    found = ask(chat(headers={"x-request-id": "1\r\nset-cookie: a=b", "retry-after": "ü"}), stream=True)
    assert "x-request-id" not in found.headers
    assert "retry-after" not in found.headers


def test_a_fault_that_needs_a_stream_is_refused_without_one() -> None:
    with pytest.raises(BadOption, match="ask for a stream"):
        ask(chat(), options=with_faults(AS_RECORDED, ["double@1"]))
