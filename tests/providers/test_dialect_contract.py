"""What every dialect of the registry must do, held against its fixtures (tests/providers/fixtures/README.md)."""

import re
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.providers import refusals
from playground.providers.dialects import DIALECTS, dialect
from playground.providers.dialects.base import CONTENT_FILTER, Parser, Part, common_reason
from playground.providers.endpoint import Endpoint
from playground.providers.errors import InvalidRequest
from playground.providers.request import GenerationRequest, Message
from playground.recording.shapes import misshapen
from playground.recording.status import RunStatus
from tests.providers.dialect_fixtures import FEATURES, FOLDER, REQUESTS, Fixture, fixtures, manifest, plain

NAMES = list(DIALECTS)
HELD = [name for name in NAMES if (FOLDER / name).is_dir()]
ALL = [fixture for name in HELD for fixture in fixtures(name)]
STREAMS = [fixture for fixture in ALL if not fixture.is_whole]
every_dialect = pytest.mark.parametrize("name", HELD)
every_fixture = pytest.mark.parametrize("fixture", ALL, ids=str)
every_stream = pytest.mark.parametrize("fixture", STREAMS, ids=str)


def parse(fixture: Fixture, *reads: bytes, close: bool = True) -> tuple[list[Part], Parser]:
    parser = dialect(fixture.dialect).parser(fixture.request())
    parts = [part for raw in reads for part in parser.feed(raw)]
    return parts + (parser.close() if close else []), parser


def outcome(parser: Parser) -> tuple[bool, str | None, str | None]:
    return parser.done, parser.finish_reason, parser.error and parser.error.code


@pytest.mark.parametrize("name", NAMES)
def test_every_dialect_has_fixtures(name: str) -> None:
    assert (FOLDER / name).is_dir(), f"write tests/providers/fixtures/{name} (see the README there)"
    assert {"text", "whole"} <= {fixture.name for fixture in fixtures(name)}


@every_dialect
def test_it_shows_every_feature_or_says_why_not(name: str) -> None:
    shown = {feature for fixture in fixtures(name) for feature in features(fixture)}
    lacks: dict[str, str] = manifest(name).get("lacks", {})
    assert all(lacks.values())
    assert not shown & lacks.keys(), "a fixture shows what the manifest says it lacks"
    assert shown | lacks.keys() == set(FEATURES)


def features(fixture: Fixture) -> set[str]:
    """Which of FEATURES a fixture shows; taken from what is expected of it, not from what the parser makes of it."""
    data = [data for kind, data in fixture.parts if kind == "chunk"]
    members = {member for one in data for member in (["text"] if isinstance(one, str) else one)}
    pieces = [one["tool_call"] for one in data if isinstance(one, dict) and one.get("tool_call", {}).get("arguments")]
    kinds = {kind for kind, _ in fixture.parts}
    reason = common_reason(dialect(fixture.dialect), fixture.finish_reason)
    whole = fixture.is_whole and fixture.error is None
    return (
        members & {"text", "reasoning", "refusal", "citations", "logprobs"}
        | kinds & {"usage", "keepalive"}
        | ({"tool call"} if "tool_call" in members else set())
        | ({"streamed arguments"} if len(pieces) > 1 and not fixture.is_whole else set())
        | ({"stop reason"} if reason == "stop" else set())
        | ({"length"} if reason == "length" else set())
        | ({"content filter"} if CONTENT_FILTER in (reason, fixture.error) else set())
        | ({"error in the stream"} if fixture.error not in (None, CONTENT_FILTER) and not fixture.is_whole else set())
        | ({"whole answer"} if whole else set())
    )


@every_dialect
@pytest.mark.parametrize("name_of", ["text", "whole"])
def test_json_that_is_nested_too_deeply_is_a_malformed_answer(name: str, name_of: str) -> None:
    """It could be read, but not written: into a frame, a segment or Redis."""
    fixture = next(one for one in fixtures(name) if one.name == name_of)
    deep = b'{"deep": ' + b"[" * 300 + b"]" * 300 + b', "'
    raw = re.sub(rb'\{\s*"', deep, fixture.raw, count=1)
    parts, parser = parse(fixture, raw)
    assert parser.error is not None
    assert (parser.error.code, [part for part in parts if part.kind == "chunk"]) == ("malformed_answer", [])
    assert "nested too deeply" in parser.error.message


