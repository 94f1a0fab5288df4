"""`manage.py serve`: how it starts, how it stops, and what a killed one leaves."""

import re
import signal
import socket
import time
from pathlib import Path

import httpx
import pytest

from tests.server import Client, Follower, Server, running_server


def test_it_prints_one_line_with_a_sign_in_link_that_is_in_no_other(data_dir: Path) -> None:
    with running_server(data_dir) as server:
        assert httpx.get(f"{server.base_url}/healthz").json()["status"] == "ok"
        (link,) = re.findall(r"http://\S+", "".join(server.output))
        assert link.startswith(server.base_url)
        assert httpx.get(link).status_code == 200
        token = link.rstrip("/").rsplit("/", 1)[-1]
        assert httpx.get(link.replace(token, "no" + token)).status_code >= 400
        assert server.stop() == 0
        assert sum(token in line for line in server.output) == 1


def test_each_status_has_its_words(data_dir: Path) -> None:
    with running_server(data_dir) as server:
        client = Client(server)
        refused = client.http.post("/runs", json={"model": "none", "prompt": "Hello"})
        assert refused.status_code == 422
        assert refused.reason_phrase.startswith("Unprocessable")
        client.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_saves_live_runs_and_tells_viewers_to_come_back(data_dir: Path, number: signal.Signals) -> None:
    with running_server(data_dir, PLAYGROUND_STOP_GRACE_S="0") as server:
        client = Client(server)
        run = client.post_run("sim/sim-n5000-r50-d0")
        waiting = client.post_run("sim/sim-n5-r50-d60000")
        with client.socket() as socket:
            follower = Follower(socket, run["id"])
            follower.until(10)
            began = time.monotonic()
            assert server.stop(number) == 0
            assert time.monotonic() - began < 5
            assert follower.until_closed() == 4412
        server.start()
        body = client.run(run["id"])
        assert body["status"] == "interrupted"
        assert body["text"].startswith(follower.text)
        assert body["error"]["code"] == "interrupted"
        assert client.run(waiting["id"])["status"] == "interrupted"
        client.close()


def test_after_a_kill_runs_are_interrupted_with_what_viewers_had_seen(data_dir: Path) -> None:
    with running_server(data_dir) as server:
        client = Client(server)
        run = client.post_run("sim/sim-n5000-r100-d0")
        with client.socket() as socket:
            follower = Follower(socket, run["id"])
            follower.until(20)
            seen = follower.after
            follower.until(20 + 60)  # 0.6 s more: what was seen before is durable by now
        server.kill()
        server.start()
        body = client.run(run["id"])
        assert body["status"] == "interrupted"
        stored = client.events(run["id"])
        assert [e["seq"] for e in stored] == list(range(len(stored)))
        assert len(stored) > seen
        assert [[e["t"], e["kind"], e["data"]] for e in stored][: seen + 1] == follower.events[: seen + 1]
        with client.socket() as socket:
            again = Follower(socket, run["id"], follower.after, follower.subscribed["epoch"])
            again.finish()
        assert again.subscribed["recovered"] is False
        assert again.text == body["text"]
        client.close()


def test_a_second_server_on_the_same_data_is_refused(data_dir: Path) -> None:
    with running_server(data_dir) as server, pytest.raises(AssertionError, match="Another server already uses"):
        server.manage("serve")


def test_a_port_in_use_is_told_with_what_to_do(data_dir: Path, tmp_path: Path) -> None:
    other = Server(tmp_path / "other")
    other.manage("migrate", "-v0")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(AssertionError, match=rf"Couldn't listen on 127.0.0.1:{port}.*PORT={port + 1}"):
            other.manage("serve", "--port", str(port))


@pytest.mark.parametrize("port", ["0", "99999", "eighty"])
def test_a_port_that_is_none_is_refused(data_dir: Path, port: str) -> None:
    with pytest.raises(AssertionError, match="whole number from 1 to 65535"):
        Server(data_dir).manage("serve", "--port", port)


def test_a_database_that_does_not_answer_is_told_in_one_line(data_dir: Path) -> None:
    server = Server(data_dir, DATABASE_URL="postgres://nobody@127.0.0.1:9/none")
    with pytest.raises(
        AssertionError, match=r"\ACommandError: The database does not answer: .* Check DATABASE_URL\.\Z"
    ):
        server.manage("serve")


def test_the_data_folder_is_closed_to_other_users(data_dir: Path) -> None:
    data_dir.mkdir(mode=0o755)
    Server(data_dir).manage("migrate", "-v0")
    assert data_dir.stat().st_mode & 0o777 == 0o700


def test_a_database_that_is_not_set_up_is_refused_with_one_line(data_dir: Path) -> None:
    with pytest.raises(AssertionError, match=r"\ACommandError: The database is not up to date\. Run .*migrate"):
        Server(data_dir).manage("serve")


def test_a_full_server_says_when_to_come_back(data_dir: Path) -> None:
    limits = {"PLAYGROUND_MAX_RUNS": "3", "PLAYGROUND_MAX_RUNS_PER_USER": "2"}
    with running_server(data_dir, **limits) as server:
        client, other = Client(server), Client(server, "other")
        for _ in range(2):
            client.post_run("sim/sim-n5000-r10-d0")
        refused = client.http.post("/runs", json={"model": "sim/sim-n3-r0", "prompt": "x"})
        assert (refused.status_code, refused.json()["error"]["code"]) == (429, "too_many_runs")
        other.post_run("sim/sim-n5000-r10-d0")
        refused = other.http.post("/runs", json={"model": "sim/sim-n3-r0", "prompt": "x"})
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "busy")
        assert int(refused.headers["Retry-After"]) >= 1
        client.close()
        other.close()


def test_a_setting_that_does_not_parse_stops_the_start_with_one_line(data_dir: Path) -> None:
    server = Server(data_dir, PLAYGROUND_MAX_RUNS="many")
    with pytest.raises(AssertionError, match=r"\APLAYGROUND_MAX_RUNS must be a whole number.*\.\Z"):
        server.manage("check")
