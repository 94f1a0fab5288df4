"""A live run's events in columns read as a list of events does."""

import pytest

from playground.recording.event_list import EventList
from playground.recording.events import CHUNK, RUN_STARTED, Event
from playground.recording.segments import pack_events, unpack_events

EVENTS = [Event(0, 3, RUN_STARTED, {"model": "m"}), Event(1, 5, CHUNK, "a", 10), Event(2, 5, CHUNK, {"text": "b"}, 20)]


def listed(first: int = 0) -> EventList:
    events = EventList(first)
    for event in EVENTS:
        events.add(*event[1:])
    return events


@pytest.mark.parametrize("place", [0, 2, -1, -3])
def test_an_event_is_found_at_its_place(place: int) -> None:
    assert listed()[place] == EVENTS[place]


@pytest.mark.parametrize("place", [3, -4])
def test_there_is_none_beyond_the_ends(place: int) -> None:
    with pytest.raises(IndexError):
        listed()[place]


@pytest.mark.parametrize("place", [slice(1, None), slice(None, -1), slice(5, 9), slice(None, None, -1)])
def test_a_slice_is_a_list(place: slice) -> None:
    assert listed()[place] == EVENTS[place]


def test_it_equals_a_list_of_the_same_events_in_both_directions() -> None:
    assert list(listed()) == EVENTS == listed()
    assert list(reversed(listed())) == EVENTS[::-1]
    assert listed() != EVENTS[:2]


def test_what_is_appended_while_it_is_read_is_read_too() -> None:
    events, seen = listed(), []
    for event in events:
        seen.append(event.seq)
        if len(events) < 5:
            events.add(9, CHUNK, "more", -1)
    assert seen == [0, 1, 2, 3, 4]


def test_a_part_keeps_its_seqs_and_does_not_grow_with_the_whole() -> None:
    events = listed()
    part = events.part(1)
    events.add(9, CHUNK, "more", -1)
    assert part == EVENTS[1:]
    assert events.part(1, 2) == EVENTS[1:2]


def test_columns_and_events_pack_to_the_same_bytes() -> None:
    assert pack_events(listed().part(1)) == pack_events(EVENTS[1:])
    assert unpack_events(pack_events(listed())) == EVENTS
