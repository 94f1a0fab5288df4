"""A run followed in the view `filtered`, over a real socket."""

from collections.abc import Iterator

import orjson
import pytest

from playground.filters.streaming import apply_rules, compile_rule
from tests.filters.factories import shown_part
from tests.server import Client, Follower, Server, running_server

PATTERN, REPLACEMENT = r"\w+\b", r"<\0>"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(tmp_path_factory.mktemp("filters")) as server:
        yield server


@pytest.fixture(scope="module")
def client(server: Server) -> Iterator[Client]:
    client = Client(server)
    yield client
    client.close()


@pytest.fixture(autouse=True, scope="module")
def _rule(server: Server, client: Client) -> None:
    make_rule(server, PATTERN, REPLACEMENT)


def make_rule(server: Server, pattern: str, replacement: str) -> None:
    made = f"make_rule({pattern!r}, {replacement!r})"
    server.manage("shell", "-v0", "-c", f"from tests.filters.factories import make_rule; {made}")


def filtered(text: str) -> str:
    return apply_rules([compile_rule(PATTERN, REPLACEMENT)], text)


def shown_by(follower: Follower) -> str:
    return shown_part((kind, data) for _, kind, data in follower.events)


def test_a_live_run_is_shown_filtered_beside_what_came(client: Client) -> None:
    run = client.post_run("sim/sim-n60-r200-d50")
    with client.socket() as socket:
        follower = Follower(socket, run["id"], view="filtered")
        raw = follower.finish()
    assert raw == client.run(run["id"])["text"]
    assert shown_by(follower) == filtered(raw) != raw
    kinds = [event["kind"] for event in client.events(run["id"])]
    assert [kind for _, kind, _ in follower.events] == kinds


def test_a_viewer_that_resumes_gets_the_rest(client: Client) -> None:
    run = client.post_run("sim/sim-n600-r0")
    with client.socket() as socket:
        first = Follower(socket, run["id"], view="filtered")
        first.until(100)
    with client.socket() as socket:
        rest = Follower(socket, run["id"], first.after, first.subscribed["epoch"], view="filtered")
        rest.finish()
    assert rest.subscribed["recovered"]
    both = [*first.events, *rest.events]
    assert shown_part((kind, data) for _, kind, data in both) == filtered(client.run(run["id"])["text"])


def test_the_raw_view_is_another_epoch(client: Client) -> None:
    run = client.post_run("sim/sim-n20-r0")
    with client.socket() as socket:
        seen = Follower(socket, run["id"], view="filtered")
        seen.finish()
        raw = Follower(socket, run["id"], seen.after, seen.subscribed["epoch"], view="raw")
        raw.finish()
    assert not raw.subscribed["recovered"]
    assert [[e["t"], e["kind"], e["data"]] for e in client.events(run["id"])] == raw.events


def test_an_unknown_view_is_refused(client: Client) -> None:
    with client.socket() as socket:
        for view in ("rosy", ["raw"], None):
            socket.send(orjson.dumps({"op": "subscribe", "run": "x", "after": -1, "view": view}).decode())
            told = orjson.loads(socket.recv(10))
            assert (told["op"], told["code"]) == ("error", "bad_request")
            assert "raw, filtered" in told["message"]
