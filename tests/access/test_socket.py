"""Every operation of the socket × everybody: the answer is the one in the table, and an op that is not in it fails."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import orjson
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.typing import Origin

from tests.access.cast import MEMBERS, Who
from tests.server import Server, running_server

NOT_SIGNED_IN = 4401
YES, UNKNOWN, FORBIDDEN, CLOSED = "yes", "not_found", "forbidden", "closed"
NOBODY = dict.fromkeys((Who.ANONYMOUS, Who.REVOKED, Who.EXPIRED), CLOSED)
Rule = Mapping[Who, str]


def rule(*let_in: Who, members: str = UNKNOWN, link: str = UNKNOWN) -> Rule:
    others = {**dict.fromkeys(MEMBERS, members), Who.STRANGER: UNKNOWN, Who.LINK: link}
    return {**NOBODY, **others, **dict.fromkeys(let_in, YES)}


EVERYBODY = rule(*MEMBERS, Who.STRANGER, Who.LINK)  # who has a socket at all
# (op, about what): the link is of the session that the workspace sees
TABLE: dict[tuple[str, str], Rule] = {
    ("ping", ""): EVERYBODY,
    ("subscribe", "workspace"): rule(*MEMBERS, Who.LINK),
    ("subscribe", "private"): rule(Who.AUTHOR),
    ("subscribe", "workspace, filtered"): rule(*MEMBERS, Who.LINK),
    ("subscribe", "private, filtered"): rule(Who.AUTHOR),
    ("unsubscribe", "workspace"): EVERYBODY,  # from what one did not follow: nothing happens
    ("ack", "workspace"): EVERYBODY,
    ("cancel", "workspace"): rule(Who.AUTHOR, Who.OWNER, members=FORBIDDEN, link=FORBIDDEN),
    ("cancel", "private"): rule(Who.AUTHOR),
    ("join", "session:workspace"): rule(*MEMBERS, Who.LINK),
    ("join", "session:private"): rule(Who.AUTHOR),
    ("join", "workspace"): rule(*MEMBERS),
    ("join", "user"): rule(Who.AUTHOR),
    ("leave", "session:workspace"): EVERYBODY,
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(tmp_path_factory.mktemp("access")) as server:
        yield server


@pytest.fixture(scope="module")
def world(server: Server) -> dict[str, Any]:
    printed = server.manage("shell", "-v0", "-c", "from tests.access.socket_world import build; build()")
    built: dict[str, Any] = orjson.loads(printed.splitlines()[-1])
    return built


def message(world: Mapping[str, Any], op: str, about: str) -> dict[str, Any]:
    rooms = {"workspace": f"workspace:{world['workspace']}", "user": f"user:{world['author']}"}
    if op in ("join", "leave"):
        kind, _, which = about.partition(":")
        return {"op": op, "room": f"session:{world['sessions'][which]}" if kind == "session" else rooms[kind]}
    about, _, view = about.partition(", ")
    return {"op": op, "run": world["runs"].get(about), "after": -1, "seq": 0, "view": view or "raw"}


def ask(server: Server, world: Mapping[str, Any], who: Who, said: Mapping[str, Any]) -> str:
    """What comes back, up to the answer of a ping that is sent behind it."""
    query = f"?share={world['links'][who]}" if who in world["links"] else ""
    token = world["tokens"].get(who)
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    with connect(server.ws_url + query, additional_headers=headers) as socket:
        try:
            for sent in (said, {"op": "ping"}):
                socket.send(orjson.dumps(sent).decode())
            while True:
                answer = orjson.loads(socket.recv(10))
                if answer["op"] == "error":
                    return str(answer["code"])
                if answer["op"] == "pong":
                    return YES
        except ConnectionClosed as closed:
            return CLOSED if closed.rcvd is not None and closed.rcvd.code == NOT_SIGNED_IN else "broken"


@pytest.mark.parametrize(("op", "about"), TABLE, ids=lambda part: part or "-")
def test_everybody_gets_the_answer_of_the_table(server: Server, world: dict[str, Any], op: str, about: str) -> None:
    said = message(world, op, about)
    assert {who: ask(server, world, who, said) for who in Who} == TABLE[op, about]


def test_every_op_is_in_the_table(server: Server, world: dict[str, Any]) -> None:
    with connect(server.ws_url, additional_headers={"Authorization": f"Bearer {world['tokens']['author']}"}) as socket:
        socket.send('{"op": "nonsense"}')
        told = orjson.loads(socket.recv(10))["message"]
    existing = re.findall(r"\w+", told.partition("there are ")[2])
    assert set(existing) == {op for op, _ in TABLE}


def test_a_made_up_cookie_opens_no_socket(server: Server) -> None:
    cookie = {"Cookie": "sessionid=made-up"}
    with (
        connect(server.ws_url, additional_headers=cookie, origin=Origin(server.base_url)) as socket,
        pytest.raises(ConnectionClosed) as closed,
    ):
        socket.recv(10)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == NOT_SIGNED_IN
