"""The cast: an owner and an editor of a workspace, its viewer, and a stranger."""

import pytest
from django.test import Client

from playground.accounts.models import User
from playground.workspaces.models import Role
from tests.factories import make_member, make_user

HTMX = {"HX-Request": "true"}


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def owner(db: None) -> User:
    return make_member(role=Role.OWNER, username="owner")


@pytest.fixture
def editor(owner: User) -> User:
    return make_member(username="editor")


@pytest.fixture
def viewer(owner: User) -> User:
    return make_member(role=Role.VIEWER, username="viewer")


@pytest.fixture
def stranger(db: None) -> User:
    return make_user(username="stranger")


@pytest.fixture
def client(editor: User) -> Client:
    """The editor's browser."""
    return signed_in(editor)
