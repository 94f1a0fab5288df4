"""The geometry of a timeline's drawing: a waterfall of lanes above a plot of the gaps between chunks.

Horizontal positions are percentages and vertical ones pixels, so one SVG without a viewBox fits any width with text at
its own size. Only the bars of the plot live in a nested, stretched viewBox.
"""

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from django.utils.translation import gettext as _

from playground.history.gaps import gap_step
from playground.history.timeline import Gap, Lane, Mark, Phase, Span, Timeline
from playground.history.timeline_words import MARKS, first_token, lane_name, lane_outcome, span_title
from playground.recording.units import duration

COLUMNS: Final = 600  # of the plot; a column shows the longest gap in it
BAND = 20  # px: the words above the first lane
ROW, BAR = 46, 18
PLOT_HEAD, PLOT = 30, 112
AXIS = 24
_PLOT_SCALE = 100  # the nested viewBox is COLUMNS × _PLOT_SCALE
_TICKS = 6
_LEAST_BAR = 2 / COLUMNS  # of the run: a narrower bar is not seen, and the legend does not name it
_LEAST_ROW = 0.01  # of the run: a shorter wait before the first attempt has none


class Bar(NamedTuple):
    phase: Phase
    x: str
    width: str
    title: str
    label: str
    label_x: str
    room: str  # "wide", "some" or "": how much room the label has
    is_seen: bool


class Point(NamedTuple):
    mark: Mark
    x: str
    title: str


class Row(NamedTuple):
    name: str
    outcome: str
    failed: bool
    top: int
    bars: Sequence[Bar]
    points: Sequence[Point]

    @property
    def label_y(self) -> int:
        return self.top + 12

    @property
    def bar_y(self) -> int:
        return self.top + 18

    @property
    def middle_y(self) -> int:
        return self.bar_y + BAR // 2

    @property
    def text_y(self) -> int:
        return self.bar_y + 13


class Tick(NamedTuple):
    """A line of the time axis; `anchor` keeps the words at the edges inside."""

    x: str
    label: str
    anchor: str


class Level(NamedTuple):
    y: float
    label: str


class Shape(NamedTuple):
    """All bars of the plot that have one tint, as one path."""

    step: int
    path: str


@dataclass(frozen=True, slots=True)
class Plot:
    top: int
    levels: Sequence[Level]
    shapes: Sequence[Shape]
    stall_y: float | None
    height: int = PLOT
    view_box: str = f"0 0 {COLUMNS} {_PLOT_SCALE}"

    @property
    def title_y(self) -> int:
        return self.top - 10


@dataclass(frozen=True, slots=True)
class Drawing:
    rows: Sequence[Row]
    ticks: Sequence[Tick]
    first: Tick | None
    plot: Plot | None
    bottom: int
    bar_height: int = BAR
    band: int = BAND
    first_y: int = BAND - 8

    @property
    def phases(self) -> frozenset[Phase]:
        """Those that can be told in it."""
        return frozenset(bar.phase for row in self.rows for bar in row.bars if bar.is_seen)

    @property
    def height(self) -> int:
        return self.bottom + AXIS

    @property
    def axis_y(self) -> int:
        return self.bottom + 16


def draw(timeline: Timeline, *, beside: Sequence[Timeline] = ()) -> Drawing:
    """`beside`: timelines that are drawn next to this one, so that all have the same axes."""
    together = [timeline, *beside]
    end = max(1, *(each.end for each in together))
    lanes = [lane for lane in timeline.lanes if lane.number or lane.loading is not None or lane.end > end * _LEAST_ROW]
    rows = [_row(lane, BAND + ROW * index, end) for index, lane in enumerate(lanes)]
    bottom = BAND + ROW * len(rows)
    plot = None
    if timeline.gaps:
        plot = _plot(timeline, [gap.length for each in together for gap in each.gaps], bottom + PLOT_HEAD, end)
        bottom = plot.top + PLOT
    first = first_token(timeline)
    first_tick = None
    if first is not None:
        label = _("first token %(time)s") % {"time": duration(first)}
        first_tick = Tick(_percent(first, end), label, "end" if first > end * 0.6 else "start")
    return Drawing(rows, list(_ticks(end)), first_tick, plot, bottom)


def _percent(t: float, end: int) -> str:
    return f"{100 * t / end:.2f}%"


