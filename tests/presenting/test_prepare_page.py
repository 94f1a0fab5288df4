"""The page before a show."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from playground.accounts.models import User
from playground.presenting.models import FallbackRecording, Preflight, Show, SpeakerNote
from playground.recording.status import RunStatus
from playground.runs.models import Session, Turn
from playground.workspaces.models import AuditEntry
from tests.history.factories import make_run, make_session, make_turn
from tests.presenting.conftest import HTMX


def test_the_session_leads_to_it_for_who_may_present(
    client: Client, teammate: Client, viewer: Client, session: Session
) -> None:
    link = f'href="/sessions/{session.pk}/present/"'
    assert link in client.get(session.get_absolute_url()).content.decode()
    assert link in teammate.get(session.get_absolute_url()).content.decode()
    assert link not in viewer.get(session.get_absolute_url()).content.decode()


def test_a_teammate_is_offered_recordings_only(teammate: Client, viewer: Client, session: Session) -> None:
    path = f"/sessions/{session.pk}/present/"
    page = teammate.get(path).content.decode()
    assert "its recordings play" in page
    assert "Canary note" in page
    for asked in ('name="mode"', 'name="patience_s"', 'name="text"', 'name="run"', "Check and warm"):
        assert asked not in page
    assert teammate.post(path, {"title": "", "mode": "live"}).status_code == 302
    assert Show.objects.get().state["mode"] == "replay"
    turn = session.turns.order_by("position").last()
    assert turn
    assert teammate.post(f"/turns/{turn.pk}/present/note/", {"text": "Mine."}).status_code == 403
    assert teammate.post(f"{path}check/").status_code == 403
    assert viewer.get(path).status_code == 403


def test_it_shows_each_prompt_with_its_recordings_and_notes(client: Client, session: Session) -> None:
    page = client.get(f"/sessions/{session.pk}/present/").content.decode()
    assert "Canary prompt 1" in page
    assert "Canary note" in page
    assert page.count("recording ready") == 4
    assert page.count("not checked yet") == 2


def test_a_lane_without_a_recording_says_so(client: Client, owner: User) -> None:
    turn = make_turn(make_session(owner))
    make_run(turn, text="", events=[], status=RunStatus.FAILED)
    make_run(turn, text="Cut off", status=RunStatus.TRUNCATED, lane=1)
    page = client.get(f"/sessions/{turn.session_id}/present/").content.decode()
    assert "no recording" in page
    assert "only an incomplete recording" in page


def test_an_empty_session_has_nothing_to_show(client: Client, owner: User) -> None:
    page = client.get(f"/sessions/{make_session(owner).pk}/present/").content.decode()
    assert "Nothing to show yet" in page
    assert "Start the show" not in page


def test_a_recording_is_chosen_and_given_back(client: Client, turns: list[Turn]) -> None:
    older = make_run(turns[0], text="Better.", lane=1)
    path = f"/turns/{turns[0].pk}/present/recording/"
    response = client.post(path, {"lane": "1", "run": str(older.pk)}, headers=HTMX)
    assert "Saved" in response.content.decode()
    assert FallbackRecording.objects.get().run == older
    assert f'value="{older.pk}" selected' in client.get(f"/sessions/{turns[0].session_id}/present/").content.decode()
    assert client.post(path, {"lane": "1", "run": ""}).status_code == 302
    assert not FallbackRecording.objects.exists()


@pytest.mark.parametrize("lane", ["0", "9", "x"])
def test_only_a_recording_of_that_lane_can_be_chosen(client: Client, turns: list[Turn], lane: str) -> None:
    other = turns[1].runs.get(lane=0)
    response = client.post(f"/turns/{turns[0].pk}/present/recording/", {"lane": lane, "run": str(other.pk)})
    assert response.status_code == 404
    assert not FallbackRecording.objects.exists()


def test_a_check_says_when_it_was(client: Client, session: Session) -> None:
    results = {f"sim/model-{lane}": {"ok": True, "ms": 5, "code": "", "message": ""} for lane in (0, 1)}
    check = Preflight.objects.create(
        session=session, started_at=timezone.now(), ended_at=timezone.now(), results=results
    )
    path = f"/sessions/{session.pk}/present/"
    assert "All models answered just now." in client.get(path).content.decode()
    check.ended_at = timezone.now() - timedelta(minutes=5)
    check.save()
    assert "5 minutes ago" in client.get(path).content.decode()


def test_notes_are_kept(client: Client, turns: list[Turn]) -> None:
    path = f"/turns/{turns[0].pk}/present/note/"
    assert "Saved" in client.post(path, {"text": "Smile."}, headers=HTMX).content.decode()
    client.post(path, {"text": "Smile more."})
    assert SpeakerNote.objects.get(turn=turns[0]).text == "Smile more."
    assert client.post(path, {"text": "x" * 20_001}, headers=HTMX).status_code == 422
    assert SpeakerNote.objects.get(turn=turns[0]).text == "Smile more."


def test_starting_leads_to_the_stage_and_is_audited(client: Client, session: Session) -> None:
    data = {"title": "Welcome", "mode": "live", "patience_s": "5"}
    response = client.post(f"/sessions/{session.pk}/present/", data)
    show = Show.objects.get()
    assert response["Location"] == f"/present/{show.pk}/"
    assert (show.title, show.patience_s, show.state["mode"]) == ("Welcome", 5, "live")
    assert AuditEntry.objects.get(action="show.start").subject_id == str(session.pk)
    client.post(f"/sessions/{session.pk}/present/", data)
    assert Show.objects.count() == 1


def test_a_wrong_start_comes_back_with_what_was_typed(client: Client, session: Session) -> None:
    data = {"title": "Welcome all", "mode": "live", "patience_s": "0"}
    response = client.post(f"/sessions/{session.pk}/present/", data)
    page = response.content.decode()
    assert response.status_code == 422
    assert 'value="Welcome all"' in page
    assert 'aria-invalid="true"' in page
    assert not Show.objects.exists()


def test_the_report_names_what_would_fail_and_what_to_do(client: Client, session: Session) -> None:
    results = {
        "sim/model-0": {"ok": True, "ms": 212, "code": "", "message": ""},
        "sim/model-1": {"ok": False, "ms": 3, "code": "not_authenticated", "message": "The key is <wrong>."},
    }
    Preflight.objects.create(
        session=session, started_at=session.updated_at, ended_at=session.updated_at, results=results
    )
    page = client.get(f"/sessions/{session.pk}/present/report/", headers=HTMX).content.decode()
    assert "answered in 212 ms" in page
    assert "The key is &lt;wrong&gt;." in page
    assert "1 model would fail" in page
    assert "hx-trigger" not in page


def test_a_check_that_goes_on_is_asked_again(client: Client, session: Session) -> None:
    from django.utils import timezone

    Preflight.objects.create(session=session, started_at=timezone.now())
    page = client.get(f"/sessions/{session.pk}/present/report/", headers=HTMX).content.decode()
    assert 'hx-trigger="load' in page
    assert page.count("asking…") == 2


def test_viewers_may_not_and_strangers_do_not_know(
    viewer: Client, stranger: Client, session: Session, turns: list[Turn]
) -> None:
    paths = [f"/sessions/{session.pk}/present/", f"/sessions/{session.pk}/present/report/"]
    posts = [
        f"/sessions/{session.pk}/present/check/",
        f"/turns/{turns[0].pk}/present/note/",
        f"/turns/{turns[0].pk}/present/recording/",
    ]
    for who, status in ((viewer, 403), (stranger, 404)):
        assert [who.get(path).status_code for path in paths] == [status] * len(paths)
        assert [who.post(path).status_code for path in posts] == [status] * len(posts)


def test_more_turns_need_no_more_queries(client: Client, owner: User, session: Session) -> None:
    path = f"/sessions/{session.pk}/present/"
    client.get(path)
    with CaptureQueriesContext(
        connection,
    ) as few:
        client.get(path)
    for _ in range(8):
        make_run(make_turn(session))
    with CaptureQueriesContext(connection) as many:
        client.get(path)
    assert len(many) == len(few)
