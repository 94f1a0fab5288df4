"""The cast: whose session it is, teammates of every role, a stranger."""

import pytest
from django.test import Client

from playground.accounts.models import User
from playground.runs.models import Run, Session, Turn, Visibility
from playground.workspaces.models import Role
from tests.factories import make_member, make_user
from tests.history.factories import make_run, make_session, make_turn

HTMX = {"HX-Request": "true"}
TEXT = "The **quick** brown fox jumps over [the dog](http://x.io)."


@pytest.fixture
def author(db: None) -> User:
    return make_member(username="author")


@pytest.fixture
def owner(db: None) -> User:
    return make_member(role=Role.OWNER, username="owner")


@pytest.fixture
def editor(db: None) -> User:
    return make_member(username="editor")


@pytest.fixture
def viewer(db: None) -> User:
    return make_member(role=Role.VIEWER, username="viewer")


@pytest.fixture
def stranger(db: None) -> User:
    return make_user(username="stranger")


@pytest.fixture
def session(author: User) -> Session:
    return make_session(author, title="Foxes", visibility=Visibility.WORKSPACE)


@pytest.fixture
def turn(session: Session) -> Turn:
    return make_turn(session, prompt="Tell me of a fox. My key is 3cret.", system="Be brief.")


@pytest.fixture
def run(turn: Turn) -> Run:
    return make_run(turn, text=TEXT)


def browser(user: User | None) -> Client:
    client = Client()
    if user is not None:
        client.force_login(user)
    return client
