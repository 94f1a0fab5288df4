"""The cast: the owner of what is shown, a teammate in the same workspace, a stranger in another, and nobody."""

import pytest
from django.conf import settings
from django.test import Client

from playground.accounts.models import User
from tests.factories import make_member, make_workspace

ON_SQLITE = settings.DATABASES["default"]["ENGINE"].endswith("sqlite3")
collect_ignore = ["test_search_on_postgresql.py" if ON_SQLITE else "test_search_on_sqlite.py"]


@pytest.fixture
def owner(db: None) -> User:
    return make_member(username="owner")


@pytest.fixture
def teammate(db: None) -> User:
    return make_member(username="teammate")


@pytest.fixture
def stranger(db: None) -> User:
    return make_member(make_workspace("Elsewhere"), username="stranger")


def signed_in(user: User | None) -> Client:
    client = Client()
    if user is not None:
        client.force_login(user)
    return client


@pytest.fixture
def client(owner: User) -> Client:
    """The owner's browser."""
    return signed_in(owner)


HTMX = {"HX-Request": "true"}
