"""Rooms over real sockets: who may be in one, what they hear, and who is said to be there."""

import time
from collections.abc import Iterator

import orjson
import pytest

from tests.runs.guests import Guest
from tests.server import Client, Server

WITHIN_S = 5.0  # of losing access, a socket is out


def shell(server: Server, code: str) -> str:
    imports = (
        "from playground.accounts.models import User; from playground.runs.models import Session;"
        "from playground.workspaces.models import Membership, Workspace;"
    )
    return server.manage("shell", "-v0", "-c", imports + code)


@pytest.fixture(scope="module")
def ada(server: Server) -> Iterator[Client]:
    client = Client(server, "ada")
    yield client
    client.close()


@pytest.fixture(scope="module")
def grace(server: Server) -> Iterator[Client]:
    client = Client(server, "grace")
    yield client
    client.close()


@pytest.fixture
def session(server: Server, ada: Client) -> str:
    """A session that ada shares with the workspace."""
    run = ada.post_run("sim/sim-n3-r0")
    set_visibility(server, run["session"], "workspace")
    return str(run["session"])


def set_visibility(server: Server, session: str, visibility: str) -> None:
    shell(server, f"Session.objects.filter(pk='{session}').update(visibility='{visibility}')")


def test_people_in_a_room_are_told_who_else_is_there(ada: Client, grace: Client, session: str) -> None:
    room = f"session:{session}"
    with ada.socket() as first, grace.socket() as second:
        one, two = Guest(first), Guest(second)
        assert one.join(room) == {"op": "joined", "room": room}
        assert one.presence(1)["people"] == ["ada"]
        two.join(room)
        assert two.presence(2)["people"] == ["ada", "grace"]
        assert one.presence(2) == {"op": "presence", "room": room, "watching": 2, "people": ["ada", "grace"]}
        two.send(op="leave", room=room)
        assert one.presence(1)["people"] == ["ada"]


def test_a_second_tab_counts_once_and_hears_who_is_there(ada: Client, session: str) -> None:
    room = f"session:{session}"
    with ada.socket() as first:
        one = Guest(first)
        one.join(room)
        one.presence(1)
        with ada.socket() as second:
            two = Guest(second)
            two.join(room)
            assert two.presence(1)["people"] == ["ada"]


def test_whoever_closes_the_socket_has_left(ada: Client, grace: Client, session: str) -> None:
    room = f"session:{session}"
    with ada.socket() as first:
        one = Guest(first)
        one.join(room)
        with grace.socket() as second:
            Guest(second).join(room)
            one.presence(2)
        assert one.presence(1)["people"] == ["ada"]


@pytest.mark.parametrize("room", ["session:{session}", "user:{ada}", "workspace:{other}", "show:{session}", "cellar:1"])
def test_a_room_that_is_not_open_to_someone_is_not_found(
    server: Server, ada: Client, grace: Client, session: str, room: str
) -> None:
    set_visibility(server, session, "private")
    ids = shell(
        server,
        "w, _ = Workspace.objects.get_or_create(slug='elsewhere', defaults={'name': 'Elsewhere'});"
        "print(User.objects.get(username='ada').pk, w.pk)",
    ).split()
    name = room.format(session=session, ada=ids[0], other=ids[1])
    with grace.socket() as socket:
        answer = Guest(socket).join(name)
    assert (answer["op"], answer["code"], answer["room"]) == ("error", "not_found", name)


@pytest.mark.parametrize("room", [None, 7, "", "session", "session:", "Session:1", "a:b:c", "session:" + "x" * 60])
def test_what_is_no_room_is_a_bad_request(ada: Client, room: object) -> None:
    with ada.socket() as socket:
        guest = Guest(socket)
        guest.send(op="join", room=room)
        answer = orjson.loads(socket.recv(10))
        assert (answer["op"], answer["code"]) == ("error", "bad_request")
        guest.send(op="ping")
        assert orjson.loads(socket.recv(10)) == {"op": "pong"}


def test_a_session_made_private_is_left_within_seconds(
    server: Server, ada: Client, grace: Client, session: str
) -> None:
    room = f"session:{session}"
    run = ada.post_run("sim/sim-n2000-r50-d0", session=session)
    with ada.socket() as first, grace.socket() as second:
        one, two = Guest(first), Guest(second)
        one.join(room)
        two.join(room)
        two.send(op="subscribe", run=run["id"], after=-1)
        two.until(lambda message: message["op"] == "frame")
        set_visibility(server, session, "private")
        since = time.monotonic()
        lost = [two.until(lambda message: message["op"] == "error") for _ in range(2)]
        assert time.monotonic() - since < WITHIN_S
        assert {message.get("room") for message in lost} == {room, None}
        assert {message.get("run") for message in lost} == {run["id"], None}
        assert {message["code"] for message in lost} == {"not_found"}
        one.presence(1)
        two.send(op="ping")
        two.until(lambda message: message["op"] == "pong")
    ada.http.post(f"/runs/{run['id']}/cancel")


def test_a_socket_has_room_for_so_many_rooms(server: Server, ada: Client) -> None:
    ids = shell(
        server,
        "from django.utils import timezone; from playground.runs.models import Session;"
        "u = User.objects.get(username='ada'); w = Workspace.objects.default();"
        "print(*[Session.objects.create(owner=u, workspace=w, updated_at=timezone.now()).pk for n in range(17)])",
    ).split()
    with ada.socket() as socket:
        guest = Guest(socket)
        answers = [guest.join(f"session:{pk}") for pk in ids]
    assert [answer["op"] for answer in answers] == ["joined"] * 16 + ["error"]


def test_sockets_that_come_and_go_do_not_silence_a_room(server: Server, ada: Client, session: str) -> None:
    room = f"session:{session}"
    with ada.socket() as staying:
        guest = Guest(staying)
        guest.join(room)
        for _ in range(30):
            with ada.socket() as leaving:
                Guest(leaving).send(op="join", room=room)
        with ada.socket() as other:
            Guest(other).join(room)
            ada.post_run("sim/sim-n2-r0", session=session)
            assert guest.until(lambda message: message["op"] == "nudge")["room"] == room
