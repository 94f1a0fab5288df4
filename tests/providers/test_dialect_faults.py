"""What providers get wrong in the body of a 200, and what becomes of it. Each also byte by byte."""

import itertools
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.providers.dialects import dialect
from playground.providers.dialects.base import Parser, Part
from playground.providers.request import GenerationRequest
from tests.providers.faults import ASK, DONE, FINISH, token

GOOD = token("Hel") + token("lo") + FINISH + DONE
BOM = b"\xef\xbb\xbf"


def parse(*reads: bytes) -> tuple[list[Part], Parser]:
    parser = dialect("openai-chat").parser(ASK)
    parts = [part for raw in reads for part in parser.feed(raw)]
    return parts + parser.close(), parser


def bytewise(stream: bytes) -> tuple[list[Part], Parser]:
    return parse(*(stream[at : at + 1] for at in range(len(stream))))


def text(parts: list[Part]) -> str:
    return "".join(part.data for part in parts if part.kind == "chunk" and isinstance(part.data, str))


def kinds(parts: list[Part]) -> list[str]:
    return [part.kind for part in parts]


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        (GOOD, "Hello"),
        (BOM + GOOD, "Hello"),
        (GOOD.replace(b"\n", b"\r\n"), "Hello"),
        (GOOD.replace(b"\n", b"\r"), "Hello"),
        (GOOD.replace(b"data: ", b"data:"), "Hello"),
        (GOOD.replace(b',"finish', b',\ndata: "finish'), "Hello"),
        (b"\r\n\r\n" + GOOD, "Hello"),
        (b"id: 1\n: comment\n\n" + GOOD, "Hello"),
        (b"event: message\nretry: 10\n" + GOOD, "Hello"),
        (GOOD.replace(b"}\n\n", b"}   \n\n"), "Hello"),
        (GOOD + token("late") + b"data: garbage\n\n", "Hello"),
        (token("\u2028\u0085\u2029") + DONE, "\u2028\u0085\u2029"),
        (token("你好 👋🏽") + DONE, "你好 👋🏽"),
        (token("x" * 200_000) + DONE, "x" * 200_000),
    ],
)
def test_it_is_read_all_the_same(stream: bytes, expected: str) -> None:
    for parts, parser in (parse(stream), bytewise(stream)):
        assert text(parts) == expected
        assert (parser.done, parser.error) == (True, None)


@pytest.mark.parametrize(
    ("stream", "comment"),
    [(b": ping\n", "ping"), (b":\n", None), (b"data: : keepalive\n\n", "keepalive"), (b"data:\n\n", None)],
)
def test_keepalives_are_events_and_no_content(stream: bytes, comment: str | None) -> None:
    parts, parser = parse(stream + token("a") + DONE)
    assert kinds(parts) == ["keepalive", "chunk"]
    assert parts[0].data == ({"comment": comment} if comment else {})
    assert parser.done


@pytest.mark.parametrize(
    ("stream", "expected", "code"),
    [
        (b'data: {"choices":[{"delta":{"content":"a\xff"}}],"x":1}\n\n', "a�", "invalid_utf8"),
        (b'data: {"choices":[{"delta":{"content":"a\\ud83d"}}]}\n\n', "a�", "lone_surrogate"),
        (b'data: {"choices":[{"delta":{"content":"a"}}],"timings":{"x":NaN}}\n\n', "a", "not_a_number"),
    ],
)
def test_what_can_be_repaired_is_and_is_told_once(stream: bytes, expected: str, code: str) -> None:
    parts, parser = parse(stream + stream + DONE)
    assert text(parts) == expected * 2
    assert [part.data["code"] for part in parts if part.kind == "notice"] == [code]  # type: ignore[index]
    assert parser.done


def test_infinite_logprobs_become_null() -> None:
    stream = (
        b'data: {"choices":[{"delta":{"content":"a"},"logprobs":{"content":[{"token":"a","logprob":-Infinity}]}}]}\n\n'
    )
    (chunk,) = (part for part in parse(stream + DONE)[0] if part.kind == "chunk")
    assert chunk.data == {"text": "a", "logprobs": [{"token": "a", "logprob": None}]}


@pytest.mark.parametrize(
    ("fault", "code", "says"),
    [
        (b'data: {"error":{"message":"boom","type":"server_error"}}\n\n', "server_failed", "boom"),
        (b'data: {"error":{}}\n\n', "refused", "error"),
        (b'data: {"error":""}\n\n', "server_failed", "failed"),
        (b'data: {"error":"no memory"}\n\n', "server_failed", "no memory"),
        (b'data: {"error":{"code":429,"message":"slow"},"choices":[]}\n\n', "rate_limited", "slow"),
        (b'event: error\ndata: {"message":"top level","code":"x"}\n\n', "refused", "top level"),
        (b"event: error\ndata: just text\n\n", "server_failed", "just text"),
        (b'error: {"message":"of old","type":"server_error"}\n\n', "server_failed", "of old"),
        (b'{"error":{"message":"bare"}}\n', "refused", "bare"),
        (b"data: {broken\n\n", "malformed_answer", "broken JSON"),
        (b"data: [1]\n\n", "malformed_answer", "no object"),
        (b'data: {"choices":[1]}\n\n', "malformed_answer", "shape"),
        (b'data: {"choices":[{"delta":{"content":5}}]}\n\n', "malformed_answer", "shape"),
        (b'data: {"content":"a","stop":false}\n\n', "malformed_answer", "another dialect"),
    ],
)
def test_an_error_ends_the_answer_and_keeps_what_came_before(fault: bytes, code: str, says: str) -> None:
    for parts, parser in (parse(token("a") + fault + token("b") + DONE), bytewise(token("a") + fault + DONE)):
        assert parser.error is not None
        assert (parser.error.code, parser.done) == (code, False)
        assert says in parser.error.message
        assert text(parts) == "a"


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"<!doctype html><title>Welcome</title>", "not_a_model_answer"),
        (b"\n\n <html>", "not_a_model_answer"),
        (BOM + b"<html>", "not_a_model_answer"),
        (b"Bad gateway", "not_a_model_answer"),
        (b"upstream connect error\n\n", "not_a_model_answer"),
        (b"", "no_end_marker"),
        (b" \n" * 90, "no_end_marker"),
    ],
)
def test_what_is_no_answer_at_all(raw: bytes, code: str) -> None:
    for parts, parser in (parse(raw), bytewise(raw)):
        assert parser.error is not None
        assert (parts, parser.error.code) == ([], code)


