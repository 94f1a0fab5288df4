"""What a reader should look at twice: each finding at its threshold, and not below it."""

from collections.abc import Sequence
from typing import Any

import pytest

from playground.recording.events import ATTEMPT_STARTED, CHUNK, NOTICE, RETRY_SCHEDULED, RUN_ENDED, Event, EventData
from playground.recording.findings import Finding, findings

MS = 1_000
S = 1_000_000


def run(*steps: tuple[int, str, EventData]) -> list[Event]:
    return [Event(seq, t, kind, data) for seq, (t, kind, data) in enumerate(steps)]


def chunks(times: Sequence[int], text: str = "w ") -> list[tuple[int, str, EventData]]:
    return [(t, CHUNK, text) for t in times]


def end(t: int, status: str = "completed", reason: str | None = "stop", **more: Any) -> tuple[int, str, EventData]:
    return t, RUN_ENDED, {"status": status, "finish_reason": reason, "error": None, "attempts": 1, **more}


ASKED = (0, ATTEMPT_STARTED, {"attempt": 1, "method": "POST", "url": "http://x"})
STEADY = [100 * MS + n * 20 * MS for n in range(40)]


def codes(events: Sequence[Event]) -> list[str]:
    return [finding.code for finding in findings(events)]


def test_a_steady_stream_has_none() -> None:
    assert findings(run(ASKED, *chunks(STEADY), end(STEADY[-1] + 5 * MS))) == []


def test_no_events_have_none() -> None:
    assert findings([]) == []


@pytest.mark.parametrize(("text", "found"), [("x" * 40, ["one_chunk"]), ("x" * 39, [])])
def test_one_chunk_by_its_length(text: str, found: list[str]) -> None:
    assert codes(run(ASKED, (90 * MS, CHUNK, text), end(91 * MS))) == found


def test_one_chunk_by_the_providers_word() -> None:
    said = (90 * MS, NOTICE, {"code": "one_chunk", "message": "…"})

    assert codes(run(ASKED, said, (90 * MS, CHUNK, "hi"), end(91 * MS))) == ["one_chunk"]


def test_an_answer_that_streamed_is_not_in_one_chunk_because_of_a_notice_about_one_model_of_its_agent() -> None:
    said = (90 * MS, NOTICE, {"code": "one_chunk", "message": "…"})
    call = (90 * MS, CHUNK, {"tool_calls": [{"index": 0, "name": "weather", "arguments": "{}"}]})
    before = [ASKED, said, call]

    assert codes(run(*before, *chunks(STEADY[:4]), end(STEADY[4]))) == []
    assert codes(run(*before, *chunks(STEADY[:1]), end(STEADY[1]))) == ["one_chunk"]


def test_a_file_without_chunks_says_nothing_of_the_provider() -> None:
    events = run((0, NOTICE, {"code": "no_chunks", "message": "…"}), (5, CHUNK, "word " * 100), end(9))
    assert [(finding.code, finding.causes) for finding in findings(events)] == [("notice", ("no_chunks",))]


def test_several_choices_that_are_one_chunk_each_are_each_in_one() -> None:
    said = (90 * MS, NOTICE, {"code": "one_chunk", "message": "…"})
    other = (90 * MS, CHUNK, {"text": "ho", "choice": 1})

    assert codes(run(ASKED, said, (90 * MS, CHUNK, "hi"), other, end(91 * MS))) == ["one_chunk"]


@pytest.mark.parametrize(
    ("size", "pause", "found"), [(4, 200 * MS, ["buffered"]), (3, 200 * MS, []), (4, 199 * MS, []), (8, 1 * MS, [])]
)
def test_buffered_in_bursts(size: int, pause: int, found: list[str]) -> None:
    times = [100 * MS + burst * pause for burst in range(8) for _ in range(size)]

    assert codes(run(ASKED, *chunks(times), end(times[-1]))) == found


@pytest.mark.parametrize(("waited", "found"), [(1 * S, ["buffered"]), (999 * MS, [])])
def test_buffered_until_the_end(waited: int, found: list[str]) -> None:
    assert codes(run(ASKED, *chunks([waited] * 16), end(waited))) == found


@pytest.mark.parametrize(("pause", "found"), [(2 * S, ["stalled"]), (1_999 * MS, [])])
def test_stalled(pause: int, found: list[str]) -> None:
    later = [STEADY[-1] + pause + n * 20 * MS for n in range(5)]

    assert codes(run(ASKED, *chunks([*STEADY, *later]), end(later[-1]))) == found


