"""The cast: the owner of what is shown, a teammate in the same workspace, a stranger, and someone not signed in."""

import pytest
from django.test import Client

from playground.accounts.models import User
from tests.factories import make_member, make_user


@pytest.fixture
def owner(db: None) -> User:
    return make_member(username="owner")


@pytest.fixture
def teammate(db: None) -> User:
    return make_member(username="teammate")


@pytest.fixture
def stranger(db: None) -> User:
    return make_user(username="stranger")


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
