"""Sockets that close: a message to one is nobody's fault; who may not ask any more is refused, and then closed."""

import contextlib
import sqlite3
import time
from typing import Any, NamedTuple

import orjson
import pytest
from autobahn.exception import Disconnected
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from playground.runs import guard
from playground.runs.consumers import while_open
from tests.server import Server


async def test_a_message_to_a_closed_socket_is_dropped() -> None:
    async def closed(_message: object) -> None:
        raise Disconnected("Attempt to send on a closed protocol")

    await while_open(closed)({"type": "websocket.send", "text": "hello"})


async def test_a_message_to_an_open_socket_is_sent_as_it_is() -> None:
    sent: list[object] = []

    async def taken(message: object) -> None:
        sent.append(message)

    await while_open(taken)({"type": "websocket.send", "text": "hello"})
    assert sent == [{"type": "websocket.send", "text": "hello"}]


async def test_any_other_fault_is_told() -> None:
    async def broken(_message: object) -> None:
        raise ValueError("no such message")

    with pytest.raises(ValueError, match="no such message"):
        await while_open(broken)({})


# What is done, to whom, and by what they came in. Each is done as another process would, in the database.
SIGNED_OUT = "DELETE FROM django_session WHERE session_key = :cookie"
NEW_PASSWORD = "UPDATE accounts_user SET password = 'another' WHERE id = :user"
DISABLED = "UPDATE accounts_user SET is_active = 0 WHERE id = :user"
REMOVED = "DELETE FROM workspaces_membership WHERE user_id = :user"
REVOKED = "UPDATE workspaces_apitoken SET revoked_at = '2026-01-01' WHERE user_id = :user"
EXPIRED = "UPDATE workspaces_apitoken SET expires_at = '2026-01-01' WHERE user_id = :user"
LINK_REVOKED = "UPDATE sharing_sharelink SET revoked_at = '2026-01-01' WHERE id = :link_id"
LINK_EXPIRED = "UPDATE sharing_sharelink SET expires_at = '2026-01-01' WHERE id = :link_id"
CASES = {
    "signed-out": ("cookie", SIGNED_OUT),
    "new-password": ("cookie", NEW_PASSWORD),
    "disabled": ("cookie", DISABLED),
    "token-of-disabled": ("token", DISABLED),
    "token-of-removed": ("token", REMOVED),
    "token-revoked": ("token", REVOKED),
    "token-expired": ("token", EXPIRED),
    "link-revoked": ("link", LINK_REVOKED),
    "link-expired": ("link", LINK_EXPIRED),
}
REFUSED_WITHIN_S = 2.0  # at once, but for a check that was made a moment before
CLOSED_WITHIN_S = 5.0 + 3.0  # and a busy machine's grace
NOT_SIGNED_IN = 4401
GUARDED_S = guard.EVERY_S + 1.0


class Closed(NamedTuple):
    """With which code, and how many seconds after the change, the next message and an idle socket were answered."""

    code: int | None
    after_s: float
    idle_code: int | None
    idle_after_s: float


@pytest.fixture(scope="module")
def people(server: Server) -> dict[str, dict[str, Any]]:
    build = f"from tests.runs.closing_world import build; build({[*CASES, 'removed', 'token-kept']})"
    found: dict[str, dict[str, Any]] = orjson.loads(server.manage("shell", "-v0", "-c", build).splitlines()[-1])
    return found


def opened(server: Server, person: dict[str, Any], by: str) -> ClientConnection:
    headers = {
        "cookie": {"Cookie": f"sessionid={person['cookie']}", "Origin": server.base_url},
        "token": {"Authorization": f"Bearer {person['token']}"},
        "link": {},
    }
    query = f"?share={person['link']}" if by == "link" else ""
    return connect(server.ws_url + query, additional_headers=headers[by], proxy=None)


def do(server: Server, statement: str, person: dict[str, Any]) -> None:
    path = server.data_dir / "playground.sqlite3"
    with contextlib.closing(sqlite3.connect(path, timeout=20)) as database, database:
        assert database.execute(statement, person).rowcount


def ask(socket: ClientConnection, **message: object) -> dict[str, Any]:
    """The answer; raises ConnectionClosed."""
    socket.send(orjson.dumps(message).decode())
    answer: dict[str, Any] = orjson.loads(socket.recv(10))
    return answer


@pytest.fixture(scope="module")
def closed(server: Server, people: dict[str, dict[str, Any]]) -> dict[str, Closed]:
    """By case. All at once, since all idle sockets wait for the same round of the guard."""
    sockets = {}
    for case, (by, _statement) in CASES.items():
        asking, idle = opened(server, people[case], by), opened(server, people[case], by)
        assert ask(asking, op="ping") == {"op": "pong"}
        assert ask(idle, op="subscribe", run=people[case]["run"], after=-1)["op"] == "subscribed"
        sockets[case] = (asking, idle)
    found = {}
    changed = {}
    for case, (_by, statement) in CASES.items():
        do(server, statement, people[case])
        changed[case] = time.monotonic()
        asking, _idle = sockets[case]
        with contextlib.suppress(ConnectionClosed):
            while True:
                ask(asking, op="ping")
        found[case] = (asking.close_code, time.monotonic() - changed[case])
    closed = {}
    for case, (_asking, idle) in sockets.items():
        with contextlib.suppress(ConnectionClosed):
            while True:
                idle.recv(CLOSED_WITHIN_S)
        closed[case] = Closed(*found[case], idle.close_code, time.monotonic() - changed[case])
    return closed


@pytest.mark.parametrize("case", CASES)
def test_who_may_not_ask_any_more_is_refused_the_next_message(closed: dict[str, Closed], case: str) -> None:
    assert closed[case].code == NOT_SIGNED_IN
    assert closed[case].after_s < REFUSED_WITHIN_S


@pytest.mark.parametrize("case", CASES)
def test_the_idle_socket_of_who_may_not_read_any_more_is_closed(closed: dict[str, Closed], case: str) -> None:
    assert closed[case].idle_code == NOT_SIGNED_IN
    assert closed[case].idle_after_s < CLOSED_WITHIN_S


def test_a_new_password_leaves_the_sockets_of_tokens_open(server: Server, people: dict[str, dict[str, Any]]) -> None:
    """They are credentials of their own: their person may revoke them with the password."""
    person = people["token-kept"]
    with opened(server, person, "token") as socket:
        do(server, NEW_PASSWORD, person)
        time.sleep(GUARDED_S)
        assert ask(socket, op="ping") == {"op": "pong"}


def test_who_was_removed_stays_signed_in_and_reads_nothing_there_any_more(
    server: Server, people: dict[str, dict[str, Any]]
) -> None:
    person = people["removed"]
    wanted = {"op": "subscribe", "run": person["run"], "after": -1}
    with opened(server, person, "cookie") as page:
        assert ask(page, **wanted)["op"] == "subscribed"
        do(server, REMOVED, person)
        while (answer := ask(page, **wanted))["op"] != "error":
            assert answer["op"] in ("subscribed", "ended", "frame"), answer
        assert answer["code"] == "not_found"
        answer = ask(page, op="ping")
        while answer["op"] == "error":
            assert answer["code"] == "not_found"
            answer = orjson.loads(page.recv(10))
        assert answer == {"op": "pong"}
