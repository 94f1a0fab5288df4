"""What is not one's own does not exist, and who is not signed in is sent to sign in."""

from http import HTTPStatus

import pytest
from django.test import Client

from playground.accounts.models import User
from playground.runs.models import Run
from tests.prompts.conftest import HTMX
from tests.runs.factories import make_run, make_session, make_turn


@pytest.fixture
def run(owner: User) -> Run:
    return make_run(make_turn(make_session(owner)), status="completed", text="Hello.")


def paths(run: Run) -> list[tuple[str, str]]:
    session, turn = run.turn.session_id, run.turn_id
    return [
        ("get", f"/sessions/{session}/"),
        ("get", f"/sessions/{session}/?edit={turn}"),
        ("post", f"/turns/{turn}/stop/"),
        ("post", f"/runs/{run.pk}/retry/"),
        ("post", f"/runs/{run.pk}/stop/"),
    ]


def test_a_teammate_gets_404(teammate: Client, run: Run) -> None:
    for method, path in paths(run):
        for headers in ({}, HTMX):
            assert getattr(teammate, method)(path, headers=headers).status_code == HTTPStatus.NOT_FOUND, path


def test_a_turn_is_not_added_to_another_s_session(teammate: Client, run: Run) -> None:
    data = {"session": run.turn.session_id, "prompt": "Hello", "model": "sim/sim-n5-r0"}
    assert teammate.post("/turns/", data).status_code == HTTPStatus.NOT_FOUND
    assert run.turn.session.turns.count() == 1


def test_another_s_turn_is_not_edited_in_one_s_own_session(teammate: Client, run: Run) -> None:
    own = make_session(User.objects.get(username="teammate"))
    assert teammate.get(f"/sessions/{own.pk}/?edit={run.turn_id}").status_code == HTTPStatus.NOT_FOUND


def test_who_is_not_signed_in_is_sent_to_sign_in(run: Run) -> None:
    for method, path in [*paths(run), ("get", "/"), ("post", "/turns/")]:
        response = getattr(Client(), method)(path)
        assert response.status_code == HTTPStatus.FOUND, path
        assert response["Location"].startswith("/sign-in/")


@pytest.mark.parametrize("session", ["nonsense", "0192d4a0-0000-7000-8000-000000000000"])
def test_a_session_that_is_none_is_404(client: Client, session: str) -> None:
    data = {"session": session, "prompt": "Hello", "model": "sim/sim-n5-r0"}
    assert client.post("/turns/", data).status_code == HTTPStatus.NOT_FOUND


def test_a_deleted_session_is_404(client: Client, run: Run) -> None:
    session = run.turn.session
    session.deleted_at = session.created_at
    session.save()
    assert client.get(f"/sessions/{session.pk}/").status_code == HTTPStatus.NOT_FOUND


@pytest.mark.parametrize("path", ["/turns/", "/runs/{run}/retry/", "/runs/{run}/stop/", "/turns/{turn}/stop/"])
def test_what_changes_something_is_posted(client: Client, run: Run, path: str) -> None:
    assert client.get(path.format(run=run.pk, turn=run.turn_id)).status_code == HTTPStatus.METHOD_NOT_ALLOWED
