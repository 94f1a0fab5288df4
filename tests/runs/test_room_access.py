"""Whose rooms are whose: the answer when a socket joins, and every few seconds while it stays."""

from collections.abc import Callable

import pytest
from django.db.models import QuerySet
from django.utils import timezone

from playground.accounts.models import User
from playground.recording.events import Event
from playground.runs.credentials import Credentials
from playground.runs.models import Run, Session, Visibility
from playground.runs.room_access import open_rooms
from playground.workspaces.models import Membership, Role, Workspace
from tests.factories import make_member, make_workspace
from tests.runs.factories import make_session

pytestmark = pytest.mark.django_db


class Link:
    """A grant that opens one room and no run."""

    key = "link"

    def __init__(self, room: str) -> None:
        self._room = room

    def holds(self) -> bool:
        return True

    def runs(self) -> QuerySet[Run]:
        return Run.objects.none()

    def lens(self, run: Run) -> Callable[[Event], Event]:
        return lambda event: event

    def rooms(self) -> frozenset[str]:
        return frozenset({self._room})


@pytest.fixture
def author() -> User:
    return make_member()


@pytest.fixture
def session(author: User) -> Session:
    return make_session(author)


def is_open(session: Session, user: User) -> bool:
    room = f"session:{session.pk}"
    return open_rooms(Credentials(user=user), [room]) == {room}


def test_a_sessions_room_follows_who_sees_the_session(author: User, session: Session) -> None:
    teammate, viewer, stranger = make_member(), make_member(role=Role.VIEWER), make_member(make_workspace())
    people = (author, teammate, viewer, stranger)
    assert [is_open(session, user) for user in people] == [True, False, False, False]
    Session.objects.update(visibility=Visibility.WORKSPACE)
    assert [is_open(session, user) for user in people] == [True, True, True, False]
    Membership.objects.filter(user=teammate).delete()
    assert [is_open(session, user) for user in people] == [True, False, True, False]
    Session.objects.update(deleted_at=timezone.now())
    assert [is_open(session, user) for user in people] == [False, False, False, False]


def test_one_asks_for_several_rooms_and_gets_those_that_are_open(author: User, session: Session) -> None:
    here, elsewhere = Workspace.objects.default(), make_workspace()
    open_ones = {f"session:{session.pk}", f"user:{author.pk}", f"workspace:{here.pk}"}
    closed = {f"user:{make_member().pk}", f"workspace:{elsewhere.pk}", "session:nonsense", "cellar:1", "workspace:x"}
    assert open_rooms(Credentials(user=author), open_ones | closed) == open_ones


def test_a_link_opens_its_own_room_and_no_other(session: Session) -> None:
    room = f"session:{session.pk}"
    assert open_rooms(Credentials(grant=Link(room)), [room, "workspace:1", "user:1"]) == {room}


def test_whoever_is_nobody_is_in_no_room(session: Session) -> None:
    assert open_rooms(Credentials(), [f"session:{session.pk}", "workspace:1"]) == set()
