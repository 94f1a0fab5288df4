"""The playground's page as the server renders it."""

import re
from http import HTTPStatus
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from playground.accounts.models import User
from playground.connections.builtin import EMBEDDED_MODEL
from playground.connections.embedded.probe import Probe
from playground.prompts.pages import TURNS
from playground.recording.events import EventData
from playground.runs.models import Run, Session
from playground.workspaces.models import Role
from tests.history.factories import make_run as make_recorded
from tests.history.factories import stream
from tests.prompts.conftest import HTMX
from tests.runs.factories import make_run, make_session, make_turn

MODEL = "sim/sim-n5-r0"


def test_a_new_session_starts_with_a_model_that_is_there(client: Client) -> None:
    page = client.get("/").text
    assert re.search(r'name="model"[^>]*value="(local|sim)/[^"]+"', page)
    assert 'value="sim/sim-n256-r50-d100"' in page  # one of those to choose from


def test_a_new_session_starts_with_the_models_of_the_last_turn(client: Client, owner: User) -> None:
    turn = make_turn(make_session(owner), parameters={"temperature": 0.3})
    make_run(turn, lane=0, model_id="a/first")
    make_run(turn, lane=1, model_id="a/second")
    assert lanes(client.get("/").text) == ["a/first", "a/second"]
    assert 'value="0.3"' not in client.get("/").text
    assert 'value="0.3"' in client.get(f"/sessions/{turn.session_id}/").text


def test_a_prompt_may_come_with_the_address(client: Client) -> None:
    assert "Sing &amp; dance</textarea>" in client.get("/?prompt=Sing+%26+dance").text


def test_a_session_shows_its_turns_and_the_newest_run_of_each_lane(client: Client, owner: User) -> None:
    session = make_session(owner, title="A talk")
    turn = make_turn(session, "First <b>question</b>")
    old = make_run(turn, status="failed", error_message="It broke.")
    new = make_run(turn, status="completed", text="**Bold** answer")
    make_turn(session, "Second question")
    page = client.get(f"/sessions/{session.pk}/").text
    assert "First &lt;b&gt;question&lt;/b&gt;" in page
    assert "Second question" in page
    assert f'data-run="{new.pk}"' in page
    assert f'data-run="{old.pk}"' not in page
    assert f'href="/runs/{old.pk}/"' in page
    assert "<strong>Bold</strong> answer" in page


@pytest.mark.parametrize(
    ("status", "words"),
    [("failed", "It broke."), ("truncated", "retry to get all"), ("interrupted", "The server stopped")],
)
def test_a_run_that_ended_badly_says_so(client: Client, owner: User, status: str, words: str) -> None:
    message = "It broke." if status == "failed" else ""
    run = make_run(make_turn(make_session(owner)), status=status, error_message=message)
    page = client.get(run.turn.session.get_absolute_url()).text
    assert f'data-state="{status}"' in page
    assert words in page


def test_only_a_live_run_is_followed(client: Client, owner: User) -> None:
    turn = make_turn(make_session(owner))
    make_run(turn, lane=0, status="completed")
    live = make_run(turn, lane=1, status="streaming", lease_expires_at=timezone.now())
    page = client.get(turn.session.get_absolute_url()).text
    (followed,) = (tag for tag in re.findall(r"<run-lane[^>]*>", page) if "data-live" in tag)
    assert str(live.pk) in followed


