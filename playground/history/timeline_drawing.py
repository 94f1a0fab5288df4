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
from playground.history.timeline_words import MARKS, error_code, first_token, lane_name, outcome_parts, span_title
from playground.recording.units import duration

COLUMNS: Final = 600  # of the plot; a column shows the longest gap in it
BAND = 20  # px: the words above the first lane
ROW, BAR = 46, 18
PLOT_HEAD, PLOT = 30, 112
AXIS = 24
_PLOT_SCALE = 100  # the nested viewBox is COLUMNS × _PLOT_SCALE
_TICKS = 6
_FEW_TICKS = 4  # of a later part, whose times are long words
_LEAST_BAR = 2 / COLUMNS  # of the run: a narrower bar is not seen, and the legend does not name it
_LABEL_TURNS = 0.45  # of the run: past it, a narrow drawing has no room for the words after the line
_LEAST_ROW = 0.01  # of the run: a shorter wait before the first attempt has none


class Axis(NamedTuple):
    """From where to where the drawing goes, in µs since the run began."""

    start: int
    end: int

    @property
    def length(self) -> int:
        return max(1, self.end - self.start)

    def place(self, t: float) -> str:
        return _percent((t - self.start) / self.length)


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
    """`status`, `cause` and `length` say how the attempt ended, `code` is the error's."""

    name: str
    status: str
    cause: str
    length: str
    code: str
    failed: bool
    top: int
    bars: Sequence[Bar]
    points: Sequence[Point]

    @property
    def outcome(self) -> tuple[str, str, str]:
        """Its pieces, of which a narrow drawing leaves the second out: of "HTTP 529 · overloaded · 1 s" the cause."""
        if not (self.status and self.cause):
            return " · ".join(filter(None, (self.status, self.cause, self.length))), "", ""
        return self.status, f" · {self.cause}", f" · {self.length}"

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
    axis = Axis(timeline.start, max(each.end for each in together))
    least = axis.length * _LEAST_ROW
    lanes = [lane for lane in timeline.lanes if lane.number or lane.loading is not None or lane.end > least]
    rows = [_row(lane, BAND + ROW * index, axis) for index, lane in enumerate(lanes)]
    bottom = BAND + ROW * len(rows)
    plot = None
    if timeline.gaps:
        plot = _plot(timeline, [gap.length for each in together for gap in each.gaps], bottom + PLOT_HEAD, axis)
        bottom = plot.top + PLOT
    first = first_token(timeline)
    first_tick = None
    if first is not None:
        label = _("first token %(time)s") % {"time": duration(first)}
        turns = first - axis.start > axis.length * _LABEL_TURNS
        first_tick = Tick(axis.place(first), label, "end" if turns else "start")
    return Drawing(rows, list(_ticks(axis)), first_tick, plot, bottom)


def _percent(share: float) -> str:
    return f"{100 * share:.2f}%"


def _row(lane: Lane, top: int, axis: Axis) -> Row:
    spans = [span for span in lane.spans if span.phase != Phase.STALL]
    stalls = _merged([Gap(s.start, s.end) for s in lane.spans if s.phase == Phase.STALL], axis.length // COLUMNS)
    spans += [Span(Phase.STALL, *stall) for stall in stalls]
    points = [Point(mark, axis.place(t), f"{MARKS[mark]}: {duration(t)}") for mark, t in lane.marks]
    status, cause, length = outcome_parts(lane)
    return Row(
        name=lane_name(lane),
        status=status,
        cause=cause,
        length=length,
        code=error_code(lane),
        failed=lane.error is not None,
        top=top,
        bars=[_bar(span, axis, labelled=span.phase != Phase.STREAM or not stalls) for span in spans],
        points=points,
    )


def _bar(span: Span, axis: Axis, *, labelled: bool) -> Bar:
    share = span.length / axis.length if labelled and not span.is_cut else 0
    room = "wide" if share >= 0.2 else "some" if share >= 0.09 else ""
    return Bar(
        phase=span.phase,
        x=axis.place(span.start),
        width=_percent(max(span.length / axis.length, 1 / COLUMNS)),
        title=span_title(span),
        label=duration(span.length) if room else "",
        label_x=axis.place(span.start + span.length / 2),
        room=room,
        is_seen=span.phase == Phase.STALL or span.length >= axis.length * _LEAST_BAR,
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


def _ticks(axis: Axis) -> Iterator[Tick]:
    step = _nice_step(axis.length / (_FEW_TICKS if axis.start else _TICKS))
    for t in range(-(-axis.start // step) * step, axis.end + 1, step):
        share = (t - axis.start) / axis.length
        anchor = "start" if share < 0.04 else "end" if share > 0.96 else "middle"
        yield Tick(axis.place(t), _exactly(t, step) if axis.start else duration(t) if t else "0", anchor)


def _exactly(t: int, step: int) -> str:
    """In seconds, with as many decimals as tell one tick from the next."""
    decimals = max(0, 6 - int(math.log10(step)))
    return f"{t / 1_000_000:,.{decimals}f} s"


def _nice_step(least: float) -> int:
    """The smallest of 1, 2, 5, 10, … µs (and of whole quarter minutes past 10 s) that is at least `least`."""
    if least > 10_000_000:
        return next(s * 1_000_000 for s in (15, 30, 60, 120, 300, 600, 1800, 3600, 86400) if s * 1_000_000 >= least)
    power: int = 10 ** max(0, math.floor(math.log10(max(least, 1))))
    return next((factor * power for factor in (1, 2, 5) if factor * power >= least), 10 * power)


def _plot(timeline: Timeline, lengths: Sequence[int], top: int, axis: Axis) -> Plot:
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
        shapes=_shapes(_columns(timeline.gaps, axis), height),
        stall_y=top + PLOT * (1 - height(timeline.stall_from)) if stalls else None,
    )


def _columns(gaps: Sequence[Gap], axis: Axis) -> list[int]:
    """The longest gap that touches each column of the plot; -1 where there is none."""
    columns = [-1] * COLUMNS
    for start, stop in gaps:
        length = stop - start
        first = min(COLUMNS - 1, max(0, start - axis.start) * COLUMNS // axis.length)
        last = min(COLUMNS - 1, max(first, ((stop - axis.start) * COLUMNS - 1) // axis.length))
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