class TestAnswers:
    @every_fixture
    def test_whole(self, fixture: Fixture) -> None:
        assert fixture.source.startswith("https://"), "cite the documentation"
        parts, parser = parse(fixture, fixture.raw)
        assert plain(parts) == fixture.parts
        assert outcome(parser) == (fixture.error is None, fixture.finish_reason, fixture.error)
        assert parser.usage == next((data for kind, data in reversed(fixture.parts) if kind == "usage"), None)

    @every_fixture
    def test_what_it_means_is_in_shape(self, fixture: Fixture) -> None:
        assert [misshapen(kind, data) for kind, data in fixture.parts] == [""] * len(fixture.parts)
        ends = [part.end for part in parse(fixture, fixture.raw)[0]]
        assert ends == sorted(ends)
        assert all(0 < end <= len(fixture.raw) for end in ends)

    @every_fixture
    def test_split_at_every_byte(self, fixture: Fixture) -> None:
        raw = fixture.raw
        parts, parser = parse(fixture, raw)
        expected = (parts, *outcome(parser))
        single, parser = parse(fixture, *(raw[at : at + 1] for at in range(len(raw))))
        assert (single, *outcome(parser)) == expected
        for at in range(1, len(raw)):
            parts, parser = parse(fixture, raw[:at], raw[at:])
            assert (parts, *outcome(parser)) == expected, f"cut at {at}"

    @every_stream
    def test_cut_after_every_event(self, fixture: Fixture) -> None:
        """It is truncated, never completed, and what came before the cut is kept."""
        whole, _ = parse(fixture, fixture.raw)
        markers = [marker.encode() for marker in manifest(fixture.dialect)["end_markers"]]
        for cut in fixture.boundaries():
            before = fixture.raw[:cut]
            if fixture.error is None and any(marker in before for marker in markers):
                break
            parts, parser = parse(fixture, before)
            assert parts == [part for part in whole if part.end <= cut], f"cut at {cut}"
            assert not parser.done
            assert parser.error is not None
            if parser.error.code != fixture.error:
                assert parser.error.ends_as is RunStatus.TRUNCATED

    @every_stream
    def test_the_end_marker_is_needed(self, fixture: Fixture) -> None:
        if fixture.error is None:
            raw = fixture.raw
            for marker in manifest(fixture.dialect)["end_markers"]:
                raw = raw.replace(marker.encode(), b"x" * len(marker))
            assert not parse(fixture, raw)[1].done

    @every_stream
    def test_what_follows_the_end_is_ignored(self, fixture: Fixture) -> None:
        parts, parser = parse(fixture, fixture.raw)
        if parser.done:
            assert parser.feed(fixture.raw) == []
            assert parser.close() == []
            assert plain(parts) == fixture.parts

    @every_stream
    def test_other_line_ends_mean_the_same(self, fixture: Fixture) -> None:
        raw = fixture.raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        parts, parser = parse(fixture, raw)
        assert plain(parts) == fixture.parts
        assert outcome(parser) == (fixture.error is None, fixture.finish_reason, fixture.error)

    @every_dialect
    def test_where_a_stream_was_wanted_a_whole_answer_is_noticed(self, name: str) -> None:
        for fixture in (found for found in fixtures(name) if found.is_whole and found.error is None):
            parser = dialect(name).parser(GenerationRequest("m", (Message("user", "Hi"),)))
            parts = parser.feed(fixture.raw) + parser.close()
            assert [part.data["code"] for part in parts if part.kind == "notice"] == ["one_chunk"]  # type: ignore[index]
            assert [part for part in plain(parts) if part[0] != "notice"] == fixture.parts

    @every_dialect
    @pytest.mark.parametrize(
        ("raw", "code"),
        [
            (b"", "no_end_marker"),
            (b"<!doctype html><title>Welcome</title>", "not_a_model_answer"),
            (b"[]", None),
            (b"5", None),
            (b"{}", None),
        ],
    )
    def test_what_is_no_answer(self, name: str, raw: bytes, code: str | None) -> None:
        parser = dialect(name).parser(REQUESTS["text"])
        parts = parser.feed(raw) + parser.close()
        assert not parser.done
        assert parser.error is not None
        assert code in (None, parser.error.code)
        assert [part for part in parts if part.kind == "chunk"] == []


