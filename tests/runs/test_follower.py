"""A follower takes events from the bus and from the database, and never shows a hole or a double."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st
from uuid_utils.compat import uuid7

from playground.recording.events import RUN_ENDED, Event
from playground.recording.segments import CorruptSegment
from playground.recording.status import RunStatus
from playground.runs import sources
from playground.runs.database import DatabaseThreads
from playground.runs.sources import Follower, Stored
from tests.runs.factories import make_events


def make_follower() -> Follower:
    return Follower(uuid7(), "epoch", DatabaseThreads(1, "unused"), is_fed=lambda: True)


EVENTS = make_events(*"abcdefghijklmnopqrst")
parts = st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), max_size=12)


@given(cuts=parts)
def test_whatever_parts_come_the_log_has_no_hole_and_no_double(cuts: list[tuple[int, int]]) -> None:
    follower = make_follower()
    for first, last in cuts:
        follower.feed(EVENTS[first : last + 1])
        assert [event.seq for event in follower.events] == list(range(len(follower.events)))


def test_what_follows_a_hole_inside_of_one_answer_is_left_out() -> None:
    follower = make_follower()
    follower.feed([*EVENTS[:3], *EVENTS[5:8]])
    assert follower.last_seq == 2
    follower.feed(EVENTS[1:8])
    assert follower.events == EVENTS[:8]


async def test_the_end_is_noticed() -> None:
    follower = make_follower()
    woken = asyncio.Event()
    follower.attach(woken.set)
    follower.feed([*EVENTS, Event(len(EVENTS), 10**9, RUN_ENDED, {"status": "cancelled"})])
    assert follower.status is RunStatus.CANCELLED
    assert woken.is_set()


@pytest.mark.parametrize(
    ("stored", "reads"),
    [
        (Stored("epoch", "streaming", len(EVENTS) - 1), False),
        (Stored("epoch", "completed", len(EVENTS) - 1), True),
        (Stored("another epoch", "streaming", len(EVENTS) - 1), True),
        (None, True),
    ],
)
async def test_it_reads_the_database_once_it_is_told_that_the_run_is_over(stored: Stored | None, reads: bool) -> None:
    follower = make_follower()
    follower.attach(lambda: None)
    follower.feed(EVENTS)
    follower.told(stored)
    assert follower.is_to_read is reads


async def test_what_is_stored_may_be_ahead_of_the_bus_once_and_not_twice() -> None:
    follower = make_follower()
    follower.attach(lambda: None)
    follower.feed(EVENTS[:5])
    ahead = Stored("epoch", "streaming", 9)
    follower.told(ahead)
    assert not follower.is_to_read
    follower.feed(EVENTS[5:7])
    follower.told(ahead)
    assert not follower.is_to_read
    follower.told(ahead)
    assert follower.is_to_read


async def test_it_ends_at_what_is_damaged(monkeypatch: pytest.MonkeyPatch) -> None:
    def damaged(*_: object) -> None:
        raise CorruptSegment("the sum does not fit the bytes")

    monkeypatch.setattr(sources, "_stored_since", damaged)
    woken = asyncio.Event()
    async with DatabaseThreads(1, "follower") as threads:
        follower = Follower(uuid7(), "epoch", threads, is_fed=lambda: True)
        follower.attach(woken.set)
        follower.feed(EVENTS[:5])
        woken.clear()
        await follower.run()
    assert (follower.gone, follower.loaded.is_set(), woken.is_set()) == (True, True, True)
    assert "sum" in str(follower.damage)


async def test_it_reads_again_where_nobody_watches_so_that_it_ends() -> None:
    follower = make_follower()
    follower.feed(EVENTS)
    follower.told(Stored("epoch", "streaming", len(EVENTS) - 1))
    assert follower.is_to_read