def test_queries_do_not_grow_with_the_turns(
    client: Client, owner: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    session = make_session(owner)
    for _ in range(20):
        turn = make_turn(session)
        for lane in range(3):
            make_run(turn, lane=lane, status="completed", text="Hello.")
    with django_assert_max_num_queries(14):
        assert client.get(f"/sessions/{session.pk}/").status_code == HTTPStatus.OK


def test_editing_fills_the_composer(client: Client, owner: User) -> None:
    session = make_session(owner)
    make_turn(session, "First")
    turn = make_turn(session, "Second", system="Be brief.")
    make_run(turn, model_id="a/model")
    address = f"/sessions/{session.pk}/?edit={turn.pk}"
    page, part = client.get(address).text, client.get(address, headers=HTMX).text
    assert "<html" in page
    assert "<html" not in part
    for html in (page, part):
        assert "Second</textarea>" in html
        assert "Be brief.</textarea>" in html
        assert '<input type="hidden" name="position" value="1">' in html
        assert lanes(html) == ["a/model"]


def test_where_no_engine_runs_the_prompt_comes_back(client: Client) -> None:
    data = {"prompt": "Keep me", "model": MODEL, "temperature": "0.4"}
    for headers in ({}, HTMX):
        response = client.post("/turns/", data, headers=headers)
        assert response.status_code == HTTPStatus.SERVICE_UNAVAILABLE
        assert int(response["Retry-After"]) > 0
        assert "Keep me</textarea>" in response.text
        assert 'value="0.4"' in response.text
        assert ("<html" in response.text) == (headers == {})
    assert Run.objects.count() == 0


def test_what_is_wrong_is_said_at_its_field(client: Client) -> None:
    response = client.post("/turns/", {"prompt": "Keep me", "model": MODEL, "top_p": "7"})
    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert re.search(r'name="top_p"[^>]*aria-invalid="true"[^>]*aria-describedby="id_top_p_error"', response.text)
    assert 'id="id_top_p_error"' in response.text


def test_of_several_models_the_wrong_one_is_marked(client: Client) -> None:
    response = client.post("/turns/", {"prompt": "Hello", "model": ["nowhere/x", "sim/sim-n8-r0"]})
    page = response.content.decode()
    marked = [tag for tag in re.findall(r'<input name="model"[^>]*>', page) if "aria-invalid" in tag]
    assert response.status_code == 422
    assert len(marked) == 1
    assert 'value="nowhere/x"' in marked[0]


def test_a_viewer_is_led_to_what_there_is_to_read(owner: User, client: Client) -> None:
    owner.memberships.update(role=Role.VIEWER)
    page = client.get("/").content.decode()
    assert "data-example" not in page
    assert "Look at the sessions of your team" in page


def test_what_was_not_recorded_is_named_in_the_readers_words_and_offers_nothing(client: Client, owner: User) -> None:
    session = make_session(owner, title="")
    make_turn(session)
    Session.objects.filter(pk=session.pk).update(is_recorded=False)
    session.turns.update(is_recorded=False, prompt="")
    run = make_run(session.turns.get(), status="completed")
    page = client.get(session.get_absolute_url(), headers={"Accept-Language": "zh-hans"}).content.decode()
    assert "Not recorded" not in page
    assert f"/runs/{run.pk}/replay/" not in page
    assert "data-copy=" not in page


def test_a_very_long_prompt_is_shown_in_pieces(client: Client, owner: User) -> None:
    turn = make_turn(make_session(owner), "流" * 20_000)
    page = client.get(f"/sessions/{turn.session_id}/").text
    assert [len(piece) for piece in re.findall("流+", page)] == [8000, *[2000] * 6]
    assert "Show all (20000 characters)" in page


@pytest.mark.parametrize(
    ("fields", "badge"),
    [({"finish_reason": "length", "metrics": {"chunks": 5}}, "length"), ({"finish_reason": "stop"}, "no-text")],
)
def test_an_end_that_is_not_a_whole_answer_is_marked(
    client: Client, owner: User, fields: dict[str, Any], badge: str
) -> None:
    run = make_run(make_turn(make_session(owner)), status="completed", **fields)
    page = client.get(run.turn.session.get_absolute_url()).text
    hidden = dict(re.findall(r'data-badge="([\w-]+)"( hidden)?', page))
    assert {name for name in hidden if not hidden[name]} == {badge}


def test_a_model_that_cannot_run_is_explained_where_it_is_chosen(
    client: Client, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("playground.connections.catalogue.probe", lambda: Probe("No processor for it."))
    new = client.get("/").text
    assert new.count("cannot run here: No processor for it. Meanwhile the simulator answers") == 2
    assert len(re.findall(r'data-unavailable="local/smollm2"(?! hidden)', new.replace("-135m", ""))) == 1
    assert lanes(new)[0].startswith("sim/")
    run = make_run(make_turn(make_session(owner)), status="failed", model_id=EMBEDDED_MODEL)
    chosen = client.get(run.turn.session.get_absolute_url()).text
    assert f'data-unavailable="{EMBEDDED_MODEL}">' in chosen


def test_sending_when_signed_out_leaves_the_page_as_it_is() -> None:
    response = Client().post("/turns/", {"prompt": "Keep me", "model": MODEL}, headers=HTMX)
    assert response.status_code == HTTPStatus.UNAUTHORIZED
    assert "HX-Redirect" not in response
    assert Client().post("/turns/", {"prompt": "Keep me"})["Location"].startswith("/sign-in/")


def test_lanes_change_without_scripts(client: Client) -> None:
    data = {"prompt": "Keep me", "model": ["a/one", "a/two"]}
    added = client.post("/turns/", {**data, "change_lanes": "add"}).text
    removed = client.post("/turns/", {**data, "change_lanes": "0"}).text
    assert lanes(added) == ["a/one", "a/two", "a/two"]
    assert lanes(removed) == ["a/two"]
    assert "Keep me</textarea>" in added


def test_stopping_leads_back_to_the_run(client: Client, owner: User) -> None:
    run = make_run(make_turn(make_session(owner)), status="streaming", lease_expires_at=timezone.now())
    response = client.post(f"/runs/{run.pk}/stop/")
    assert response["Location"] == f"{run.turn.session.get_absolute_url()}#run-{run.pk}"
    assert client.post(f"/turns/{run.turn_id}/stop/", headers=HTMX).status_code == HTTPStatus.NO_CONTENT
    run.refresh_from_db()
    assert run.stop_requested_at is not None


def lanes(html: str) -> list[str]:
    """The models of the composer's lanes; the row to copy is not one."""
    shown = html[: html.index("<template>", html.index("<lane-list"))]
    return re.findall(r'<input name="model"[^>]*?value="([^"]*)"', shown)


def test_a_new_session_does_not_start_with_the_models_of_a_sample(client: Client, owner: User) -> None:
    make_run(make_turn(make_session(owner, origin="sample")), model_id="sim/of-the-sample")
    assert "sim/of-the-sample" not in lanes(client.get("/").text)


def test_a_long_session_shows_its_last_turns_and_leads_to_the_earlier_ones(client: Client, owner: User) -> None:
    session = make_session(owner)
    for number in range(TURNS + 5):
        make_run(make_turn(session, f"prompt number {number}."))
    address = session.get_absolute_url()

    newest = client.get(address).text
    assert "prompt number 5." in newest
    assert "prompt number 4." not in newest
    assert f"{address}?before=5" in newest

    part = client.get(f"{address}turns/?before=5", headers=HTMX).text
    assert [f"prompt number {number}." in part for number in range(6)] == [True] * 5 + [False]
    assert "?before=" not in part
    assert "prompt number 0." in client.get(f"{address}?before=5").text


@pytest.mark.parametrize(
    ("piece", "known", "is_asked_for"),
    [
        ({"tool_call": {"index": 0, "name": "f", "arguments": "{}"}}, True, True),
        ({"refusal": "No."}, True, True),
        ({"text": "b", "choice": 1}, True, True),
        ({"reasoning": "because"}, True, False),
        ("b", True, False),
        ("b", False, True),
    ],
    ids=["tool call", "refusal", "choice", "reasoning", "text", "recorded by an earlier version"],
)
def test_what_is_more_than_text_is_asked_for(
    owner: User, client: Client, piece: EventData, known: bool, is_asked_for: bool
) -> None:
    session = make_session(owner)
    run = make_recorded(make_turn(session), stream(["a", piece]))
    if not known:
        Run.objects.filter(pk=run.pk).update(has_other_parts=None)

    assert ('hx-trigger="run-ended, load"' in client.get(session.get_absolute_url()).text) == is_asked_for
