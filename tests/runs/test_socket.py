"""The WebSocket protocol, over a real socket to a real server."""

from uuid import uuid4

import orjson
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.server import Client, Follower, Server


def ask(client: Client, *messages: object) -> list[dict[str, object]]:
    """Send each message and take one answer to it."""
    answers = []
    with client.socket() as socket:
        for message in messages:
            socket.send(message if isinstance(message, str | bytes) else orjson.dumps(message).decode())
            answers.append(orjson.loads(socket.recv(10)))
    return answers


def test_a_run_is_followed_from_its_first_token_to_its_end(api_client: Client) -> None:
    run = api_client.post_run("sim/sim-n60-r200-d50")
    with api_client.socket() as socket:
        follower = Follower(socket, run["id"])
        text = follower.finish()
    assert text
    assert follower.ended is not None
    assert follower.ended["status"] == "completed"
    assert next(kind for _, kind, _ in follower.events) == "run.started"
    assert [kind for _, kind, _ in follower.events][-1] == "run.ended"
    assert api_client.run(run["id"])["text"] == text
    times = [t for t, _, _ in follower.events]
    assert times == sorted(times)


def test_joining_late_gives_the_same_events(api_client: Client) -> None:
    run = api_client.post_run("sim/sim-n40-r200-d20")
    with api_client.socket() as socket:
        first = Follower(socket, run["id"])
        first.finish()
    with api_client.socket() as socket:
        late = Follower(socket, run["id"])
        late.finish()
    assert late.events == first.events
    stored = api_client.events(run["id"])
    assert [[e["t"], e["kind"], e["data"]] for e in stored] == first.events
    assert [e["seq"] for e in stored] == list(range(len(stored)))


def test_viewers_of_an_ended_run_read_it_each_from_their_own_place(api_client: Client) -> None:
    run = api_client.post_run("sim/sim-n40-r0")
    api_client.wait(run["id"])
    stored = [[e["t"], e["kind"], e["data"]] for e in api_client.events(run["id"])]
    with api_client.socket() as one, api_client.socket() as other:
        whole = Follower(one, run["id"])
        whole.finish()
        rest = Follower(other, run["id"], 20, whole.subscribed["epoch"])
        rest.finish()
    assert whole.events == stored
    assert rest.events == stored[21:]


def test_resuming_in_mid_stream_loses_and_doubles_nothing(api_client: Client) -> None:
    run = api_client.post_run("sim/sim-n100-r200-d20")
    seen: list[list[object]] = []
    after, epoch = -1, None
    for cut in (10, 35, 60):
        with api_client.socket() as socket:
            follower = Follower(socket, run["id"], after, epoch)
            follower.until(max(1, cut - len(seen)))
            seen += follower.events
            after, epoch = follower.after, follower.subscribed["epoch"]
            assert follower.subscribed["recovered"] is True
    with api_client.socket() as socket:
        follower = Follower(socket, run["id"], after, epoch)
        follower.finish()
    seen += follower.events
    assert [[e["t"], e["kind"], e["data"]] for e in api_client.events(run["id"])] == seen


def test_a_wrong_epoch_starts_anew(api_client: Client) -> None:
    run = api_client.post_run("sim/sim-n5-r0")
    with api_client.socket() as socket:
        follower = Follower(socket, run["id"], 3, "not-this-epoch")
        follower.finish()
    assert follower.subscribed["recovered"] is False
    assert follower.subscribed["after"] == -1
    assert len(follower.events) == follower.after + 1


def test_stop_ends_a_run_and_is_idempotent(api_client: Client) -> None:
    run = api_client.post_run("sim/sim-n1000-r20-d0")
    with api_client.socket() as socket:
        follower = Follower(socket, run["id"])
        follower.until(6)
        follower.send({"op": "cancel", "run": run["id"]})
        follower.send({"op": "cancel", "run": run["id"]})
        follower.finish()
        follower.send({"op": "cancel", "run": run["id"]})
        follower.send({"op": "ping"})
        assert orjson.loads(socket.recv(10)) == {"op": "pong"}
    assert follower.ended is not None
    assert follower.ended["status"] == "cancelled"
    assert follower.text
    assert api_client.run(run["id"])["text"] == follower.text


def test_a_closed_socket_does_not_end_the_run(api_client: Client) -> None:
    run = api_client.post_run("sim/sim-n40-r100-d0")
    with api_client.socket() as socket:
        Follower(socket, run["id"]).until(5)
    with api_client.socket() as socket:
        follower = Follower(socket, run["id"])
        follower.finish()
    assert follower.ended is not None
    assert follower.ended["status"] == "completed"


@pytest.mark.parametrize(
    "message",
    [
        "{not json",
        b"\x00\x01",
        "[1, 2]",
        {"op": "dance"},
        {"op": ["subscribe"]},
        {"run": "x"},
        {"op": "subscribe", "run": "nonsense", "after": -1},
        {"op": "subscribe", "run": 17, "after": -1},
        {"op": "subscribe", "run": ["a"], "after": -1},
        {"op": "subscribe", "run": str(uuid4()), "after": -2},
        {"op": "subscribe", "run": str(uuid4()), "after": "0"},
        {"op": "subscribe", "run": str(uuid4()), "after": True},
        {"op": "subscribe", "run": str(uuid4()), "after": -1, "epoch": 5},
        {"op": "cancel"},
        {"op": "ack", "run": str(uuid4()), "seq": None},
    ],
)
def test_what_is_not_understood_is_told_and_the_socket_stays(api_client: Client, message: object) -> None:
    wrong, pong = ask(api_client, message, {"op": "ping"})
    assert wrong["op"] == "error"
    assert wrong["code"] == "bad_request"
    assert wrong["message"]
    assert pong == {"op": "pong"}


def test_a_message_that_is_too_large_is_told_by_the_close_code(api_client: Client) -> None:
    with api_client.socket() as socket:
        socket.send("x" * 2_000_000)
        with pytest.raises(ConnectionClosed):
            socket.recv(10)
        assert socket.close_code == 1009


@pytest.mark.parametrize("op", ["subscribe", "cancel"])
def test_a_run_of_someone_else_is_not_found(api_client: Client, server: Server, op: str) -> None:
    stranger = Client(server, "stranger")
    run = api_client.post_run("sim/sim-n200-r50-d0")
    for run_id in (run["id"], str(uuid4())):
        (answer,) = ask(stranger, {"op": op, "run": run_id, "after": -1})
        assert (answer["op"], answer["code"], answer["run"]) == ("error", "not_found", run_id)
    stranger.close()
    assert api_client.run(run["id"])["status"] in ("queued", "streaming")
    api_client.http.post(f"/runs/{run['id']}/cancel")


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Bearer nonsense"}, {"Authorization": "Basic eDp5"}, {"Cookie": "sessionid=x"}]
)
def test_a_socket_without_credentials_is_closed(server: Server, headers: dict[str, str]) -> None:
    with connect(server.ws_url, additional_headers=headers, origin=server.base_url, proxy=None) as socket:  # type: ignore[arg-type]
        with pytest.raises(ConnectionClosed):
            socket.recv(10)
        assert socket.close_code == 4401
