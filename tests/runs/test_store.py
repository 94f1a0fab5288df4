from datetime import timedelta

import pytest
from django.utils import timezone

from playground.providers.sink import Outcome
from playground.recording.events import RUN_ENDED, Event
from playground.recording.status import RunStatus
from playground.runs import store
from playground.runs.models import Run, Segment
from tests.runs.factories import make_events, make_live_run, make_reads, make_run

pytestmark = pytest.mark.django_db


def ended(events: list[Event]) -> tuple[list[Event], dict[str, object]]:
    outcome = Outcome(RunStatus.COMPLETED, finish_reason="stop", usage={"total_tokens": 3})
    end = Event(len(events), events[-1].t, RUN_ENDED, store.end_data(outcome))
    return [*events, end], store.summary([*events, end], outcome)


def test_what_is_saved_is_read_back() -> None:
    run = make_live_run("here")
    first = make_events("Spark", "ling")
    more = make_events(" water", first=len(first))
    assert store.save("here", [store.Batch(run.id, first, make_reads(first), started=True)]) == set()
    events, summary = ended([*first, *more])
    store.save("here", [store.Batch(run.id, events[len(first) :], make_reads(more), end=summary)])
    assert store.load_events(run.id) == events
    assert store.load_events(run.id, after=1) == events[2:]
    assert [read.raw for read in store.load_reads(run.id)] == [b"12345"] * 3
    run.refresh_from_db()
    assert (run.status, run.text, run.finish_reason, run.last_seq) == ("completed", "Sparkling water", "stop", 4)
    assert run.usage == {"total_tokens": 3, "completion_tokens": 3, "estimated": True}
    assert run.metrics["chunks"] == 3
    assert run.ended_at is not None
    assert run.owner_process == ""


@pytest.mark.parametrize("owner", ["there", ""])
def test_nothing_is_stored_of_a_run_that_is_not_held_any_more(owner: str) -> None:
    lost, mine = make_live_run(owner), make_live_run("here")
    events = make_events("a")
    batches = [store.Batch(run.id, events) for run in (lost, mine)]
    assert store.save("here", batches) == {lost.id}
    assert store.load_events(lost.id) == []
    assert store.load_events(mine.id) == events


def test_nothing_is_added_to_a_run_that_has_ended() -> None:
    run = make_run(status="completed", owner_process="here")
    assert store.save("here", [store.Batch(run.id, make_events("a"))]) == {run.id}
    assert not Segment.objects.exists()


def test_a_run_whose_lease_ran_out_is_interrupted_with_all_that_was_stored() -> None:
    run = make_live_run("dead", lease=timedelta(seconds=-1))
    epoch = run.epoch
    events = make_events("so ", "far")
    store.save("dead", [store.Batch(run.id, events)])
    assert store.orphans() == [(run.id, epoch)]
    assert store.interrupt(run.id)
    run.refresh_from_db()
    assert (run.status, run.text, run.error_code) == ("interrupted", "so far", "interrupted")
    assert run.epoch != epoch
    stored = store.load_events(run.id)
    assert stored[:-1] == events
    assert stored[-1].kind == RUN_ENDED
    assert not store.interrupt(run.id)
    assert store.save("dead", [store.Batch(run.id, make_events("late", first=4))]) == {run.id}


def test_what_another_process_still_holds_is_kept_up_to_its_first_hole() -> None:
    run = make_live_run("dead", lease=timedelta(seconds=-1))
    events = make_events("a", "b", "c", "d", "e")
    store.save("dead", [store.Batch(run.id, events[:3])])
    assert store.interrupt(run.id, [events[1], events[2], events[3], events[5]])
    run.refresh_from_db()
    assert run.text == "abc"
    assert store.load_events(run.id)[:-1] == events[:4]


def test_a_run_with_a_damaged_part_is_interrupted_with_what_comes_before_it() -> None:
    run = make_live_run("dead", lease=timedelta(seconds=-1))
    events = make_events("a", "b", "c", "d", "e")
    for part in (events[:3], events[3:4], events[4:]):
        store.save("dead", [store.Batch(run.id, part)])
    Segment.objects.filter(run=run, first_seq=3).update(events=b"damaged")
    assert store.interrupt(run.id, events)
    run.refresh_from_db()
    assert (run.status, run.text, run.error_code) == ("interrupted", "ab", "interrupted")
    assert "damaged" in run.error_message
    assert run.last_seq == len(events)
    assert bytes(Segment.objects.get(run=run, first_seq=3).events) == b"damaged"  # nothing is thrown away
    assert store.load_events(run.id, after=len(events) - 1)[0].kind == RUN_ENDED


def test_a_run_that_never_began_is_interrupted_too() -> None:
    run = make_run(owner_process="dead", lease_expires_at=timezone.now() - timedelta(seconds=1))
    assert store.interrupt(run.id)
    assert [event.kind for event in store.load_events(run.id)] == [RUN_ENDED]


def test_a_leased_run_is_left_alone_unless_the_caller_owns_the_database() -> None:
    run = make_live_run("alive")
    assert store.orphans() == []
    assert not store.interrupt(run.id)
    assert store.orphans(all_of_others="me") == [(run.id, run.epoch)]
    assert store.orphans(all_of_others="alive") == []
    assert store.interrupt(run.id, even_if_leased=True)


def test_renewing_moves_the_leases_of_live_runs_only() -> None:
    mine, other, old = make_live_run("me"), make_live_run("you"), make_run(status="failed", owner_process="me")
    before = {run.id: run.lease_expires_at for run in Run.objects.all()}
    Run.objects.filter(id__in=[mine.id, other.id]).update(lease_expires_at=timezone.now() - timedelta(seconds=1))
    store.renew_leases("me")
    assert [run_id for run_id, _ in store.orphans()] == [other.id]
    old.refresh_from_db()
    assert old.lease_expires_at == before[old.id]


def test_requests_to_stop_are_found_by_the_owner() -> None:
    mine = make_live_run("me", stop_requested_at=timezone.now())
    make_live_run("me")
    make_live_run("you", stop_requested_at=timezone.now())
    assert store.runs_to_stop("me") == [mine.id]


def test_a_nul_in_a_text_is_stored_on_every_database() -> None:
    run = make_live_run("here")
    events, summary = ended(make_events("a\0b"))
    store.save("here", [store.Batch(run.id, events, end=summary)])
    run.refresh_from_db()
    assert run.text == "a␀b"
    assert store.load_events(run.id)[1].data == "a\0b"
