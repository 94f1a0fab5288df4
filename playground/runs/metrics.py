"""What operators watch, in Prometheus' words; `playground.api.metrics` serves it. `docs/operating.md` lists it all.

Counts are of this process: each process is scraped by itself. No label holds what a person has written.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from prometheus_client import Counter, Histogram, disable_created_metrics
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import REGISTRY, Collector

from playground.recording.event_list import EventList
from playground.recording.events import CHUNK, Event
from playground.recording.status import FINAL
from playground.runs.apps import running_engine

# When each counter began: as many lines again, which nobody reads.
disable_created_metrics()  # type: ignore[no-untyped-call]

RUNS_ENDED: Final = Counter("playground_runs_ended", "Runs that ended here, by status.", ["status"])
RUN_ERRORS: Final = Counter("playground_run_errors", "Runs that ended here with an error, by its code.", ["code"])
RUNS_REFUSED: Final = Counter("playground_runs_refused", "Runs that were not begun, by the reason.", ["code"])
CHUNKS: Final = Counter("playground_chunks", "Chunks that were recorded: tokens, of most providers.")
EVENTS: Final = Counter("playground_events", "Events that were recorded, chunks among them.")
TOKENS: Final = Counter("playground_tokens", "Tokens of runs that ended, as their providers reported them.", ["kind"])
VIEWERS_TOO_SLOW: Final = Counter("playground_viewers_too_slow", "Sockets that were closed because nobody read there.")
ANSWERS_NOT_READ: Final = Counter(
    "playground_answers_not_read", "Streamed answers of HTTP that were cut because nobody read them."
)
FIRST_CHUNK_S: Final = Histogram(
    "playground_first_chunk_seconds",
    "From the request to the first chunk.",
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120),
)
COMMIT_S: Final = Histogram(
    "playground_commit_seconds",
    "What it took to store the new events of all live runs, waits for the database included.",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)

_KINDS: Final = ("prompt", "completion")


def _begin_at_zero() -> None:
    """What never happened is 0 and not missing, so that a rate can be asked of it."""
    for status in FINAL:
        RUNS_ENDED.labels(status.value)
    for code in ("busy", "stopping", "too_many_runs", "trouble"):
        RUNS_REFUSED.labels(code)
    for kind in _KINDS:
        TOKENS.labels(kind)


_begin_at_zero()


@contextmanager
def commit() -> Iterator[None]:
    """Times a commit; one that is cancelled is none."""
    began = time.perf_counter()
    yield
    COMMIT_S.observe(time.perf_counter() - began)


def stored(events: Sequence[Event]) -> None:
    """These were stored."""
    EVENTS.inc(len(events))
    kinds = events.kinds if isinstance(events, EventList) else [event.kind for event in events]
    CHUNKS.inc(kinds.count(CHUNK))


def ended(summary: Mapping[str, Any]) -> None:
    """A run ended; `summary` is that of `runs.store`."""
    RUNS_ENDED.labels(summary["status"]).inc()
    if code := summary["error_code"]:
        RUN_ERRORS.labels(code).inc()
    for kind in _KINDS:
        TOKENS.labels(kind).inc(summary[f"{kind}_tokens"] or 0)
    if summary["ttft_ms"] is not None:
        FIRST_CHUNK_S.observe(summary["ttft_ms"] / 1000)


class EngineCollector(Collector):
    """The engine as it is at the moment of a scrape; nothing while none runs."""

    def describe(self) -> list[Metric]:
        return []  # so that registering it asks for no engine

    def collect(self) -> Iterator[Metric]:
        engine = running_engine()
        if engine is None:
            return
        sockets = list(engine.sockets)
        yield _gauge("live_runs", "Runs that stream on this process.", engine.live_count)
        yield _gauge("max_runs", "Runs that this process takes at once.", engine.admission.limit)
        yield _gauge("sockets", "Open WebSockets.", len(sockets))
        yield _gauge("viewers", "Runs that are followed, over all sockets.", sum(s.viewing for s in sockets))
        yield _gauge("queue_bytes", "Sent to viewers and not acknowledged.", sum(s.pending_bytes for s in sockets))
        yield _gauge("loop_lag_seconds", "By how much timers of the event loop came late, p99.", engine.pacer.lag_p99)
        yield _gauge("unstored_events", "Events of live runs that wait to be stored.", engine.unstored_events)
        yield _gauge("database_up", "Whether the database takes what is recorded.", engine.database.is_well)
        if engine.bus is not None:
            yield _gauge("redis_up", "Whether Redis answers.", engine.bus.healthy)


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"playground_{name}", text, value=float(value))


REGISTRY.register(EngineCollector())
