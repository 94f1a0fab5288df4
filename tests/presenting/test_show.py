"""A show of recordings, step by step, as the presenter and the audience see it."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from playground.accounts.models import User
from playground.presenting.grants import resolve
from playground.presenting.models import FallbackRecording, Show
from playground.runs.models import Session, Turn, Visibility
from playground.workspaces.models import AuditEntry
from tests.history.factories import make_run
from tests.presenting.conftest import JSON, audience_path, do

Lanes = list[dict[str, object]]


def lanes_of(state: dict[str, object]) -> Lanes:
    lanes = state["lanes"]
    assert isinstance(lanes, list)
    return lanes


def test_steps_lead_from_the_opening_through_prompts_and_answers(client: Client, show: Show, turns: list[Turn]) -> None:
    opening = client.get(f"/present/{show.pk}/state/").json()
    assert (opening["turn"], opening["prompt"], opening["lanes"]) == ("", "", [])
    first = do(client, show, "next")
    assert first["prompt"] == "Canary prompt 1"
    assert [(lane["model"], lane["run"]) for lane in lanes_of(first)] == [("sim/model-0", ""), ("sim/model-1", "")]
    played = do(client, show, "next")
    assert [lane["kind"] for lane in lanes_of(played)] == ["recording", "recording"]
    assert [lane["run"] for lane in lanes_of(played)] == [str(turns[0].runs.get(lane=lane).pk) for lane in (0, 1)]
    assert all(abs(played["now"] - lane["started_at"]) < 5000 for lane in lanes_of(played))  # type: ignore[operator]
    assert do(client, show, "next")["prompt"] == "Canary prompt 2"
    assert do(client, show, "last")["prompt"] == "Canary prompt 2"
    back = do(client, show, "previous")
    assert back["prompt"] == "Canary prompt 1"
    assert [lane["started_at"] for lane in lanes_of(back)] == [0, 0]
    assert do(client, show, "previous")["turn"] == ""


def test_the_chosen_recording_plays(client: Client, show: Show, turns: list[Turn]) -> None:
    chosen = turns[0].runs.get(lane=0)
    make_run(turns[0], text="Newer.", lane=0)
    FallbackRecording.objects.create(turn=turns[0], lane=0, run=chosen)
    do(client, show, "next")
    assert lanes_of(do(client, show, "replay"))[0]["run"] == str(chosen.pk)


def test_flags_are_told(client: Client, show: Show) -> None:
    for flag in ("metrics", "blank", "qr"):
        assert do(client, show, flag)[flag] is True
        assert do(client, show, flag)[flag] is False
    assert do(client, show, "theme")["theme"] == "dark"


def test_a_step_that_there_is_not_changes_nothing(client: Client, show: Show) -> None:
    response = client.post(f"/present/{show.pk}/do/", {"do": "dance"}, headers=JSON)
    assert response.status_code == 400
    show.refresh_from_db()
    assert show.state["version"] == 0


def test_without_scripts_a_step_leads_back_to_the_speaker(client: Client, show: Show) -> None:
    response = client.post(f"/present/{show.pk}/do/", {"do": "next"})
    assert response["Location"] == f"/present/{show.pk}/speaker/"
    page = client.get(response["Location"]).content.decode()
    assert "Prompt 1 of 2" in page


def test_the_speaker_sees_notes_and_what_comes_next(client: Client, show: Show) -> None:
    do(client, show, "next")
    page = client.get(f"/present/{show.pk}/speaker/").content.decode()
    assert "Canary prompt 2" in page
    do(client, show, "last")
    part = client.get(f"/present/{show.pk}/speaker/", headers={"HX-Request": "true"}).content.decode()
    assert "Canary note" in part
    assert "<html" not in part


def test_the_audience_sees_what_was_shown_and_nothing_else(client: Client, show: Show) -> None:
    audience = Client()

    def seen() -> str:
        texts = [audience.get(f"{audience_path(show)}{part}").content.decode() for part in ("", "state/")]
        return "\n".join(texts)

    never = ("Canary title", "Canary note", "Canary system", "owner", "default")
    assert "Canary" not in seen()
    do(client, show, "next")
    assert "Canary prompt 1" in seen()
    assert "Canary prompt 2" not in seen()
    do(client, show, "next")
    do(client, show, "next")
    assert "Canary prompt 2" in seen()
    for secret in never:
        assert secret not in seen(), secret


def test_its_page_is_kept_by_nobody_and_found_by_no_search_engine(client: Client, show: Show) -> None:
    response = Client().get(audience_path(show))
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    assert response["Referrer-Policy"] == "no-referrer"
    assert "noindex" in response["X-Robots-Tag"]
    assert not response.cookies


def test_it_may_read_the_runs_that_were_shown(client: Client, show: Show, turns: list[Turn]) -> None:
    grant = resolve(audience_path(show).split("/")[2])
    assert grant is not None
    assert not grant.runs().exists()
    do(client, show, "next")
    do(client, show, "next")
    assert set(grant.runs()) == set(turns[0].runs.all())
    assert grant.rooms() == {f"show:{show.pk}"}
    lens = grant.lens(turns[0].runs.get(lane=0))
    from playground.runs.reader import open_log

    shown = [lens(event) for event in open_log(turns[0].runs.get(lane=0)).events]
    assert "127.0.0.1" not in str(shown)
    assert "Answer 1 of lane 0." in "".join(event.data for event in shown if isinstance(event.data, str))


def test_the_end_is_for_everybody(client: Client, show: Show, session: Session) -> None:
    grant = resolve(audience_path(show).split("/")[2])
    assert grant is not None
    response = client.post(f"/present/{show.pk}/end/")
    assert response["Location"] == f"/sessions/{session.pk}/present/"
    gone = Client().get(audience_path(show))
    assert gone.status_code == 410
    assert "The show is over" in gone.content.decode()
    state = Client().get(f"{audience_path(show)}state/")
    assert (state.status_code, state.json()["over"]) == (410, True)
    assert not grant.holds()
    assert not grant.runs().exists()
    assert resolve(audience_path(show).split("/")[2]) is None
    assert client.post(f"/present/{show.pk}/do/", {"do": "next"}, headers=JSON).status_code == 409
    assert client.get(f"/present/{show.pk}/").status_code == 302
    client.post(f"/present/{show.pk}/end/")
    assert AuditEntry.objects.filter(action="show.end").count() == 1


def test_it_expires_by_itself(show: Show) -> None:
    Show.objects.filter(pk=show.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert Client().get(audience_path(show)).status_code == 410
    assert resolve(audience_path(show).split("/")[2]) is None


def test_a_deleted_session_takes_its_show_along(show: Show, session: Session) -> None:
    Session.objects.filter(pk=session.pk).update(deleted_at=timezone.now())
    assert Client().get(audience_path(show)).status_code == 404
    assert resolve(audience_path(show).split("/")[2]) is None


@pytest.mark.parametrize("code", ["aaaaaaaaaaaaa", "x", "%00", "é"])
def test_a_wrong_code_opens_nothing(db: None, code: str) -> None:
    response = Client().get(f"/a/{code}/")
    assert response.status_code == 404
    assert "There is no show here" in response.content.decode()


def test_a_code_is_long_and_its_digest_is_what_is_stored(show: Show, owner: User) -> None:
    code = audience_path(show).split("/")[2]
    assert len(code) == 13
    assert code.isalnum()
    assert code == code.lower()
    assert code not in str(Show.objects.filter(pk=show.pk).values())


def test_a_teammate_presents_recordings_but_asks_nobody_live(
    client: Client, teammate: Client, session: Session, turns: list[Turn]
) -> None:
    teammate.post(f"/sessions/{session.pk}/present/", {"title": ""})
    show = Show.objects.get()
    do(teammate, show, "next")
    assert [lane["kind"] for lane in lanes_of(do(teammate, show, "next"))] == ["recording", "recording"]
    for step in ("live", "mode"):
        refused = teammate.post(f"/present/{show.pk}/do/", {"do": step}, headers=JSON)
        assert refused.status_code == 403
        assert "can ask its models live" in refused.content.decode()
    page = teammate.get(f"/present/{show.pk}/speaker/").content.decode()
    assert 'value="replay"' in page
    assert 'value="live"' not in page
    assert 'value="mode"' not in page
    assert client.get(f"/present/{show.pk}/").status_code == 403
    assert session.turns.count() == len(turns)


def test_a_show_ends_with_the_right_to_give_it(teammate: Client, session: Session) -> None:
    teammate.post(f"/sessions/{session.pk}/present/", {"title": ""})
    show = Show.objects.get()
    code = audience_path(show).split("/")[2]
    assert Client().get(audience_path(show)).status_code == 200
    Session.objects.filter(pk=session.pk).update(visibility=Visibility.PRIVATE)
    assert Client().get(audience_path(show)).status_code == 404
    assert resolve(code) is None
    assert teammate.get(f"/present/{show.pk}/").status_code == 404


def test_teammates_may_not_and_strangers_do_not_know(teammate: Client, stranger: Client, show: Show) -> None:
    for who, status in ((teammate, 403), (stranger, 404)):
        for part in ("", "speaker/", "state/"):
            assert who.get(f"/present/{show.pk}/{part}").status_code == status
        for part in ("do/", "end/"):
            assert who.post(f"/present/{show.pk}/{part}", {"do": "next"}).status_code == status
    show.refresh_from_db()
    assert show.is_on
    assert show.state["version"] == 0
