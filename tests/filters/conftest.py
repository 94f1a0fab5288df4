import pytest
from django.test import Client

from playground.accounts.models import User
from tests.factories import make_member


@pytest.fixture
def editor(db: None) -> User:
    return make_member(username="editor")


@pytest.fixture
def client(editor: User) -> Client:
    """The editor's browser."""
    client = Client()
    client.force_login(editor)
    return client
