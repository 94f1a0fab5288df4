"""The table of events: pages, summaries, and the bytes behind an event."""

from typing import Any

import pytest

from playground.history.event_rows import (
    FIRST_ROWS,
    SUMMARY,
    as_json,
    event_page,
    kinds,
    raw_bytes,
    shown_bytes,
    summarize,
)
from playground.history.origins import placed
from playground.recording.events import KINDS, Event
from playground.recording.log import Read
from tests.history.factories import MS, log, start, stream


def test_pages_of_all_events() -> None:
    events = stream(["x"] * 300)

    first = event_page(events, limit=FIRST_ROWS)
    second = event_page(events, after=first.last)
    last = event_page(events, after=second.last, limit=1000)

    assert [row.seq for row in first.rows] == [0, 1, 2, 3, 4]
    assert first.left == len(events) - 5
    assert (second.rows[0].seq, len(second.rows), second.left) == (5, 100, len(events) - 105)
    assert (last.left, last.last) == (0, events[-1].seq)
    assert event_page(events, after=10_000).rows == []


def test_a_filtered_page_counts_its_kind_alone_but_keeps_the_gap_to_the_event_before() -> None:
    events = stream(["a", "b", "c"])

    page = event_page(events, "chunk", limit=2)

    assert [(row.t, row.delta, row.summary) for row in page.rows] == [
        ("120 ms", "+20 ms", '"a"'),
        ("140 ms", "+20 ms", '"b"'),
    ]
    assert page.left == 1
    assert event_page(events, "notice").rows == []


def test_kinds_in_the_order_of_a_run() -> None:
    assert kinds(stream(["a", "b"])) == [
        ("run.started", 1),
        ("attempt.started", 1),
        ("response.headers", 1),
        ("first.byte", 1),
        ("chunk", 2),
    ]


@pytest.mark.parametrize(
    ("kind", "data", "summary"),
    [
        ("chunk", "a\n\u200b b", '"a\\n\u200b b"'),
        ("chunk", {}, '""'),
        (
            "chunk",
            {"text": "a", "logprobs": [{"token": "a", "logprob": -0.1}], "choice": 1},
            '"a" · choice 2 · logprob -0.1',
        ),
        ("chunk", {"reasoning": "hm", "attempt": 2}, 'reasoning: "hm"'),
        ("chunk", {"tool_call": {"index": 0, "name": "f", "arguments": "{"}}, 'tool call: f "{"'),
        (
            "run.started",
            {"model": "sim/sim", "dialect": "openai-chat", "request": {"messages_count": 2, "parameters": {"seed": 1}}},
            'sim/sim · openai-chat · 2 messages · {"seed": 1}',
        ),
        ("attempt.started", {"attempt": 2, "method": "POST", "url": "http://x/v1"}, "#2 · POST · http://x/v1"),
        ("response.headers", {"status": 200, "headers": {"server": "x"}}, "200 · server: x"),
        ("first.byte", {"attempt": 1}, "#1"),
        ("keepalive", {}, ""),
        ("keepalive", {"comment": "ping"}, '"ping"'),
        ("usage", {"prompt_tokens": 3, "details": {"cached": 1}}, "prompt_tokens 3"),
        (
            "attempt.failed",
            {"attempt": 1, "status": 429, "code": "rate_limited", "message": "m"},
            "#1 · 429 · rate_limited · m",
        ),
        ("retry.scheduled", {"attempt": 2, "of": 3, "delay_ms": 1500, "code": "c"}, "attempt 2 of 3 in 1.5 s · c"),
        ("notice", {"code": "model.loading", "progress": 0.5, "message": "m"}, "model.loading · 50% · m"),
        (
            "run.ended",
            {"status": "failed", "finish_reason": None, "error": {"code": "c", "message": "m"}, "attempts": 1},
            "failed · c · m",
        ),
        ("run.ended", {"status": "completed", "finish_reason": "stop", "error": None}, "completed · stop"),
        ("step.started", {"name": "agent"}, "agent"),
        (
            "step.started",
            {"name": "weather", "type": "tool", "input": {"city": "Oslo"}},
            'weather · tool · {"city": "Oslo"}',
        ),
        ("step.ended", {"name": "m", "type": "chat_model", "output": "Hi"}, 'm · chat model · "Hi"'),
        ("step.ended", {"name": "m", "type": "tool", "error": {"type": "E", "message": "no"}}, "m · tool · E: no"),
    ],
)
def test_summaries(kind: str, data: Any, summary: str) -> None:
    assert summarize(Event(0, 0, kind, data)) == summary


@pytest.mark.parametrize("kind", KINDS)
def test_a_summary_of_anything_is_a_line(kind: str) -> None:
    for data in (
        {},
        "text",
        "x" * 1000,
        {"attempt": None, "status": "odd", "request": None, "headers": None, "code": 7},
    ):
        assert len(summarize(Event(0, 0, kind, data))) <= SUMMARY + 1


def test_json_is_what_the_api_gives() -> None:
    assert (
        as_json(Event(3, 40, "chunk", "北京")) == '{\n  "seq": 3,\n  "t": 40,\n  "kind": "chunk",\n  "data": "北京"\n}'
    )


def test_the_bytes_of_an_event() -> None:
    reads = [Read(0, b"data: a\n\n: pi"), Read(5, b"ng\n\ndata: b\n"), Read(9, b"\ndata: [DONE]\n\n")]
    events = [
        Event(0, 0, "run.started", {}),
        Event(1, 0, "chunk", "a", 9),
        Event(2, 5, "keepalive", {}, 17),
        Event(3, 9, "chunk", "b", 26),
        Event(4, 9, "usage", {}, 26),
        Event(5, 9, "run.ended", {}),
    ]

    found = [raw_bytes(events, placed(reads), seq) for seq in range(6)]

    assert found == [b"", b"data: a\n\n", b": ping\n\n", b"data: b\n\n", b"data: b\n\n", b""]


def test_bytes_that_are_not_stored_are_not_shown() -> None:
    events = [Event(0, 0, "chunk", "a", 9), Event(1, 0, "chunk", "b", 18)]

    assert raw_bytes(events, placed([Read(0, b"data: a\n\n")]), 1) == b""
    assert raw_bytes(events, [], 0) == b""


def test_bytes_are_shown_with_what_cannot_be_seen() -> None:
    assert shown_bytes("a\r\n\t北\x00\u202e".encode() + b"\xff") == "a\\r↵\n→北\\x00\\x202e\\xff"
    assert shown_bytes(b"x" * 70_000).endswith(f"\n… {70_000 - 64 * 1024} B")


def test_the_factories_make_logs_without_holes() -> None:
    events = log([*start(), (120 * MS, "chunk", "x")])

    assert [event.seq for event in events] == list(range(len(events)))
