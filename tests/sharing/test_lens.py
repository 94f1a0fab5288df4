"""A lens shows the answer and its pace, and nothing of what lies behind it."""

from dataclasses import replace

import orjson
import pytest

from playground.accounts.models import User
from playground.recording.events import CHUNK, Event
from playground.recording.redaction import MASK
from playground.review.models import Redaction
from playground.runs.models import Run, Session
from playground.sharing import public
from playground.sharing.contents import Contents
from playground.sharing.grants import ShareGrant, resolve
from playground.sharing.links import LinkDraft, share_session
from playground.sharing.public import make_lens, public_log, public_run, public_title, public_turn, redactions_of
from tests.sharing.canaries import (
    ALWAYS,
    ANSWER,
    PARAMETER,
    REDACTED,
    SYSTEM,
    canary_events,
    make_canary_session,
)

ALL = Contents(system=True, parameters=True, timeline=True, annotations=True)
NOTHING = Contents(system=False, parameters=False, timeline=False, annotations=False)


@pytest.fixture
def session(owner: User) -> Session:
    return make_canary_session(owner)


@pytest.fixture
def run(session: Session) -> Run:
    return Run.objects.select_related("turn__session").get(turn__session=session)


def shown(run: Run, contents: Contents) -> list[Event]:
    return list(public_log(run, contents).events)


def words(events: list[Event]) -> str:
    return orjson.dumps([event[:4] for event in events]).decode()


@pytest.mark.parametrize("contents", [ALL, NOTHING])
def test_nothing_of_the_inside_is_shown(run: Run, contents: Contents) -> None:
    written = words(shown(run, contents))
    assert ALWAYS not in written
    assert SYSTEM not in written
    for piece in (REDACTED, "canary-redac", "-redac"):
        assert piece not in written
    assert ANSWER in public_log(run, contents).text
    assert public_log(run, contents).reads() == []


def test_the_same_seqs_and_kinds_are_shown(run: Run) -> None:
    events = shown(run, ALL)
    assert [e.seq for e in events] == list(range(len(canary_events()) + 1))
    assert [e.kind for e in events[:-1]] == [e.kind for e in canary_events()]
    assert [e.t for e in events[:-1]] == [e.t for e in canary_events()]
    assert {e.offset for e in events} == {-1}


def test_a_span_is_masked_across_chunks_and_nowhere_else(run: Run) -> None:
    assert public_log(run, ALL).text == f"Sparkling water {MASK} and more."
    assert public_log(run, ALL).reasoning == f"think {MASK} on"


def test_parameters_are_shown_only_where_they_are_included(run: Run) -> None:
    assert PARAMETER in words(shown(run, ALL))
    assert PARAMETER not in words(shown(run, replace(ALL, parameters=False)))


def test_without_the_timeline_times_are_whole_seconds_and_nothing_tells_the_pace(run: Run) -> None:
    events = shown(run, replace(ALL, timeline=False))
    assert all(event.t % 1_000_000 == 0 for event in events)
    assert "logprobs" not in words(events)
    assert "prompt_tokens" not in words(events)
    assert public_run(run, NOTHING, redactions_of([])).metrics == {"chunks": 6}


def test_the_lens_shows_event_by_event_what_the_log_shows(run: Run) -> None:
    from playground.runs.reader import open_log

    lens = make_lens(run, ALL)
    assert [lens(event) for event in open_log(run).events] == shown(run, ALL)


def test_of_a_long_recording_nothing_is_kept(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    everything = shown(run, ALL)
    monkeypatch.setattr(public, "LONG", 3)
    log = public_log(run, ALL)
    assert list(log.events) == everything
    assert [log.events[seq] for seq in range(-1, len(everything))] == [everything[-1], *everything]
    assert log.events[2:5] == everything[2:5]
    assert log.events[1] is not log.events[1]
    assert (log.text, log.received()) == (f"Sparkling water {MASK} and more.", 0)


def test_rows_are_shown_without_what_a_template_must_not_print(run: Run) -> None:
    redactions = redactions_of([run.turn_id])
    copy, turn = public_run(run, NOTHING, redactions), public_turn(run.turn, NOTHING, redactions)
    assert (copy.messages, copy.error_message, copy.usage) == ([], "", None)
    assert REDACTED not in f"{copy.text}{copy.reasoning}{turn.prompt}"
    assert (turn.system, turn.parameters) == ("", {})
    assert run.text != copy.text
    assert SYSTEM in public_turn(run.turn, ALL, redactions).system


@pytest.mark.parametrize("title", [f"About {REDACTED} thi…", "About canary-re…", f"My {REDACTED} notes"])
def test_a_title_does_not_repeat_what_the_prompt_hides(run: Run, title: str) -> None:
    redactions = redactions_of([run.turn_id])
    assert "canary" not in public_title(title, run.turn, redactions, [REDACTED])


def test_a_grant_reads_the_runs_of_its_session_only(owner: User, session: Session, run: Run) -> None:
    link, _token = share_session(owner, session, LinkDraft(Contents()))
    grant = ShareGrant(link)
    assert list(grant.runs()) == [run]
    assert grant.rooms() == {f"session:{session.pk}"}
    assert grant.lens(run)(canary_events()[-2]).kind == CHUNK


def test_who_comes_after_a_redaction_gets_another_lens(owner: User, session: Session, run: Run) -> None:
    _link, token = share_session(owner, session, LinkDraft(Contents()))
    before = resolve(token)
    Redaction.objects.create(turn=run.turn, run=run, part=Redaction.Part.ANSWER, start=0, end=9, created_by=owner)
    after = resolve(token)
    assert before is not None
    assert after is not None
    assert before.key != after.key
    assert after.key == getattr(resolve(token), "key", "")
    assert "Sparkling" not in public_log(run, ALL).text
