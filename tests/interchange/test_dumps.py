"""Bodies of answers as `curl -N` wrote them: told apart, with the times of `ts` or without."""

from collections.abc import Callable
from pathlib import Path

import pytest

from playground.interchange.errors import NotARecording, UnknownContent
from playground.interchange.formats import WRITERS, read
from playground.interchange.texts import raw_body
from playground.providers.dialects import DIALECTS
from playground.recording.events import CHUNK, NOTICE, RESPONSE_HEADERS, RUN_ENDED, EventData, chunk_text
from playground.recording.session_file import RecordedRun
from tests.interchange.recordings import data_of, retried, samples

FIXTURES = Path(__file__).parents[1] / "providers" / "fixtures"
BODY = (
    b'data: {"id":"1","model":"gpt-x","choices":[{"index":0,"delta":{"content":"Hel"}}]}\n\n'
    b'data: {"choices":[{"index":0,"delta":{"content":"lo"},"finish_reason":"stop"}]}\n\n'
    b"data: [DONE]\n\n"
)
LEGACY = b'data: {"object":"text_completion","choices":[{"text":"Hello","finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'


def only_run(raw: bytes, **options: str) -> RecordedRun:
    (turn,) = read(raw, **options).session.turns
    (run,) = turn.runs
    return run


def text(run: RecordedRun) -> str:
    return "".join(chunk_text(event) for event in run.events if event.kind == CHUNK)


def codes(run: RecordedRun) -> list[str]:
    return [data["code"] for data in data_of(run, NOTICE)]


def timed(stamp: Callable[[int], str], body: bytes = BODY) -> bytes:
    lines = body.splitlines(keepends=True)
    return b"".join(stamp(number).encode() + b" " + line for number, line in enumerate(lines))


def test_a_dump_without_times_is_at_0_and_says_so() -> None:
    found = read(BODY, title="hello.sse")
    assert (found.format, found.dialect, found.session.title) == ("dump", "openai-chat", "hello.sse")
    run = only_run(BODY)
    assert (run.model, text(run)) == ("gpt-x", "Hello")
    assert {event.t for event in run.events} == {0}
    assert codes(run) == ["no_times"]
    assert b"".join(read.raw for read in run.reads) == BODY
    assert run.events[-1].data == {
        "status": "completed", "finish_reason": "stop", "error": None, "attempts": 1
    }  # fmt: skip


@pytest.mark.parametrize(
    "stamp",
    [
        lambda n: f"{n * 0.25:.6f}",
        lambda n: f"{1_700_000_000 + n * 0.25:.6f}",
        lambda n: f"23:59:{59 + n * 0.25:09.6f}" if n < 4 else f"00:00:{(n - 4) * 0.25:09.6f}",
        lambda n: f"Nov 21 10:00:{n * 0.25:09.6f}",
        lambda n: f"2026-11-21T10:00:{n * 0.25:09.6f}Z",
    ],
)
def test_times_at_the_start_of_lines_are_those_of_the_reads(stamp: Callable[[int], str]) -> None:
    run = only_run(timed(stamp))
    assert text(run) == "Hello"
    assert [event.t for event in run.events if event.kind == CHUNK] == [250_000, 750_000]
    assert [read.t for read in run.reads] == [250_000 * number for number in range(6)]
    assert b"".join(read.raw for read in run.reads) == BODY
    assert codes(run) == []


def test_times_that_go_back_are_refused_with_their_line() -> None:
    with pytest.raises(NotARecording, match="Line 3 has an earlier time"):
        read(timed(lambda n: "1.5" if n != 2 else "1.1"))


def test_the_legacy_dialect_is_told_from_the_chat() -> None:
    assert read(LEGACY).dialect == "openai-completions"
    assert read(LEGACY, dialect="openai-chat").dialect == "openai-chat"