def test_a_stall_says_where_and_how_long() -> None:
    later = [STEADY[-1] + 7_200 * MS]
    (stall,) = findings(run(ASKED, *chunks([*STEADY, *later]), end(later[-1])))

    assert stall == Finding("stalled", len(STEADY), STEADY[-1], 7_200 * MS, 1)


def test_slow_streams_do_not_stall_at_each_chunk() -> None:
    times = [S + n * 700 * MS for n in range(6)]

    assert codes(run(ASKED, *chunks(times), end(times[-1] + 6_900 * MS))) == []


def test_silence_before_the_end_is_a_stall() -> None:
    assert codes(run(ASKED, *chunks(STEADY), end(STEADY[-1] + 3 * S))) == ["stalled"]


@pytest.mark.parametrize(("first", "found"), [(3 * S, ["slow_first"]), (2_999 * MS, [])])
def test_slow_first_token(first: int, found: list[str]) -> None:
    times = [first + n * 20 * MS for n in range(20)]

    assert codes(run(ASKED, *chunks(times), end(times[-1]))) == found


def test_retries_with_their_causes() -> None:
    events = run(
        ASKED,
        (50 * MS, RETRY_SCHEDULED, {"attempt": 2, "of": 3, "delay_ms": 100, "code": "rate_limited"}),
        (150 * MS, ATTEMPT_STARTED, {"attempt": 2}),
        (160 * MS, RETRY_SCHEDULED, {"attempt": 3, "of": 3, "delay_ms": 100, "code": "server_error"}),
        (260 * MS, ATTEMPT_STARTED, {"attempt": 3}),
        *[(300 * MS + t, CHUNK, {"text": "w", "attempt": 3}) for t in range(0, 100 * MS, 20 * MS)],
        end(400 * MS),
    )

    assert findings(events) == [Finding("retried", 1, 50 * MS, times=2, causes=("rate_limited", "server_error"))]


@pytest.mark.parametrize(
    ("status", "reason", "cause"),
    [
        ("truncated", None, "truncated"),
        ("completed", "length", "length"),
        ("completed", "MAX_TOKENS", "length"),
        ("filtered", "content_filter", "filtered"),
    ],
)
def test_cut(status: str, reason: str | None, cause: str) -> None:
    (found,) = findings(run(ASKED, *chunks(STEADY), end(STEADY[-1], status, reason)))

    assert (found.code, found.causes) == ("cut", (cause,))


def test_what_failed_before_its_first_chunk_is_not_cut() -> None:
    assert codes(run(ASKED, end(100 * MS, "failed", None))) == []


def test_no_text() -> None:
    assert codes(run(ASKED, end(100 * MS))) == ["empty"]


def test_repairs_are_one_finding() -> None:
    notices = [(90 * MS, NOTICE, {"code": code}) for code in ("lone_surrogate", "invalid_utf8", "invalid_utf8")]
    (found,) = findings(run(ASKED, *notices, *chunks(STEADY), end(STEADY[-1])))

    assert (found.code, found.times, set(found.causes)) == ("repaired", 3, {"invalid_utf8", "lone_surrogate"})


def test_compression_is_harmless_and_an_unknown_notice_is_not() -> None:
    notices = [(9 * MS, NOTICE, {"code": code}) for code in ("compressed", "model.loading", "new.thing")]
    found = findings(run(ASKED, *notices, *chunks(STEADY), end(STEADY[-1])))

    assert [(finding.code, finding.is_notable) for finding in found] == [("notice", True), ("compressed", False)]
    assert found[0].causes == ("new.thing",)


def test_the_severest_is_first() -> None:
    times = [4 * S + n * 20 * MS for n in range(20)]
    events = run(ASKED, *chunks([*times, 9 * S]), end(9 * S, "truncated", None))

    assert codes(events) == ["cut", "stalled", "slow_first"]


def test_only_the_last_attempt_is_judged() -> None:
    events = run(
        ASKED,
        *chunks([100 * MS]),
        (9 * S, ATTEMPT_STARTED, {"attempt": 2}),
        *[(9 * S + n * 20 * MS, CHUNK, {"text": "w", "attempt": 2}) for n in range(20)],
        end(9 * S + 400 * MS),
    )

    assert codes(events) == []
