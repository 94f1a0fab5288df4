import pytest

from playground.recording.events import CHUNK, NOTICE, RUN_ENDED, Event
from playground.recording.log import EventLog


class Clock:
    """A clock in ns that the test moves."""

    def __init__(self) -> None:
        self.now = 5_000_000_000

    def __call__(self) -> int:
        return self.now


def test_seq_counts_from_zero_with_no_hole() -> None:
    log = EventLog()
    for _ in range(5):
        log.emit(CHUNK, "a")
    assert [e.seq for e in log.events] == [0, 1, 2, 3, 4]
    assert log.last_seq == 4


def test_events_of_a_read_have_the_time_of_the_read() -> None:
    clock = Clock()
    log = EventLog(clock=clock)
    clock.now += 2_000_000
    log.read(b"data: a\n\n")
    clock.now += 700_000
    log.emit(CHUNK, "a", offset=9)
    assert log.reads[0].t == 2000
    assert log.events[0] == Event(0, 2000, CHUNK, "a", 9)


def test_time_never_goes_backwards() -> None:
    clock = Clock()
    log = EventLog(clock=clock)
    log.read(b"x")
    clock.now += 3_000_000
    log.emit(NOTICE, {"code": "n", "message": "m"})
    log.emit(CHUNK, "a", offset=1)
    assert [e.t for e in log.events] == [3000, 3000]


def test_a_drafted_event_takes_its_place_only_if_no_other_took_it() -> None:
    log = EventLog()
    end = log.draft(RUN_ENDED, {"status": "completed"})
    log.append(end)
    assert log.events == [end]
    with pytest.raises(ValueError, match="does not follow"):
        log.append(end)


def test_on_append_is_called_for_each_event() -> None:
    calls: list[int] = []
    log = EventLog(on_append=lambda: calls.append(log.last_seq))
    log.emit(CHUNK, "a")
    log.append(log.draft(RUN_ENDED, {}))
    assert calls == [0, 1]
