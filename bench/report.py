"""The table of a benchmark, and whether the goals are met."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from statistics import median
from typing import TypeVar

from bench.measure import Row

T = TypeVar("T")
HEAD = (
    "streams viewers  subject            µs/token  steady   µs/frame    ×bare   added p50    p99 ms   TTFT+ p50"
    "    p99 ms   RSS MiB   lost  twice  unkept  refused   upstream/load µs"
)
REFERENCES = {"gateway": "pass-through", "pass-through": "pass-through"}
Rows = list[Row]


@dataclass(frozen=True)
class Goal:
    """`limit` is the highest value that meets the goal, with so many streams and viewers each (None: with any)."""

    subject: str
    streams: int | None
    viewers: int | None
    what: str
    limit: float
    value: Callable[[Rows, Rows], float]
    """Of the subject's rows, and all rows of that load; nan where it cannot be told."""

    def fits(self, row: Row) -> bool:
        return (
            row.subject == self.subject and self.streams in (None, row.streams) and self.viewers in (None, row.viewers)
        )


def print_table(rows: Rows) -> None:
    print(f"\n{HEAD}")
    for load in _distinct((row.streams, row.viewers) for row in rows):
        alike = [row for row in rows if (row.streams, row.viewers) == load]
        for subject in _distinct(row.subject for row in alike):
            print(_line(_of(alike, subject), alike))
        print()
    print(
        "Medians over the repeats; lost, twice, unkept (not stored exactly) and refused are sums.\n"
        "µs/token: CPU of the subject per token that a viewer received, from the first request until all is stored;\n"
        "steady: while all streams stream; µs/frame: per message.\n"
        "×bare: to the relay; with many viewers, to the hub; of the gateway, to the pass-through.\n"
        "added: from when a token was due to when it came. TTFT+: to the first token, less the upstream's own delay."
    )


def _line(some: Rows, alike: Rows) -> str:
    first = some[0]

    def mid(name: str) -> float:
        return median(row[name] for row in some)

    def total(name: str) -> int:
        return round(sum(row[name] for row in some))

    ratio = ratio_to_bare(some, alike)
    return (
        f"{first.streams:>7} {first.viewers:>7}  {first.subject:<18} {mid('cpu_us'):>8.0f} {mid('steady_us'):>7.0f} "
        f"{mid('frame_us'):>10.0f} {'' if math.isnan(ratio) else f'{ratio:.2f}':>8} {mid('added_p50'):>11.1f} "
        f"{mid('added_p99'):>9.1f} {mid('ttft_p50'):>11.1f} {mid('ttft_p99'):>9.1f} {mid('rss_mib'):>9.0f} "
        f"{total('lost'):>6} {total('doubled'):>6} {total('unrecorded'):>7} {total('refused'):>8}   "
        f"{mid('upstream_us'):.0f}/{mid('load_us'):.0f}"
    )


def print_goals(rows: Rows) -> bool:
    """Whether all goals are met, of those that were measured."""
    all_met = True
    print("\nGoals")
    for goal in GOALS:
        for streams, viewers in _distinct((row.streams, row.viewers) for row in rows if goal.fits(row)):
            alike = [row for row in rows if (row.streams, row.viewers) == (streams, viewers)]
            value = goal.value(_of(alike, goal.subject), alike)
            if not math.isnan(value):
                met = value <= goal.limit
                all_met = all_met and met
                load = f"{streams} × {viewers}"
                mark = "✓" if met else "✗"
                print(f"  {mark} {goal.subject}, {load}: {goal.what} {value:.2f} (at most {goal.limit:g})")
    return all_met


def ratio_to_bare(some: Rows, alike: Rows) -> float:
    """The median of the ratios of CPU per token, each to the reference's row of the same repeat."""
    reference = REFERENCES.get(some[0].subject) or ("relay" if some[0].viewers == 1 else "hub")
    bare = {row.repeat: row.cpu_us for row in _of(alike, reference)}
    ratios = [row.cpu_us / bare[row.repeat] for row in some if row.repeat in bare]
    return median(ratios) if ratios else math.nan


def _middle(name: str) -> Callable[[Rows, Rows], float]:
    return lambda some, _: median(row[name] for row in some)


def _over_direct(name: str) -> Callable[[Rows, Rows], float]:
    """How much more than the raw row of the same load; nan where that was not measured."""

    def value(some: Rows, alike: Rows) -> float:
        raw = _of(alike, "raw")
        return median(row[name] for row in some) - median(row[name] for row in raw) if raw else math.nan

    return value


def _losses(some: Rows, _alike: Rows) -> float:
    return sum(row[name] for row in some for name in ("lost", "doubled", "unrecorded"))


GOALS = (
    *(
        Goal(subject, None, None, "tokens lost, doubled or not stored", 0, _losses)
        for subject in ("playground", "playground-uvicorn", "over-redis", "gateway")
    ),
    Goal("playground", 1, 1, "added p50, ms", 1.5, _middle("added_p50")),
    Goal("playground", 1, 1, "TTFT over direct, ms", 10, _over_direct("ttft_p50")),
    Goal("playground", 50, 1, "CPU per token, × relay", 1.0, ratio_to_bare),
    Goal("playground", 50, 1, "added p99, ms", 40, _middle("added_p99")),
    Goal("playground", 100, 1, "CPU per token, × relay", 0.7, ratio_to_bare),
    Goal("playground", 100, 1, "added p99, ms", 60, _middle("added_p99")),
    Goal("playground", 100, 1, "TTFT over direct, ms", 50, _over_direct("ttft_p50")),
    Goal("playground", 200, 1, "CPU per token, × relay", 0.8, ratio_to_bare),
    Goal("playground", 200, 1, "added p99, ms", 150, _middle("added_p99")),
    Goal("playground", 200, 1, "peak memory, MiB", 150, _middle("rss_mib")),
    Goal("playground", 1, 100, "added p99, ms", 25, _middle("added_p99")),
    Goal("playground", 1, 500, "CPU per frame, µs", 40, _middle("frame_us")),
    Goal("playground", 1, 500, "added p99, ms", 120, _middle("added_p99")),
    Goal("over-redis", None, 1, "added p99, ms", 200, _middle("added_p99")),
    Goal("gateway", 1, 1, "TTFT over direct, ms", 10, _over_direct("ttft_p50")),
    Goal("gateway", 20, 1, "CPU per token, × pass-through", 1.0, ratio_to_bare),
)


def _of(rows: Rows, subject: str) -> Rows:
    return [row for row in rows if row.subject == subject]


def _distinct(values: Iterable[T]) -> list[T]:
    return list(dict.fromkeys(values))
