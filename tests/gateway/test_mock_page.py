"""The page that tells how to use a recording as an endpoint."""

import re
from html import unescape
from typing import Any

import orjson
import pytest
from django.test import Client
from django.urls import reverse

from playground.accounts.models import User
from playground.gateway.mock_form import MockForm
from playground.mock.options import Refusal, read_options
from playground.recording.status import RunStatus
from playground.runs.models import Run
from tests.factories import make_member, make_user
from tests.history.factories import make_run, make_session, make_turn

pytestmark = pytest.mark.django_db


@pytest.fixture
def author() -> User:
    return make_member(username="author")


@pytest.fixture
def run(author: User) -> Run:
    return make_run(make_turn(make_session(author, visibility="workspace"), "Sing."), text="The water sparkles.")


def page(user: User, run: Run, **fields: str) -> str:
    client = Client()
    client.force_login(user)
    response = client.get(reverse("gateway:mock", args=[run.pk]), fields)
    assert response.status_code == 200
    return unescape(response.content.decode())


def body_of(html: str) -> Any:
    """What curl is told to send."""
    return orjson.loads(re.search(r"-d '(\{.*?\})'</pre>", html, re.DOTALL)[1])  # type: ignore[index]


def test_it_names_the_model_and_the_commands(author: User, run: Run) -> None:
    html = page(author, run)
    assert f'value="replay/{run.pk}"' in html
    assert body_of(html) == {"model": f"replay/{run.pk}", "stream": True}
    assert f".venv/bin/python manage.py mock --run {run.pk} --port 9000" in html
    assert "http://testserver/v1/chat/completions" in html


def test_what_is_chosen_is_in_all_of_them(author: User, run: Run) -> None:
    html = page(author, run, speed="0.5", seek="#1", loop="3", fault="stall", chunk="1", amount="2.50")
    wish = {"speed": 0.5, "seek": "#1", "loop": 3, "faults": ["stall@1:2.5"]}
    assert body_of(html)["playground"] == wish
    assert f"extra_body={{'playground': {wish}}}" in html
    assert "--speed 0.5 --seek '#1' --loop 3 --fault stall@1:2.5 --port" in html
    assert "x-playground-fault: stall@1:2.5" in html


@pytest.mark.parametrize("fault", ["cut", "stall", "error", "double", "split", "no-end", "crlf", "429", "fail"])
def test_every_fault_of_the_form_is_one_of_the_mock(fault: str) -> None:
    form = MockForm({"speed": "1", "fault": fault}, chunks=5)
    options = read_options({"playground": form.wish}, {})
    assert len(options.faults) + len(options.refusals) == 1
    assert read_options({"playground": MockForm({"fault": "fail", "amount": "3"}, chunks=5).wish}, {}).refusals == (
        Refusal(503, None, 3),
    )


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"seek": "soon"}, "seek"),
        ({"seek": "#5"}, "seek"),
        ({"loop": "0"}, "loop"),
        ({"fault": "explode"}, "fault"),
        ({"fault": "cut", "chunk": "5"}, "chunk"),
        ({"fault": "429", "amount": "1.5"}, "amount"),
        ({"fault": "stall", "amount": "99999"}, "amount"),
        ({"fault": "stall", "amount": "-1"}, "amount"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(author: User, run: Run, fields: dict[str, str], field: str) -> None:
    form = MockForm({"speed": "1", **fields}, chunks=5)
    assert list(form.errors) == [field]
    assert form.wish == {}


@pytest.mark.parametrize(
    ("fault", "label"),
    [("stall", "Seconds of nothing"), ("429", "Seconds to wait"), ("fail", "Attempts that fail")],
)
def test_the_amount_is_called_what_the_fault_needs(author: User, run: Run, fault: str, label: str) -> None:
    assert f">{label}</label>" in page(author, run, fault=fault)
    assert "Seconds or attempts" not in page(author, run, fault=fault)


def test_what_the_fault_has_no_use_for_is_left_out_however_wrong_it_is(author: User, run: Run) -> None:
    assert body_of(page(author, run, fault="no-end", chunk="x", amount="-1"))["playground"] == {"faults": ["no-end"]}
    assert body_of(page(author, run, fault="429", chunk="999", amount="3"))["playground"] == {"faults": ["429:3"]}
    assert "playground" not in body_of(page(author, run, chunk="x", amount="y"))


def test_a_wrong_wish_keeps_what_was_typed_and_shows_no_command(author: User, run: Run) -> None:
    html = page(author, run, seek="soon")
    assert 'value="soon"' in html
    assert "Write seconds, or #K for chunk K." in html
    assert "curl" not in html


def test_a_run_leads_to_it(author: User, run: Run) -> None:
    client = Client()
    client.force_login(author)
    html = client.get(reverse("history:run", args=[run.pk])).content.decode()
    assert reverse("gateway:mock", args=[run.pk]) in html


def test_without_a_recording_there_is_none(author: User) -> None:
    client = Client()
    client.force_login(author)
    turn = make_turn(make_session(author), "Sing.")
    live = make_run(turn, status=RunStatus.STREAMING)
    address = reverse("gateway:mock", args=[live.pk])
    response = client.get(address)
    assert response.status_code == 409
    assert "still being recorded" in response.content.decode()
    assert address not in client.get(reverse("history:run", args=[live.pk])).content.decode()


def test_a_stranger_does_not_know_of_it(run: Run) -> None:
    client = Client()
    client.force_login(make_user(username="stranger"))
    assert client.get(reverse("gateway:mock", args=[run.pk])).status_code == 404
