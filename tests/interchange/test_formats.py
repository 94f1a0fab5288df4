"""Every format: written, told from the others, read; and no file makes a reader crash."""

import contextlib
import csv
import io
import itertools
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.interchange.errors import NotARecording, UnknownContent
from playground.interchange.formats import READERS, WRITERS, Recording, read
from playground.recording.session_file import NotASessionFile
from tests.interchange.recordings import nested, recording, retried, samples

FORMATS = {
    "stream": "stream",
    "json": "session",
    "langchain-v1": "langchain",
    "langchain-v2": "langchain",
    "otlp": "otlp",
    "raw": "dump",
}


@pytest.mark.parametrize("name", FORMATS)
def test_what_is_written_is_told_and_read(name: str) -> None:
    for found in samples():
        imported = read(WRITERS[name].write(found), title="Mine")
        assert imported.format == FORMATS[name]
        (turn,) = imported.session.turns
        assert imported.session.title == (found.title if name in ("stream", "json") else "Mine")
        assert len(turn.runs) == 1


def test_the_exact_formats_lose_nothing() -> None:
    for found in samples():
        for name in ("stream", "json"):
            (turn,) = read(WRITERS[name].write(found)).session.turns
            assert (list(turn.runs[0].events), list(turn.runs[0].reads)) == (
                list(found.run.events),
                list(found.run.reads),
            )


def table(found: Recording) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(WRITERS["csv"].write(found).decode("utf-8-sig"))))


def test_the_table_has_a_row_a_chunk_and_no_formulas() -> None:
    rows = table(retried())
    assert [row["kind"] for row in rows] == ["reasoning", "text", "tool_call", "tool_call"]
    assert rows[1] == {
        "seq": "10", "t_ms": "6.5", "gap_ms": "1.5", "kind": "text", "text": "'=It is 气泡", "reasoning": "",
        "refusal": "", "tool_call": "", "bytes": "11", "attempt": "2", "choice": "0",
    }  # fmt: skip
    assert rows[0]["gap_ms"] == ""
    assert rows[2]["tool_call"] == 'weather {"city": "'


def test_markdown_has_the_prompt_the_answer_and_its_numbers() -> None:
    text = WRITERS["markdown"].write(retried()).decode()
    for part in ("# The weather", "> *Be brief.*", "> Weather?", "## openai/gpt-x", "=It is 气泡", "TTFT 5 ms"):
        assert part in text
    assert 'weather({"city": "X"})' in text


def test_raw_bytes_are_those_of_the_last_attempt() -> None:
    assert WRITERS["raw"].write(retried()) == b"data: onedata: two\xff"


def test_members_that_are_null_and_urls_that_are_none_harm_no_writer() -> None:
    found = recording(
        [
            (0, "run.started", {"model": None, "dialect": None}, -1),
            (0, "attempt.started", {"attempt": None, "url": "http://[", "method": None}, -1),
            (0, "attempt.failed", {}, -1),
            (1, "chunk", {"text": None, "reasoning": None, "attempt": None, "tool_call": {"name": None}}, -1),
            (1, "chunk", {"tool_call": {"arguments": "{}"}, "text": "a"}, -1),
            (1, "step.started", {}, -1),
            (1, "step.ended", {"step": "never begun", "error": {"type": None}}, -1),
            (2, "run.ended", {"status": "completed"}, -1),
        ]
    )
    for writer in WRITERS.values():
        writer.write(found)


@pytest.mark.parametrize("raw", [b"", b" \n"])
def test_an_empty_file_is_said_to_be(raw: bytes) -> None:
    with pytest.raises(NotARecording, match="empty"):
        read(raw)
    with pytest.raises(UnknownContent, match="no format “docx”; there are auto, stream"):
        read(b"x", format_name="docx")


WRITTEN = [writer.write(found) for found in (retried(), nested()) for writer in WRITERS.values()]
NAMES = [
    "event",
    "data",
    "run_id",
    "chunk",
    "output",
    "input",
    "content",
    "metadata",
    "tool_call_chunks",
    "resourceSpans",
    "scopeSpans",
    "spans",
    "attributes",
    "key",
    "value",
    "stringValue",
    "arrayValue",
    "values",
    "events",
    "name",
    "parent_ids",
    "messages",
    "kwargs",
    "usage_metadata",
]
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=12,
)


@st.composite
def broken(draw: st.DrawFn) -> bytes:
    """A file that was written here, with some of it cut, doubled, or changed."""
    raw = draw(st.sampled_from(WRITTEN))
    a, b = sorted(draw(st.tuples(st.integers(0, len(raw)), st.integers(0, len(raw)))))
    return draw(
        st.sampled_from([raw[:a], raw[a:], raw[:a] + raw[b:], raw[:b] + raw[a:], raw[:a] + b"\xff\x00" + raw[a:]])
    )


def dumped(value: Any) -> bytes:
    try:
        return orjson.dumps(value)
    except TypeError:  # an integer of more than 64 bits
        return b"{}"


@given(st.binary() | broken() | json_values.map(dumped), st.sampled_from(["auto", *READERS]))
def test_hostile_files_never_crash_a_reader(raw: bytes, name: str) -> None:
    with contextlib.suppress(NotASessionFile):
        imported = read(raw, format_name=name)
        for turn, writer in itertools.product(imported.session.turns, WRITERS.values()):
            for run in turn.runs:
                writer.write(Recording("", turn, run, "not a uuid"))


@given(json_values.map(lambda value: {"event": "on_chat_model_stream", "run_id": "a", "data": {"chunk": value}}))
def test_hostile_chunks_never_crash(value: Any) -> None:
    with contextlib.suppress(NotASessionFile):
        read(dumped(value) + b"\n" + dumped({**value, "event": "on_llm_end", "data": {"output": value["data"]}}))


@pytest.mark.parametrize("raw", [b'{"a":' * 500 + b"1" + b"}" * 500, b"[" * 100_000, b'{"resourceSpans":' * 300])
@pytest.mark.parametrize("name", READERS)
def test_deep_files_never_crash(raw: bytes, name: str) -> None:
    with contextlib.suppress(NotASessionFile):
        read(raw, format_name=name, dialect="openai-chat")
