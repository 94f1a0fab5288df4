import pytest

from playground.recording.events import ATTEMPT_STARTED, CHUNK, RUN_ENDED, RUN_STARTED, Event
from playground.recording.metrics import measure, percentile


def test_numbers_of_a_run() -> None:
    times = [100_000, 120_000, 140_000, 640_000, 660_000]
    events = [Event(0, 0, RUN_STARTED, {}), Event(1, 5, ATTEMPT_STARTED, {})]
    events += [Event(2 + i, t, CHUNK, "x") for i, t in enumerate(times)]
    events.append(Event(7, 700_000, RUN_ENDED, {}))
    assert measure(events) == {
        "chunks": 5,
        "attempts": 1,
        "duration_ms": 700.0,
        "ttft_ms": 100.0,
        "gap_p50_ms": 20.0,
        "gap_p99_ms": 500.0,
        "gap_max_ms": 500.0,
        "tokens_per_s": pytest.approx(4 / 0.56, abs=0.01),
    }


def test_what_cannot_be_measured_is_left_out() -> None:
    assert measure([]) == {"chunks": 0, "attempts": 0}
    assert measure([Event(0, 4000, CHUNK, "all")]) == {"chunks": 1, "attempts": 0, "duration_ms": 4.0, "ttft_ms": 4.0}


def test_percentile_is_nearest_rank() -> None:
    values = [float(v) for v in range(1, 101)]
    assert percentile(values, 0.5) == 50
    assert percentile(values, 0.99) == 99
    assert percentile([7.0], 0.99) == 7
