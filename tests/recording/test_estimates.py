"""How many tokens an answer had, where its provider did not tell."""

from typing import Any

import pytest

from playground.recording.estimates import tokens_in, used
from playground.recording.events import CHUNK, RUN_ENDED, Event, EventData


def recorded(*chunks: EventData, status: str = "cancelled") -> list[Event]:
    events = [Event(seq, seq, CHUNK, data) for seq, data in enumerate(chunks)]
    return [*events, Event(len(events), len(events), RUN_ENDED, {"status": status})]


@pytest.mark.parametrize(
    ("chunks", "expected"),
    [
        (["One", ",", " two"], 3),
        (["x" * 12] * 5, 5),
        (["x" * 100], 25),
        (["x" * 13], 4),
        (["一二三四五六七八九十一二三"], 13),
        (["一二三四五六七八九十" + "x" * 10], 13),
    ],
)
def test_tokens_are_counted_by_chunks_or_where_these_are_large_by_characters(chunks: list[str], expected: int) -> None:
    assert tokens_in(chunks) == expected


@pytest.mark.parametrize("status", ["cancelled", "truncated", "failed", "interrupted", "completed"])
def test_what_nobody_told_is_estimated_and_says_so(status: str) -> None:
    assert used(None, recorded("One", " two", status=status)) == {"completion_tokens": 2, "estimated": True}


def test_what_is_told_counts() -> None:
    told = {"prompt_tokens": 3, "completion_tokens": 9, "total_tokens": 12}
    assert used(told, recorded("One", " two")) == told
    assert used(told, recorded(*["x"] * 20, status="completed")) == told


def test_the_count_of_a_beginning_is_not_that_of_what_came_until_the_cut() -> None:
    told = {"prompt_tokens": 3, "completion_tokens": 1, "total_tokens": 4, "input_tokens": 3}
    expected = {"prompt_tokens": 3, "completion_tokens": 2, "input_tokens": 3, "estimated": True}
    assert used(told, recorded("One", " two", status="truncated")) == expected


@pytest.mark.parametrize("told", [None, {}, {"prompt_tokens": 3}])
def test_nothing_is_estimated_where_nothing_came(told: dict[str, Any] | None) -> None:
    assert used(told, recorded()) == told


def test_reasoning_and_calls_are_written_too() -> None:
    events = recorded({"reasoning": "x" * 40}, {"tool_call": {"index": 0, "name": "add", "arguments": '{"a": 1}'}})
    assert used(None, events) == {"completion_tokens": 13, "estimated": True}
