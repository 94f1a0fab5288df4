"""Who asks, and the little world that they ask about."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from functools import cached_property
from typing import Any

from django.test import Client
from django.utils import timezone

from playground.accounts.models import User
from playground.connections.models import Connection
from playground.runs.models import Run, Session, Turn, Visibility
from playground.workspaces.models import ApiToken, Role, Workspace
from playground.workspaces.tokens import create_token
from tests.factories import make_connection, make_member, make_workspace
from tests.history.factories import make_run, make_turn


class Who(StrEnum):
    """AUTHOR is the editor whose session it is; the last three come by a link and have no account."""

    ANONYMOUS = "anonymous"
    STRANGER = "stranger"
    VIEWER = "viewer"
    EDITOR = "editor"
    OWNER = "owner"
    AUTHOR = "author"
    LINK = "share link"
    REVOKED = "revoked"
    EXPIRED = "expired"


MEMBERS = (Who.VIEWER, Who.EDITOR, Who.OWNER, Who.AUTHOR)
PEOPLE = (Who.STRANGER, *MEMBERS)
BY_LINK = (Who.LINK, Who.REVOKED, Who.EXPIRED)


@dataclass
class World:
    """A workspace with a session of AUTHOR's, private or visible to all of it. STRANGER owns another workspace."""

    visibility: Visibility
    who: Who = Who.ANONYMOUS
    people: dict[Who, User] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.workspace = Workspace.objects.default()
        self.elsewhere = make_workspace("Elsewhere")
        roles = {Who.VIEWER: Role.VIEWER, Who.EDITOR: Role.EDITOR, Who.OWNER: Role.OWNER, Who.AUTHOR: Role.EDITOR}
        self.people = {who: make_member(self.workspace, role, username=f"the-{who}") for who, role in roles.items()}
        self.people[Who.STRANGER] = make_member(self.elsewhere, Role.OWNER, username="the-stranger")
        self.session = self.make_session()

    def seen_by(self, who: Who) -> "World":
        """The same world; what is made for one who asks is not there for the next."""
        seen = World.__new__(World)
        seen.__dict__.update({**self.__dict__, "who": who})
        return seen

    @property
    def author(self) -> User:
        return self.people[Who.AUTHOR]

    def make_session(self, **fields: Any) -> Session:
        values = {"visibility": self.visibility, "updated_at": timezone.now(), "title": "A song", **fields}
        return Session.objects.create(owner=self.author, workspace=self.workspace, **values)

    @cached_property
    def turn(self) -> Turn:
        return make_turn(self.session, "Write a song.")

    @cached_property
    def run(self) -> Run:
        return make_run(self.turn)

    @cached_property
    def other_run(self) -> Run:
        """Of another lane of the same turn."""
        return make_run(self.turn, lane=1, text="Hello again.")

    @cached_property
    def connection(self) -> Connection:
        return make_connection(self.workspace, "upstream")

    def client(self) -> Client:
        client = Client()
        user = self.people.get(self.who)
        if user is not None:
            client.force_login(user)
        return client

    def api_headers(self) -> dict[str, str]:
        """A token of who asks, in their workspace. By REVOKED and EXPIRED: one of AUTHOR's that was revoked."""
        if self.who in (Who.ANONYMOUS, Who.LINK):
            return {}
        user = self.people.get(self.who, self.author)
        token = create_token(user, self.elsewhere if self.who is Who.STRANGER else self.workspace)
        if self.who in BY_LINK:
            ApiToken.objects.filter(user=user).update(revoked_at=timezone.now())
        return {"Authorization": f"Bearer {token}"}

    def link_token(self, make: Callable[..., str]) -> str:
        """The token of a link that `make(expires_at=…, revoked_at=…)` makes; people come with one that no link has."""
        if self.who not in BY_LINK:
            return "no-link-has-this-token-0123456789ab"
        now = timezone.now()
        expires_at = now - timedelta(minutes=1) if self.who is Who.EXPIRED else now + timedelta(days=1)
        return make(expires_at=expires_at, revoked_at=now if self.who is Who.REVOKED else None)