def _row(lane: Lane, top: int, end: int) -> Row:
    spans = [span for span in lane.spans if span.phase != Phase.STALL]
    stalls = _merged([Gap(s.start, s.end) for s in lane.spans if s.phase == Phase.STALL], end // COLUMNS)
    spans += [Span(Phase.STALL, *stall) for stall in stalls]
    points = [Point(mark, _percent(t, end), f"{MARKS[mark]}: {duration(t)}") for mark, t in lane.marks]
    return Row(
        name=lane_name(lane),
        outcome=lane_outcome(lane),
        failed=lane.error is not None,
        top=top,
        bars=[_bar(span, end, labelled=span.phase != Phase.STREAM or not stalls) for span in spans],
        points=points,
    )


def _bar(span: Span, end: int, *, labelled: bool) -> Bar:
    share = span.length / end if labelled else 0
    room = "wide" if share >= 0.2 else "some" if share >= 0.09 else ""
    return Bar(
        phase=span.phase,
        x=_percent(span.start, end),
        width=_percent(max(span.length, end / COLUMNS), end),
        title=span_title(span),
        label=duration(span.length) if room else "",
        label_x=_percent(span.start + span.length / 2, end),
        room=room,
        is_seen=span.phase == Phase.STALL or span.length >= end * _LEAST_BAR,
    )


def _merged(gaps: Sequence[Gap], least: int) -> list[Gap]:
    """Gaps that are closer than can be drawn become one."""
    merged: list[Gap] = []
    for gap in gaps:
        if merged and gap.start - merged[-1].end <= least:
            merged[-1] = Gap(merged[-1].start, gap.end)
        else:
            merged.append(gap)
    return merged


def _ticks(end: int) -> Iterator[Tick]:
    step = _nice_step(end / _TICKS)
    for t in range(0, end + 1, step):
        anchor = "start" if t == 0 else "end" if t > end * 0.96 else "middle"
        yield Tick(_percent(t, end), duration(t) if t else "0", anchor)


def _nice_step(least: float) -> int:
    """The smallest of 1, 2, 5, 10, … µs (and of whole quarter minutes past 10 s) that is at least `least`."""
    if least > 10_000_000:
        return next(s * 1_000_000 for s in (15, 30, 60, 120, 300, 600, 1800, 3600, 86400) if s * 1_000_000 >= least)
    power: int = 10 ** max(0, math.floor(math.log10(max(least, 1))))
    return next((factor * power for factor in (1, 2, 5) if factor * power >= least), 10 * power)


def _plot(timeline: Timeline, lengths: Sequence[int], top: int, end: int) -> Plot:
    """`lengths`: of all gaps that share the scale."""
    longest = max(lengths)
    middle = sorted(lengths)[len(lengths) // 2]
    floor = 1_000 if middle >= 1_000 else 10
    decades = max(2, math.ceil(math.log10(max(longest, floor) / floor)))

    def height(length: int) -> float:
        """Of the plot, 0–1. A gap below the floor stays visible."""
        return max(0.015, math.log10(max(length, floor) / floor) / decades)

    levels = [
        Level(top + PLOT * (1 - decade / decades), duration(floor * 10**decade)) for decade in range(1, decades + 1)
    ]
    stalls = timeline.stall_from < floor * 10**decades
    return Plot(
        top=top,
        levels=levels,
        shapes=_shapes(_columns(timeline.gaps, end), height),
        stall_y=top + PLOT * (1 - height(timeline.stall_from)) if stalls else None,
    )


def _columns(gaps: Sequence[Gap], end: int) -> list[int]:
    """The longest gap that touches each column of the plot; -1 where there is none."""
    columns = [-1] * COLUMNS
    for start, stop in gaps:
        length = stop - start
        first = min(COLUMNS - 1, start * COLUMNS // end)
        last = min(COLUMNS - 1, max(first, (stop * COLUMNS - 1) // end))
        for column in range(first, last + 1):
            if columns[column] < length:
                columns[column] = length
    return columns


def _shapes(columns: Sequence[int], height: Callable[[int], float]) -> list[Shape]:
    paths: dict[int, list[str]] = {}
    for length, group in itertools.groupby(enumerate(columns), key=lambda column: column[1]):
        run = [index for index, _length in group]
        if length >= 0:
            top = _PLOT_SCALE * (1 - height(length))
            path = f"M{run[0]} {_PLOT_SCALE}V{top:.1f}h{len(run)}V{_PLOT_SCALE}z"
            paths.setdefault(gap_step(length), []).append(path)
    return [Shape(step, "".join(parts)) for step, parts in sorted(paths.items())]
