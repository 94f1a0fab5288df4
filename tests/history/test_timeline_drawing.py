"""The geometry of the drawing."""

import re

import pytest

from playground.history.timeline import Phase, build_timeline
from playground.history.timeline_drawing import COLUMNS, Drawing, draw
from playground.recording.events import CHUNK, RUN_ENDED
from tests.history.factories import MS, SECOND, log, start


def drawing(*times: int, end: int | None = None) -> Drawing:
    last = end or times[-1]
    steps = [*start(), *((t, CHUNK, "x") for t in times), (last, RUN_ENDED, {"status": "completed"})]
    return draw(build_timeline(log(steps)))


def columns(drawn: Drawing) -> list[tuple[int, int, float]]:
    """(first column, columns, top) of each bar of the plot."""
    assert drawn.plot is not None
    bars = re.findall(r"M(\d+) 100V([\d.]+)h(\d+)V100z", "".join(shape.path for shape in drawn.plot.shapes))
    return sorted((int(x), int(width), float(top)) for x, top, width in bars)


def percent(text: str) -> float:
    return float(text.removesuffix("%"))


def test_bars_stay_inside_and_in_order() -> None:
    drawn = drawing(*range(120 * MS, 5 * SECOND, 20 * MS))

    (row,) = drawn.rows  # a millisecond of waiting before it is not worth a row
    for bar in row.bars:
        assert 0 <= percent(bar.x) <= 100
        assert percent(bar.width) > 0
    assert [percent(bar.x) for bar in row.bars] == sorted(percent(bar.x) for bar in row.bars)
    assert drawn.height > drawn.bottom


def test_a_narrow_drawing_leaves_out_the_cause_where_there_is_a_status() -> None:
    failed = {"attempt": 1, "code": "overloaded", "message": "m", "status": 529}
    events = [
        (0, "run.started", {}),
        (MS, "attempt.started", {"attempt": 1}),
        (50 * MS, "response.headers", {"attempt": 1, "status": 529, "headers": {}}),
        (51 * MS, "attempt.failed", failed),
        (101 * MS, "attempt.started", {"attempt": 2}),
        (102 * MS, "attempt.failed", {"attempt": 2, "code": "connection_lost", "message": "m"}),
        (102 * MS, RUN_ENDED, {"status": "failed"}),
    ]

    first, second = [row for row in draw(build_timeline(log(events))).rows if row.failed]

    assert first.outcome == ("HTTP 529", " · provider overloaded", " · 50 ms")
    assert (first.code, second.code) == ("overloaded", "connection_lost")
    assert second.outcome == ("connection lost · 1 ms", "", "")


def test_a_wait_before_the_first_attempt_has_a_row_if_it_shows() -> None:
    steps = [(t + (SECOND if kind != "run.started" else 0), kind, data) for t, kind, data in start()]

    assert len(draw(build_timeline(log(steps))).rows) == 2


def test_the_plot_keeps_the_longest_gap_of_each_column() -> None:
    times = list(range(SECOND, 100 * SECOND, 10 * MS))  # 9900 chunks: 16 a column
    spike = times[5000] + 400 * MS
    times = [t for t in times if not times[5000] < t < spike]

    bars = columns(drawing(*times))

    assert sum(width for _x, width, _top in bars) <= COLUMNS
    tops = sorted({top for _x, _width, top in bars})
    assert len(tops) == 2  # the spike, and everything else
    ((_x, width, _top),) = [bar for bar in bars if bar[2] == tops[0]]
    assert width in (3, 4)  # 400 ms of 100 s


def test_a_gap_is_as_wide_as_it_is_long() -> None:
    bars = columns(drawing(SECOND, 2 * SECOND, 4 * SECOND, 8 * SECOND, end=8 * SECOND))

    assert [(x, width) for x, width, _top in bars] == [(75, 75), (150, 150), (300, 300)]
    assert [top for _x, _width, top in bars] == sorted((top for _x, _width, top in bars), reverse=True)


@pytest.mark.parametrize("gap", [0, 1, 50, 999, 5 * MS, 3 * SECOND, 3600 * SECOND])
def test_every_gap_is_drawn(gap: int) -> None:
    bars = columns(drawing(SECOND, SECOND + gap, end=2 * SECOND + gap))

    assert bars
    assert all(0 <= top < 100 for _x, _width, top in bars)


@pytest.mark.parametrize("end", [1, 999, 20 * MS, 333 * MS, 7 * SECOND, 95 * SECOND, 1800 * SECOND, 86_000 * SECOND])
def test_ticks_are_few_and_round(end: int) -> None:
    steps = [(0, "run.started", {}), (end, RUN_ENDED, {"status": "failed"})]
    ticks = draw(build_timeline(log(steps))).ticks

    assert 1 <= len(ticks) <= 8
    assert ticks[0].label == "0"
    assert all(percent(tick.x) <= 100 for tick in ticks)


def test_many_stalls_are_drawn_as_few_bars() -> None:
    times = []
    for number in range(900):
        times += [number * 2 * SECOND + 500 * MS + n * MS for n in range(20)]
    (row,) = drawing(*times).rows

    assert len(row.bars) < 10


def test_an_empty_run_can_be_drawn() -> None:
    drawn = draw(build_timeline([]))

    assert drawn.rows == []
    assert drawn.plot is None
    assert drawn.first is None


def test_the_legend_names_what_can_be_seen() -> None:
    times = [*range(120 * MS, 60 * SECOND, 500 * MS), 120 * SECOND]
    steps = [*start(), *((t, CHUNK, "x") for t in times), (121 * SECOND, RUN_ENDED, {"status": "completed"})]
    drawn = draw(build_timeline(log(steps)))

    assert {bar.phase for row in drawn.rows for bar in row.bars} > drawn.phases
    assert drawn.phases == {Phase.STREAM, Phase.STALL}


@pytest.mark.parametrize(("first", "anchor"), [(400 * MS, "start"), (500 * MS, "end")])
def test_the_words_of_the_first_token_stay_inside(first: int, anchor: str) -> None:
    drawn = drawing(first, end=SECOND)

    assert drawn.first is not None
    assert drawn.first.anchor == anchor
