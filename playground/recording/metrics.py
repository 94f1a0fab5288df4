"""The numbers of a run, from its events."""

import itertools
import math
from collections.abc import Sequence
from typing import TypedDict

from playground.recording.events import ATTEMPT_STARTED, CHUNK, Event


class Metrics(TypedDict, total=False):
    """Times in ms, rates per second. What needs more chunks than there are is left out.

    `ttft_ms` counts from the start of the run, waits and retries included. `tokens_per_s` is the rate of
    chunks from the first to the last; chunks are what the provider cut: tokens, where it streams token by token.
    """

    ttft_ms: float
    tokens_per_s: float
    chunks: int
    gap_p50_ms: float
    gap_p99_ms: float
    gap_max_ms: float
    duration_ms: float
    attempts: int


def percentile(ordered: Sequence[float], share: float) -> float:
    """The nearest-rank percentile of sorted, non-empty values; `share` in 0–1."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def measure(events: Sequence[Event]) -> Metrics:
    times = [e.t for e in events if e.kind == CHUNK]
    metrics = Metrics(chunks=len(times), attempts=sum(e.kind == ATTEMPT_STARTED for e in events))
    if events:
        metrics["duration_ms"] = events[-1].t / 1000
    if times:
        metrics["ttft_ms"] = times[0] / 1000
    if len(times) > 1:
        gaps = sorted((b - a) / 1000 for a, b in itertools.pairwise(times))
        metrics["gap_p50_ms"] = percentile(gaps, 0.5)
        metrics["gap_p99_ms"] = percentile(gaps, 0.99)
        metrics["gap_max_ms"] = gaps[-1]
        if times[-1] > times[0]:
            metrics["tokens_per_s"] = round((len(times) - 1) * 1e6 / (times[-1] - times[0]), 2)
    return metrics
