"""Makes the rows that tests need. Every value can be given; what is not given is valid and unique."""

from itertools import count
from typing import Any

from playground.accounts.models import User
from playground.connections.models import Connection
from playground.connections.secrets import Secrets
from playground.workspaces.models import Membership, Role, Workspace
from playground.workspaces.tokens import create_token

PASSWORD = "correct horse battery staple"
_numbers = count(1)


def make_user(username: str = "", *, password: str | None = PASSWORD, **fields: Any) -> User:
    """A person in no workspace; `password=None` makes it unusable."""
    return User.objects.create_user(username=username or f"user{next(_numbers)}", password=password, **fields)


def make_workspace(name: str = "") -> Workspace:
    name = name or f"workspace{next(_numbers)}"
    return Workspace.objects.create(name=name, slug=name.lower().replace(" ", "-"))


def make_member(
    workspace: Workspace | None = None, role: Role = Role.EDITOR, *, username: str = "", **fields: Any
) -> User:
    """A new person in the workspace (the default one, if none is given)."""
    user = make_user(username, **fields)
    workspace = workspace or Workspace.objects.default()
    Membership.objects.update_or_create(user=user, workspace=workspace, defaults={"role": role})
    return user


def make_token(user: User, workspace: Workspace | None = None, name: str = "test") -> str:
    """An API token's secret."""
    return create_token(user, workspace or Workspace.objects.default(), name)


def make_connection(
    workspace: Workspace | None = None,
    name: str = "",
    *,
    base_url: str = "http://127.0.0.1:9/v1",
    dialect: str = "openai-chat",
    api_key: str = "",
    allow_private: bool = True,
    **fields: Any,
) -> Connection:
    """A connection that any model name fits, unless `model_names` is given."""
    connection = Connection(
        workspace=workspace or Workspace.objects.default(),
        name=name or f"connection{next(_numbers)}",
        dialect=dialect,
        base_url=base_url,
        allow_private=allow_private,
        **fields,
    )
    connection.set_secrets(Secrets(api_key=api_key))
    connection.save()
    return connection