def test_what_is_of_no_dialect_asks_for_one_and_is_then_read_as_it() -> None:
    for raw in (b'data: {"what": 1}\n\n', b'{"what": 1}', b'{"what": 1}\n{"what": 2}\n'):
        with pytest.raises(UnknownContent, match="choose one of openai-chat"):
            read(raw)
    failed = only_run(b'data: {"error":{"message":"Overloaded"}}\n\n', dialect="openai-chat")
    assert data_of(failed, RUN_ENDED)[0]["status"] == "failed"
    with pytest.raises(UnknownContent, match="no dialect “klingon”"):
        read(BODY, dialect="klingon")


def test_a_dump_that_was_cut_is_truncated() -> None:
    run = only_run(BODY[:120])
    assert text(run) == "Hel"
    assert data_of(run, RUN_ENDED)[0]["status"] == "truncated"


@pytest.mark.parametrize("with_times", [False, True])
def test_the_headers_of_curl_i_are_kept_those_that_are_harmless(*, with_times: bool) -> None:
    head = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/2 200 \r\ncontent-type: text/event-stream\r\nset-cookie: a=b\r\n\r\n"
    run = only_run(timed(lambda n: f"{n}.5", head + BODY) if with_times else head + BODY)
    assert data_of(run, RESPONSE_HEADERS) == [
        {"attempt": 1, "status": 200, "headers": {"content-type": "text/event-stream"}}
    ]
    assert text(run) == "Hello"
    assert b"".join(read.raw for read in run.reads) == BODY


def test_an_answer_that_is_an_error_fails_as_it_would_have() -> None:
    raw = b'HTTP/1.1 429 Too Many Requests\r\nRetry-After: 7\r\n\r\n{"error":{"message":"Slow down."}}'
    end = data_of(only_run(raw, dialect="openai-chat"), RUN_ENDED)[0]
    assert (end["status"], end["error"]["code"]) == ("failed", "rate_limited")
    assert "7 s" in end["error"]["message"]


def without_attempt(data: EventData) -> EventData:
    """A chunk's data as it would have been in a first attempt."""
    found = {"text": data} if isinstance(data, str) else {k: v for k, v in data.items() if k != "attempt"}
    return str(found["text"]) if found.keys() == {"text"} else found


def test_the_raw_bytes_of_a_recording_are_read_as_it_was() -> None:
    for recording in samples():
        again = only_run(raw_body(recording.run))
        given = [without_attempt(event.data) for event in recording.run.events if event.kind == CHUNK]
        assert [event.data for event in again.events if event.kind == CHUNK] == given


@pytest.mark.parametrize(
    "file",
    [f for name in DIALECTS for f in sorted((FIXTURES / name).glob("*.*")) if f.stem in ("text", "whole", "tools")],
    ids=lambda file: f"{file.parent.name}-{file.name}",
)
def test_every_dialect_is_told_from_the_others(file: Path) -> None:
    found = read(file.read_bytes())
    assert (found.format, found.dialect) == ("dump", file.parent.name)
    assert data_of(found.session.turns[0].runs[0], RUN_ENDED)[0]["status"] == "completed"


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (WRITERS["csv"].write(retried()), "A CSV export cannot be imported: .* as .stream.jsonl"),
        (WRITERS["markdown"].write(retried()), "A Markdown export cannot be imported: .* as .stream.jsonl"),
        (b"\x89PNG\r\n\x00\xff", "It is not text: what can be imported is a recording"),
        (b"caf\xe9", "It is not text"),
        (b'{"format": "streaming-playground/session", ', "It begins as JSON and is none: "),
        (b"one\rtwo\rthree", "What can be imported is a recording"),
        (b"Hello there", "What can be imported is a recording"),
        (b"<html>", "What can be imported is a recording"),
    ],
)
def test_what_is_no_dump_is_not_asked_for_its_dialect(raw: bytes, why: str) -> None:
    with pytest.raises(NotARecording, match=why) as caught:
        read(raw)
    assert not isinstance(caught.value, UnknownContent)
