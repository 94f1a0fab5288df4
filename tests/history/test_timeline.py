"""What happened in a run, when: lanes, phases, stalls."""

import pytest

from playground.history.timeline import Gap, Lane, Mark, Phase, build_timeline
from playground.history.timeline_words import description, error_code, first_token, lane_outcome, moments
from playground.recording.events import (
    ATTEMPT_FAILED,
    ATTEMPT_STARTED,
    CHUNK,
    NOTICE,
    RETRY_SCHEDULED,
    RUN_ENDED,
    RUN_STARTED,
)
from tests.history.factories import MS, SECOND, Step, attempt, log, start


def ended(t: int, status: str = "completed") -> Step:
    return (t, RUN_ENDED, {"status": status, "finish_reason": None, "error": None, "attempts": 1})


def chunks(*times: int) -> list[Step]:
    return [(t, CHUNK, "x") for t in times]


def phases(lane: Lane) -> list[tuple[Phase, int, int]]:
    return [(span.phase, span.start // MS, span.end // MS) for span in lane.spans]


def test_phases_of_one_attempt_follow_without_a_hole() -> None:
    events = log([*start(), *chunks(120 * MS, 140 * MS, 160 * MS), ended(170 * MS)])

    timeline = build_timeline(events)
    before, lane = timeline.lanes

    assert phases(before) == [(Phase.QUEUED, 0, 1)]
    assert phases(lane) == [
        (Phase.HEADERS, 1, 80),
        (Phase.BODY, 80, 100),
        (Phase.FIRST, 100, 120),
        (Phase.STREAM, 120, 170),
    ]
    assert lane.at(Mark.FIRST_CHUNK) == 120 * MS
    assert lane.at(Mark.END) == timeline.end == 170 * MS
    assert (timeline.live, timeline.status) == (False, "completed")


def test_a_phase_that_took_no_time_is_left_out() -> None:
    events = log([*start(), *chunks(100 * MS, 110 * MS), ended(110 * MS)])

    assert Phase.FIRST not in [span.phase for span in build_timeline(events).lanes[1].spans]


def test_loading_the_model_is_a_phase_of_its_own() -> None:
    notice = {"code": "model.loading", "message": "Loading", "progress": 0.2}
    events = log(
        [
            (0, RUN_STARTED, {}),
            (5 * MS, NOTICE, notice),
            (500 * MS, NOTICE, {**notice, "progress": 0.9}),
            *attempt(1, 900 * MS, 910 * MS, 920 * MS),
        ]
    )

    assert phases(build_timeline(events).lanes[0]) == [(Phase.QUEUED, 0, 5), (Phase.LOADING, 5, 900)]


def test_each_attempt_is_a_lane_with_the_wait_before_the_next() -> None:
    events = log(
        [
            (0, RUN_STARTED, {}),
            *attempt(1, 1 * MS, 50 * MS, 60 * MS, status=429)[:2],
            (55 * MS, ATTEMPT_FAILED, {"attempt": 1, "code": "rate_limited", "message": "m", "status": 429}),
            (55 * MS, RETRY_SCHEDULED, {"attempt": 2, "of": 3, "delay_ms": 500, "code": "rate_limited"}),
            (555 * MS, ATTEMPT_STARTED, {"attempt": 2}),
            (560 * MS, ATTEMPT_FAILED, {"attempt": 2, "code": "connection_refused", "message": "m"}),
            ended(560 * MS, "failed"),
        ]
    )

    _before, first, second = build_timeline(events).lanes

    assert phases(first) == [(Phase.HEADERS, 1, 50), (Phase.BODY, 50, 55), (Phase.RETRY, 55, 555)]
    assert phases(second) == [(Phase.HEADERS, 555, 560)]
    assert lane_outcome(first) == "HTTP 429 · rate limit reached · 554 ms"
    assert lane_outcome(second) == "connection refused · 5 ms"
    assert (error_code(first), error_code(second)) == ("rate_limited", "connection_refused")


def test_a_stall_is_a_gap_of_a_second_that_stands_out() -> None:
    quick = [120 * MS + 20 * MS * n for n in range(50)]
    last = quick[-1]
    events = log([*start(), *chunks(*quick, last + 999 * MS, last + 2500 * MS), ended(last + 2500 * MS)])

    timeline = build_timeline(events)

    assert timeline.stall_from == SECOND
    assert timeline.stalls == [Gap(last + 999 * MS, last + 2500 * MS)]


def test_a_slow_stream_does_not_stall_at_each_chunk() -> None:
    slow = [2 * SECOND * n for n in range(1, 20)]
    events = log([*start(), *chunks(*slow), ended(60 * SECOND)])

    timeline = build_timeline(events)

    assert timeline.stall_from == 20 * SECOND
    assert timeline.stalls == [Gap(38 * SECOND, 60 * SECOND)]  # silence up to the end counts


def test_gaps_do_not_cross_attempts() -> None:
    events = log(
        [
            *start(),
            *chunks(120 * MS),
            (130 * MS, ATTEMPT_FAILED, {"attempt": 1, "code": "reset", "message": ""}),
            *attempt(2, 5 * SECOND, 5 * SECOND, 5 * SECOND),
            *((t, CHUNK, {"text": "x", "attempt": 2}) for t in (6 * SECOND, 6 * SECOND + 10 * MS)),
            ended(7 * SECOND),
        ]
    )

    timeline = build_timeline(events)

    assert timeline.gaps == [Gap(6 * SECOND, 6 * SECOND + 10 * MS)]
    assert first_token(timeline) == 6 * SECOND


def test_a_live_run_goes_up_to_now() -> None:
    waiting = build_timeline(log(start()[:2]), now=3 * SECOND)
    silent = build_timeline(log([*start(), *chunks(120 * MS)]), now=9 * SECOND)
    skewed = build_timeline(log([*start(), *chunks(120 * MS)]), now=-5)

    assert waiting.live
    assert phases(waiting.lanes[1]) == [(Phase.HEADERS, 1, 3000)]
    assert silent.stalls == [Gap(120 * MS, 9 * SECOND)]
    assert skewed.end == 120 * MS


@pytest.mark.parametrize("count", [0, 1, 2])
def test_a_run_that_hardly_began(count: int) -> None:
    events = log(start()[:count])

    timeline = build_timeline(events)

    assert timeline.stalls == []
    assert description(timeline)
    assert first_token(timeline) is None


def test_the_table_says_what_the_drawing_shows() -> None:
    events = log([*start(), *chunks(120 * MS, 130 * MS, 140 * MS, 2 * SECOND), ended(2 * SECOND)])

    rows = list(moments(build_timeline(events)))

    assert [row.what for row in rows if row.where == "Attempt 1"] == [
        "Connect and wait for headers",
        "Headers to first byte",
        "Response headers",
        "First byte to first token",
        "First byte",
        "Streaming",
        "First token",
        "Stall",
        "End",
    ]
    assert description(build_timeline(events)).endswith("First token after 120 ms. 1 stall, 1.86 s long. 2 s in all.")
