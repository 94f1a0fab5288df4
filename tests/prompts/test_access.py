"""What is not one's own does not exist, and who is not signed in is sent to sign in."""

from http import HTTPStatus

import pytest
from django.test import Client

from playground.accounts.models import User
from playground.runs.models import Run
from playground.workspaces.models import Membership, Role
from tests.prompts.conftest import HTMX
from tests.runs.factories import make_live_run, make_run, make_session, make_turn


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


class TestAnAuthorWhoIsAViewerByNow:
    @pytest.fixture(autouse=True)
    def _lowered(self, run: Run) -> None:
        Membership.objects.filter(user=run.turn.session.owner).update(role=Role.VIEWER)

    def test_is_told_the_reason_of_each_refusal(self, client: Client, run: Run) -> None:
        sent = {"session": run.turn.session_id, "prompt": "Hello", "model": "sim/sim-n5-r0"}
        for path, data in (("/turns/", sent), (f"/runs/{run.pk}/retry/", {}), (f"/runs/{run.pk}/continue/", {})):
            refused = client.post(path, data, headers=HTMX)
            assert refused.status_code == HTTPStatus.FORBIDDEN
            assert "You are a viewer of this workspace" in refused["HX-Trigger"]
        assert run.turn.session.turns.count() == 1

    def test_may_stop_what_they_began(self, client: Client, run: Run) -> None:
        live = make_live_run(turn=run.turn, lane=1)
        page = client.get(f"/sessions/{run.turn.session_id}/").text
        assert f'action="/runs/{live.pk}/stop/"' in page
        assert "<prompt-composer" not in page
        assert f'action="/runs/{live.pk}/stop/"' in client.get(f"/runs/{live.pk}/").text
        assert client.post(f"/runs/{live.pk}/stop/", headers=HTMX).status_code == HTTPStatus.NO_CONTENT
        assert client.post(f"/turns/{run.turn_id}/stop/", headers=HTMX).status_code == HTTPStatus.NO_CONTENT
        live.refresh_from_db()
        assert live.stop_requested_at is not None

    def test_stops_nothing_of_a_workspace_that_they_left(self, client: Client, run: Run) -> None:
        Membership.objects.all().delete()
        live = make_live_run(turn=run.turn, lane=1)
        assert client.post(f"/runs/{live.pk}/stop/", headers=HTMX).status_code == HTTPStatus.NOT_FOUND

    def test_the_page_is_told_with_what_it_asks_for_anyway(self, client: Client, run: Run) -> None:
        path = f"/sessions/{run.turn.session_id}/"
        assert client.get(f"{path}turns/", headers=HTMX)["Playground-Rights"] == "may_stop"
        assert 'data-rights="may_stop"' in client.get(path).text
        Membership.objects.update(role=Role.EDITOR)
        assert client.get(f"{path}turns/", headers=HTMX)["Playground-Rights"] == "may_change"
        assert 'data-rights="may_change"' in client.get(path).text
