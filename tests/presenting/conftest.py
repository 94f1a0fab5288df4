"""The cast: the presenter, a teammate who sees the session, a stranger, and an audience without accounts."""

import pytest
from django.test import Client

from playground.accounts.models import User
from playground.presenting.codes import code_of
from playground.presenting.models import Show, SpeakerNote
from playground.presenting.shows import start_show
from playground.runs.models import Session, Turn, Visibility
from playground.workspaces.models import Role
from tests.factories import make_member, make_user
from tests.history.conftest import signed_in
from tests.history.factories import make_run, make_session, make_turn

HTMX = {"HX-Request": "true"}
JSON = {"Accept": "application/json"}


@pytest.fixture
def owner(db: None) -> User:
    return make_member(username="owner")


@pytest.fixture
def client(owner: User) -> Client:
    return signed_in(owner)


@pytest.fixture
def teammate(db: None) -> Client:
    return signed_in(make_member(username="teammate"))


@pytest.fixture
def viewer(db: None) -> Client:
    return signed_in(make_member(username="viewer", role=Role.VIEWER))


@pytest.fixture
def stranger(db: None) -> Client:
    return signed_in(make_user(username="stranger"))


@pytest.fixture
def session(owner: User) -> Session:
    """Two turns, each with two lanes whose recordings are complete; the second has a note."""
    session = make_session(owner, title="Canary title", visibility=Visibility.WORKSPACE)
    for number in (1, 2):
        turn = make_turn(session, f"Canary prompt {number}", system=f"Canary system {number}")
        for lane in (0, 1):
            make_run(turn, text=f"Answer {number} of lane {lane}.", lane=lane, model_id=f"sim/model-{lane}")
    SpeakerNote.objects.create(turn=turn, text="Canary note")
    return session


@pytest.fixture
def turns(session: Session) -> list[Turn]:
    return list(session.turns.order_by("position"))


@pytest.fixture
def show(owner: User, session: Session) -> Show:
    return start_show(owner, session)


def audience_path(show: Show) -> str:
    return f"/a/{code_of(show.pk)}/"


def do(client: Client, show: Show, action: str) -> dict[str, object]:
    """Take a step; returns the stage as it is then."""
    response = client.post(f"/present/{show.pk}/do/", {"do": action}, headers=JSON)
    assert response.status_code == 200, response.content
    state: dict[str, object] = response.json()
    return state
