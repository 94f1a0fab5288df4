import pytest
from django.test import Client

from playground.accounts.models import User
from tests.factories import make_member

HTMX = {"HX-Request": "true"}


@pytest.fixture
def owner(db: None) -> User:
    return make_member(username="owner")


@pytest.fixture
def client(owner: User) -> Client:
    client = Client()
    client.force_login(owner)
    return client


@pytest.fixture
def teammate(owner: User) -> Client:
    """Of the same workspace: sessions are their owner's all the same."""
    client = Client()
    client.force_login(make_member(username="teammate"))
    return client
