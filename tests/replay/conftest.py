"""The cast: the author of what is replayed, a teammate, a stranger."""

import pytest
from django.test import Client

from playground.accounts.models import User
from playground.runs.models import Run, Session, Turn
from tests.factories import make_member, make_user
from tests.history.factories import MS, log, make_run, make_session, make_turn, start


@pytest.fixture
def author(db: None) -> User:
    return make_member(username="author")


@pytest.fixture
def teammate(db: None) -> User:
    return make_member(username="teammate")


@pytest.fixture
def stranger(db: None) -> User:
    return make_user(username="stranger")


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def client(author: User) -> Client:
    return signed_in(author)


@pytest.fixture
def session(author: User) -> Session:
    return make_session(author, title="Songs", visibility="workspace")


@pytest.fixture
def turn(session: Session) -> Turn:
    return make_turn(session, "Write a song.", parameters={"temperature": 0.5})


@pytest.fixture
def run(turn: Turn) -> Run:
    return make_run(turn, text="The water sparkles.", model_id="acme/one")


def run_with_stall(turn: Turn, **fields: object) -> Run:
    """Ten chunks 20 ms apart, and then one that came 3 s later."""
    times = [120 * MS + 20 * MS * i for i in range(10)]
    return make_run(turn, log([*start(), *((t, "chunk", "word ") for t in [*times, times[-1] + 3000 * MS])]), **fields)
