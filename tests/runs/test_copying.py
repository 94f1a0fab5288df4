"""A copy holds what was recorded, and nothing that still belongs to the original."""

import pytest

from playground.recording.segments import pack_events, unpack_events
from playground.runs.copying import copy_session
from playground.runs.models import Segment, Visibility
from tests.factories import make_member
from tests.runs.factories import make_events, make_live_run, make_run, make_session, make_turn

pytestmark = pytest.mark.django_db


def test_turns_runs_and_events_are_copied_and_the_original_is_left_alone() -> None:
    session = make_session(title="Rivers", visibility=Visibility.WORKSPACE, pinned=True)
    first, second = make_turn(session, "One", system="Be brief.", parameters={"seed": 7}), make_turn(session, "Two")
    failed = make_run(first, status="failed", error_code="timeout")
    answer = make_run(first, status="completed", text="Hello", retries=failed, metrics={"chunks": 2}, last_seq=2)
    make_live_run(turn=second)
    events = make_events("Hel", "lo")
    Segment.objects.create(run=answer, first_seq=0, last_seq=2, events=pack_events(events), reads=b"raw")
    reader = make_member()

    copy = copy_session(session, reader)

    assert (copy.owner, copy.copied_from, copy.visibility, copy.pinned) == (reader, session, "private", False)
    assert copy.title == "Rivers"
    assert list(copy.turns.values_list("prompt", "system", "parameters")) == [
        ("One", "Be brief.", {"seed": 7}),
        ("Two", "", {}),
    ]
    again, good = copy.turns.get(position=0).runs.all()
    assert (again.status, again.error_code) == ("failed", "timeout")
    assert (good.text, good.metrics, good.retries, good.epoch) == ("Hello", {"chunks": 2}, again, answer.epoch)
    segment = good.segments.get()
    assert unpack_events(segment.events) == events
    assert bytes(segment.reads) == b"raw"
    assert not copy.turns.get(position=1).runs.exists()  # it still streams, in the original

    assert answer.segments.count() == 1
    assert session.turns.count() == 2
    session.refresh_from_db()
    assert session.visibility == "workspace"


def test_a_run_that_retries_one_that_still_streams_stands_alone() -> None:
    turn = make_turn()
    answer = make_run(turn, status="completed", text="Hello", retries=make_live_run(turn=turn))
    copy = copy_session(turn.session, turn.session.owner)
    (run,) = copy.turns.get().runs.all()
    assert run.text == answer.text
    assert run.retries is None