class TestRequests:
    @every_dialect
    @pytest.mark.parametrize("kind", REQUESTS)
    def test_body(self, name: str, kind: str) -> None:
        expected = manifest(name)["requests"][kind]
        endpoint = Endpoint(name, "http://127.0.0.1", api_key="secret")
        sent = dialect(name).request(endpoint, REQUESTS[kind])
        assert (sent.method, sent.path) == ("POST", expected["path"])
        assert orjson.loads(sent.body) == expected["body"]
        assert list(sent.ignored) == expected.get("ignored", [])

    @every_dialect
    def test_headers(self, name: str) -> None:
        expected = manifest(name)["headers"]
        for key in ("secret", ""):
            endpoint = Endpoint(name, "http://127.0.0.1", api_key=key)
            sent = dict(dialect(name).request(endpoint, REQUESTS["text"]).headers)
            assert sent == {header: value for header, value in expected.items() if key or "secret" not in value}

    @every_dialect
    def test_an_endpoint_that_cannot_stream_is_not_asked_to(self, name: str) -> None:
        endpoint = Endpoint(name, "http://127.0.0.1", supports_streaming=False)
        plain_endpoint = Endpoint(name, "http://127.0.0.1")
        assert dialect(name).request(endpoint, REQUESTS["text"]) == dialect(name).request(
            plain_endpoint, REQUESTS["whole"]
        )

    @every_dialect
    def test_half_a_character_in_the_prompt(self, name: str) -> None:
        with pytest.raises(InvalidRequest):
            dialect(name).request(
                Endpoint(name, "http://127.0.0.1"), GenerationRequest("m", (Message("user", "\ud83d"),))
            )

    @every_dialect
    def test_models(self, name: str) -> None:
        expected: dict[str, Any] | None = manifest(name)["models"]
        asked = dialect(name).models_request(Endpoint(name, "http://127.0.0.1", api_key="secret"))
        if expected is None:
            assert asked is None
            return
        assert asked is not None
        assert (asked.method, asked.path) == ("GET", expected["path"])
        headers = {header: value for header, value in manifest(name)["headers"].items() if header != "content-type"}
        assert dict(asked.headers) == headers
        assert dialect(name).read_models(orjson.dumps(expected["answer"])) == expected["names"]


@every_dialect
def test_error_answers(name: str) -> None:
    """`refusals` reads them, whatever the dialect; what the provider documents must come out right."""
    for answer in manifest(name)["errors"]:
        error = refusals.from_answer(answer["status"], answer.get("headers", {}), orjson.dumps(answer["body"]))
        assert (error.code, error.retryable) == (answer["code"], answer["retryable"]), answer


@every_dialect
def test_people_are_told_what_it_is(name: str) -> None:
    assert dialect(name).label
    assert dialect(name).example.startswith("http")


WORDS = """type delta text content message error choices usage index finish_reason tool_calls function arguments name
input_json_delta content_block partial_json response output item output_index annotations citations logprobs token done
candidates parts functionCall finishReason usageMetadata tool_use thinking stop_reason status event data"""
KINDS = """content_block_start content_block_delta message_delta message_start response.output_text.delta text_delta
response.output_item.added response.completed response.function_call_arguments.delta function_call message output_text
text tool_use content-delta tool-call-start tool-call-delta message-end citation-start AIMessageChunk"""
VALUES = st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3) | st.sampled_from(KINDS.split())
JSON = st.recursive(
    VALUES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS.split()), inner, max_size=5),
    max_leaves=14,
)


@every_dialect
@settings(max_examples=60)
@given(value=JSON, event=st.sampled_from(["message", "data", "end", "error", "ping"]), shape=st.sampled_from("sln"))
def test_no_json_raises(name: str, value: Any, event: str, shape: str) -> None:
    """Whatever is sent, as an event of a stream, a line, or a whole answer, is read or refused, never a crash."""
    raw = orjson.dumps(value)
    raw = {"s": b"event: %s\ndata: %s\n\n" % (event.encode(), raw), "l": raw + b"\n" + raw + b"\n", "n": raw}[shape]
    parser = dialect(name).parser(REQUESTS["text"])
    parts = parser.feed(raw) + parser.close()
    assert parser.done or parser.error is not None
    assert [misshapen(part.kind, part.data) for part in parts] == [""] * len(parts)
