"""On every route: the owner is let in, a teammate and a stranger get 404, and who is not signed in is asked to."""

from http import HTTPStatus

import pytest
from django.test import Client
from django.urls import reverse

from playground.accounts.models import User
from playground.recording.status import RunStatus
from playground.runs.models import Run, Session
from tests.history.conftest import HTMX, signed_in
from tests.history.factories import make_run, make_session, make_turn

SESSION_ROUTES = {
    "rename": ("get", "post"),
    "row": ("get",),
    "pin": ("post",),
    "delete": ("post",),
    "restore": ("post",),
}
RUN_ROUTES = ("run", "answer", "characters", "tokens", "timeline", "events", "event")
LISTS = ("sessions", "sidebar")
CASES = [
    *((name, method) for name, methods in SESSION_ROUTES.items() for method in methods),
    *((name, "get") for name in RUN_ROUTES),
]


@pytest.fixture
def session(owner: User) -> Session:
    return make_session(owner, title="The owner's own session", prompts=["The owner's own prompt"])


@pytest.fixture
def run(session: Session) -> Run:
    return make_run(session.turns.get(), text="The owner's own answer.")


def url_of(name: str, session: Session, run: Run) -> str:
    if name == "event":
        return reverse("history:event", args=[run.pk, 0])
    return reverse(f"history:{name}", args=[run.pk if name in RUN_ROUTES else session.pk])


def ask(client: Client, name: str, method: str, session: Session, run: Run, *, htmx: bool = True) -> int:
    if name == "restore":
        Session.objects.filter(pk=session.pk).update(deleted_at=session.updated_at)
    send = getattr(client, method)
    status: int = send(url_of(name, session, run), headers=HTMX if htmx else {}).status_code
    return status


@pytest.mark.parametrize(("name", "method"), CASES)
@pytest.mark.parametrize("htmx", [True, False])
def test_the_owner_is_let_in(owner: User, session: Session, run: Run, name: str, method: str, htmx: bool) -> None:
    assert ask(signed_in(owner), name, method, session, run, htmx=htmx) < HTTPStatus.BAD_REQUEST


@pytest.mark.parametrize(("name", "method"), CASES)
@pytest.mark.parametrize("who", ["teammate", "stranger"])
def test_for_others_it_does_not_exist(
    request: pytest.FixtureRequest, session: Session, run: Run, name: str, method: str, who: str
) -> None:
    client = signed_in(request.getfixturevalue(who))

    assert ask(client, name, method, session, run) == HTTPStatus.NOT_FOUND
    session.refresh_from_db()
    assert session.title == "The owner's own session"
    assert not session.pinned


@pytest.mark.parametrize(("name", "method"), CASES)
def test_who_is_not_signed_in_is_asked_to(session: Session, run: Run, name: str, method: str) -> None:
    response = getattr(Client(), method)(url_of(name, session, run))

    assert response.status_code == HTTPStatus.FOUND
    assert response["Location"].startswith(reverse("accounts:sign-in"))


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("who", ["teammate", "stranger"])
@pytest.mark.parametrize("query", ["", "?q=owner", "?q=ow", "?scope=workspace", "?scope=deleted"])
def test_lists_and_searches_hold_nothing_of_others(
    request: pytest.FixtureRequest, session: Session, run: Run, name: str, who: str, query: str
) -> None:
    client = signed_in(request.getfixturevalue(who))

    page = client.get(reverse(f"history:{name}") + query, headers=HTMX)

    assert page.status_code == HTTPStatus.OK
    assert "own session" not in page.text
    assert str(session.pk) not in page.text


def test_whether_anothers_session_is_live_is_not_told(owner: User, stranger: User, session: Session) -> None:
    make_run(session.turns.get(), status=RunStatus.STREAMING)
    url = f"{reverse('history:live')}?was={session.pk.hex}"

    assert "HX-Trigger" not in signed_in(owner).get(url, headers=HTMX)
    assert "HX-Trigger" in signed_in(stranger).get(url, headers=HTMX)  # as for one that does not exist


@pytest.mark.parametrize("name", [*LISTS, "live"])
def test_lists_ask_to_sign_in(db: None, name: str) -> None:
    assert Client().get(reverse(f"history:{name}")).status_code == HTTPStatus.FOUND


@pytest.mark.parametrize(("name", "method"), CASES)
def test_a_deleted_session_can_only_be_restored(
    owner: User, session: Session, run: Run, name: str, method: str
) -> None:
    Session.objects.filter(pk=session.pk).update(deleted_at=session.updated_at)

    status = ask(signed_in(owner), name, method, session, run)

    assert (status == HTTPStatus.NOT_FOUND) == (name != "restore")


def test_the_filters_name_only_own_models(owner: User, stranger: User, run: Run) -> None:
    other = make_turn(make_session(stranger))
    make_run(other, model_id="secret/model")

    assert "secret/model" not in signed_in(owner).get(reverse("history:sessions")).text
