"""A link's holder follows a live run on the real socket from its first token, and reads nothing else there."""

from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.server import Client, Follower, Server, running_server

SYSTEM = "canary-system"
MAKE_LINK = """
from playground.runs.models import Session
from playground.sharing.contents import Contents
from playground.sharing.links import LinkDraft, make_pass, share_session
session = Session.objects.select_related("workspace", "owner").get(pk="{session}")
link, token = share_session(session.owner, session, LinkDraft(Contents(timeline={timeline}), password="{password}"))
print(token, make_pass(link), link.pk)
"""
REVOKE = """
from django.utils import timezone
from playground.sharing.models import ShareLink
ShareLink.objects.filter(pk={pk}).update(revoked_at=timezone.now())
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(tmp_path_factory.mktemp("share")) as server:
        yield server


@pytest.fixture(scope="module")
def author(server: Server) -> Iterator[Client]:
    client = Client(server, "author")
    yield client
    client.close()


def make_run(author: Client, model: str = "sim/sim-n60-r30") -> dict[str, str]:
    return author.post_run(
        model, messages=[{"role": "system", "content": SYSTEM}, {"role": "user", "content": "Sing."}], prompt=None
    )


def make_link(server: Server, session: str, *, timeline: bool = True, password: str = "") -> list[str]:
    return server.manage(
        "shell", "-v0", "-c", MAKE_LINK.format(session=session, timeline=timeline, password=password)
    ).split()


def by_link(server: Server, token: str) -> ClientConnection:
    return connect(f"{server.ws_url}?share={token}", proxy=None, max_size=None)


def close_code(socket: ClientConnection) -> int | None:
    try:
        socket.recv(10)
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else None
    raise AssertionError("the socket stayed open")


def test_a_live_run_is_followed_from_its_first_token_and_stripped(server: Server, author: Client) -> None:
    run = make_run(author)
    _token, ticket, _pk = make_link(server, run["session"])
    with by_link(server, ticket) as socket:
        follower = Follower(socket, run["id"])
        text = follower.finish()
    assert text == author.run(run["id"])["text"] != ""
    written = orjson.dumps(follower.events).decode()
    for canary in (SYSTEM, "http://", "127.0.0.1", "content-type", "messages_count"):
        assert canary not in written
    assert follower.events[0][1] == "run.started"


def test_without_the_timeline_the_socket_tells_whole_seconds(server: Server, author: Client) -> None:
    run = make_run(author)
    token, _ticket, _pk = make_link(server, run["session"], timeline=False)
    with by_link(server, token) as socket:
        follower = Follower(socket, run["id"])
        follower.finish()
    assert {t % 1_000_000 for t, _, _ in follower.events} == {0}


def test_nothing_else_can_be_read_or_done(server: Server, author: Client) -> None:
    run, other = make_run(author, "sim/sim-n5-r0"), make_run(author, "sim/sim-n5-r0")
    token, *_ = make_link(server, run["session"])
    with by_link(server, token) as socket:
        for message in (
            {"op": "subscribe", "run": other["id"], "after": -1},
            {"op": "cancel", "run": other["id"]},
            {"op": "join", "room": "workspace:1"},
            {"op": "join", "room": f"session:{other['session']}"},
        ):
            socket.send(orjson.dumps(message).decode())
            answer = orjson.loads(socket.recv(10))
            assert (answer["op"], answer["code"]) == ("error", "not_found")
        socket.send(orjson.dumps({"op": "cancel", "run": run["id"]}).decode())
        assert orjson.loads(socket.recv(10))["code"] == "forbidden"


def test_a_link_with_a_password_does_not_open_the_socket_by_its_token(server: Server, author: Client) -> None:
    run = make_run(author, "sim/sim-n5-r0")
    token, ticket, _pk = make_link(server, run["session"], password="open sesame")
    with by_link(server, token) as socket:
        assert close_code(socket) == 4401
    with by_link(server, ticket) as socket:
        assert Follower(socket, run["id"]).finish()


def test_revoking_closes_the_sockets_that_the_link_opened(server: Server, author: Client) -> None:
    run = make_run(author, "sim/sim-n5-r0")
    _token, ticket, pk = make_link(server, run["session"])
    with by_link(server, ticket) as socket:
        Follower(socket, run["id"]).finish()
        server.manage("shell", "-v0", "-c", REVOKE.format(pk=pk))
        assert close_code(socket) == 4401


def test_no_token_is_in_the_servers_output(server: Server, author: Client, tmp_path: Path) -> None:
    run = make_run(author, "sim/sim-n5-r0")
    token, ticket, _pk = make_link(server, run["session"])
    with by_link(server, ticket) as socket:
        Follower(socket, run["id"]).finish()
    author.http.get(f"{server.base_url}/s/{token}/nowhere/")
    output = "".join(server.output)
    assert token not in output
    assert ticket not in output