def test_a_line_past_16_mb_ends_the_answer() -> None:
    piece = b"x" * 2**20
    parts, parser = parse(token("a"), b"data: ", *([piece] * 17), DONE)
    assert parser.error is not None
    assert (text(parts), parser.error.code) == ("a", "too_long")
    _, parser = parse(b"{", *([piece] * 17))
    assert parser.error is not None
    assert parser.error.code == "too_long"


class TestEnd:
    def test_the_marker(self) -> None:
        _, parser = parse(token("a"), FINISH, DONE, b"data: not json\n\n")
        assert (parser.done, parser.finish_reason, parser.error) == (True, "stop", None)

    @pytest.mark.parametrize("done", [b"data: [DONE]", b"data:[DONE]\n", b"data: [DONE] \r\n\r\n"])
    def test_the_marker_without_its_blank_line(self, done: bytes) -> None:
        assert parse(token("a"), done)[1].done

    def test_the_marker_without_a_finish_reason(self) -> None:
        _, parser = parse(token("a"), DONE)
        assert (parser.done, parser.finish_reason) == (True, None)

    @pytest.mark.parametrize("stream", [b"", token("a"), token("a") + FINISH, b": hi\n\n", b'data: {"choices":[{"del'])
    def test_without_it_the_answer_is_truncated(self, stream: bytes) -> None:
        _, parser = parse(stream)
        assert parser.error is not None
        assert (parser.done, parser.error.code) == (False, "no_end_marker")

    def test_a_whole_last_event_counts_although_its_blank_line_is_missing(self) -> None:
        assert text(parse(token("a") + token("b").rstrip())[0]) == "ab"


class TestWholeAnswer:
    def test_it_is_one_chunk_with_a_notice(self) -> None:
        calls = [{"id": "c", "function": {"name": "f"}}]
        message = {"content": "Hello", "reasoning_content": "hm", "tool_calls": calls}
        answer = {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}], "usage": {"total_tokens": 1}}
        raw = orjson.dumps(answer, option=orjson.OPT_INDENT_2)
        parts, parser = parse(b"\n\n", raw[:9], raw[9:])
        assert [part.kind for part in parts] == ["notice", "chunk", "chunk", "usage"]
        assert parts[0].data == {
            "code": "one_chunk",
            "message": "The provider did not stream: its whole answer came as one chunk.",
        }
        assert parts[1].data == {"text": "Hello", "reasoning": "hm"}
        assert parts[2].data == {"tool_call": {"index": 0, "id": "c", "name": "f"}}
        assert {part.end for part in parts} == {len(raw) + 2}
        assert (parser.done, parser.finish_reason) == (True, "stop")

    def test_there_is_no_notice_where_no_stream_was_wanted(self) -> None:
        parser = dialect("openai-chat").parser(GenerationRequest("m", (), stream=False))
        parser.feed(b'{"choices":[{"message":{"content":"a"}}]}')
        assert [part.kind for part in parser.close()] == ["chunk"]

    @pytest.mark.parametrize(
        ("raw", "code"),
        [
            (b"{}", "malformed_answer"),
            (b"[1]", "malformed_answer"),
            (b'{"choices": [', "malformed_answer"),
            (b'{"choices": 5}', "malformed_answer"),
            (b'{"error": {"message": "no"}}', "refused"),
            (b'[{"error": {"code": 503, "message": "no"}}]', "overloaded"),
        ],
    )
    def test_one_that_is_none(self, raw: bytes, code: str) -> None:
        parts, parser = parse(raw)
        assert parser.error is not None
        assert (parts, parser.error.code) == ([], code)


STREAM = token("你") + b": c\r\n\r" + token("好", logprobs={"content": []}) + FINISH + DONE


@given(st.lists(st.integers(0, len(STREAM)), max_size=20))
def test_any_cut_gives_the_same_parts(at: list[int]) -> None:
    edges = [0, *sorted(at), len(STREAM)]
    assert parse(*(STREAM[start:end] for start, end in itertools.pairwise(edges)))[0] == parse(STREAM)[0]


@given(
    st.lists(
        st.sampled_from([token("a"), FINISH, DONE, b": c\n", b"\xff", b"\r\n", b"{", b"<", b"data: ", b"error: "])
        | st.binary(max_size=6),
        max_size=12,
    )
)
def test_no_bytes_raise_and_every_end_is_one(reads: list[bytes]) -> None:
    _, parser = parse(*reads)
    assert parser.done or parser.error is not None


NAMES = """choices delta message content text tool_calls function arguments function_call logprobs tokens top_logprobs
usage error index finish_reason reasoning x_groq thinking refusal"""
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES.split()), inner, max_size=4),
    max_leaves=12,
)


@given(JSON, st.booleans())
def test_no_json_raises(value: Any, stream: bool) -> None:
    raw = orjson.dumps(value)
    _, parser = parse(b"data: " + raw + b"\n\n" + DONE if stream else raw)
    assert parser.done or parser.error is not None
