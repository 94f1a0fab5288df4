"""The table of a benchmark, and whether the goals are met."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from statistics import median
from typing import TypeVar

from bench.measure import Row

T = TypeVar("T", int, str)
HEAD = (
    "streams  subject          µs/token  steady    ×bare   added p50    p99 ms   TTFT+ p50    p99 ms   "
    "RSS MiB   lost  twice  unkept  refused   upstream/load µs"
)


@dataclass(frozen=True)
class Goal:
    """`limit` is the highest value that meets the goal, at this number of streams (None: at each)."""

    streams: int | None
    what: str
    limit: float
    value: Callable[[list[Row], int], float]
    subject: str = "playground"

    def met(self, value: float) -> bool:
        return value <= self.limit


def print_table(rows: list[Row]) -> None:
    print(f"\n{HEAD}")
    for streams in _distinct(row.streams for row in rows):
        for subject in _distinct(row.subject for row in rows):
            some = _of(rows, subject, streams)
            if some:
                print(_line(rows, some))
        print()
    print(
        "Medians over the repeats; lost, twice, unkept (not stored exactly) and refused are sums.\n"
        "µs/token: CPU of the subject, from the first request until all is stored; steady: while all streams stream.\n"
        "×bare: to the relay, and of the gateway to the pass-through.\n"
        "added: from when a token was due to when it came. TTFT+: to the first token, less the upstream's own delay."
    )


def _line(rows: list[Row], some: list[Row]) -> str:
    first = some[0]

    def mid(name: str) -> float:
        return median(row[name] for row in some)

    def total(name: str) -> int:
        return round(sum(row[name] for row in some))

    ratio = ratio_to_relay(rows, first.streams, first.subject)
    return (
        f"{first.streams:>7}  {first.subject:<15} {mid('cpu_us'):>9.0f} {mid('steady_us'):>7.0f} "
        f"{'' if math.isnan(ratio) else f'{ratio:.2f}':>8} {mid('added_p50'):>11.1f} {mid('added_p99'):>9.1f} "
        f"{mid('ttft_p50'):>11.1f} {mid('ttft_p99'):>9.1f} {mid('rss_mib'):>9.0f} {total('lost'):>6} "
        f"{total('doubled'):>6} {total('unrecorded'):>7} {total('refused'):>8}   "
        f"{mid('upstream_us'):.0f}/{mid('load_us'):.0f}"
    )


def print_goals(rows: list[Row]) -> bool:
    """Whether all goals are met, of those that were measured."""
    all_met = True
    for subject in _distinct(goal.subject for goal in GOALS):
        measured = _distinct(row.streams for row in rows if row.subject == subject)
        if measured:
            print(f"\nGoals ({subject})")
        for goal in GOALS:
            for streams in measured if goal.subject == subject else ():
                value = goal.value(rows, streams) if goal.streams in (None, streams) else math.nan
                if not math.isnan(value):
                    met = goal.met(value)
                    all_met = all_met and met
                    mark = "✓" if met else "✗"
                    print(f"  {mark} {streams:>3} streams: {goal.what} {value:.2f} (at most {goal.limit:g})")
    return all_met


def ratio_to_relay(rows: list[Row], streams: int, subject: str = "playground") -> float:
    """The median of the ratios of CPU per token, each to the reference's row of the same repeat."""
    reference = "pass-through" if subject in ("gateway", "pass-through") else "relay"
    bare = {row.repeat: row.cpu_us for row in _of(rows, reference, streams)}
    ratios = [row.cpu_us / bare[row.repeat] for row in _of(rows, subject, streams) if row.repeat in bare]
    return median(ratios) if ratios else math.nan


def _middle(name: str, subject: str = "playground") -> Callable[[list[Row], int], float]:
    return lambda rows, streams: median(row[name] for row in _of(rows, subject, streams))


def _over_direct(name: str, subject: str = "playground") -> Callable[[list[Row], int], float]:
    """How much more than the raw row of the same number of streams; nan where that was not measured."""

    def value(rows: list[Row], streams: int) -> float:
        raw = _of(rows, "raw", streams)
        return _middle(name, subject)(rows, streams) - median(row[name] for row in raw) if raw else math.nan

    return value


def _losses(subject: str) -> Callable[[list[Row], int], float]:
    names = ("lost", "doubled", "unrecorded")
    return lambda rows, streams: sum(row[name] for row in _of(rows, subject, streams) for name in names)


def _ratio(subject: str) -> Callable[[list[Row], int], float]:
    return lambda rows, streams: ratio_to_relay(rows, streams, subject)


GOALS = (
    Goal(None, "tokens lost, doubled or not stored", 0, _losses("playground")),
    Goal(1, "added p50, ms", 1.5, _middle("added_p50")),
    Goal(1, "TTFT over direct, ms", 10, _over_direct("ttft_p50")),
    Goal(50, "CPU per token, × relay", 1.0, ratio_to_relay),
    Goal(50, "added p99, ms", 40, _middle("added_p99")),
    Goal(100, "added p99, ms", 100, _middle("added_p99")),
    Goal(100, "TTFT over direct, ms", 50, _over_direct("ttft_p50")),
    Goal(None, "tokens lost, doubled or not stored", 0, _losses("gateway"), "gateway"),
    Goal(1, "TTFT over direct, ms", 10, _over_direct("ttft_p50", "gateway"), "gateway"),
    Goal(20, "CPU per token, × pass-through", 1.0, _ratio("gateway"), "gateway"),
)


def _of(rows: list[Row], subject: str, streams: int) -> list[Row]:
    return [row for row in rows if row.subject == subject and row.streams == streams]


def _distinct(values: Iterable[T]) -> list[T]:
    return list(dict.fromkeys(values))
