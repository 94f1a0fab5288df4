"""A follower takes events from the bus and from the database, and never shows a hole or a double."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st
from uuid_utils.compat import uuid7

from playground.recording.events import RUN_ENDED, Event
from playground.recording.status import RunStatus
from playground.runs.database import DatabaseThreads
from playground.runs.sources import Follower
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
