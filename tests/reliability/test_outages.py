"""What a server needs goes away and comes back: nothing that streamed meanwhile is lost, and it says what is wrong."""

import contextlib
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.machines import OwnPostgreSQL, own_postgresql_server, own_redis_server
from tests.reliability.conftest import Serve
from tests.reliability.sizes import say, size
from tests.reliability.watching import Watcher
from tests.server import Client, Server, running_server

AWAY_S = size(8, 30)
NOTICED_WITHIN_S = 10.0
ANSWERED_WITHIN_S = 30.0
STREAMING = f"sim/sim-n{(AWAY_S + 20) * 40}-r40-d0"  # goes on well past the outage
SHORT = f"sim/sim-n{AWAY_S * 10}-r20-d0"  # ends in the middle of it


def problems_of(server: Server, path: str = "/readyz") -> list[str]:
    return [problem["code"] for problem in httpx.get(f"{server.base_url}{path}", timeout=60).json()["problems"]]


@contextlib.contextmanager
def locked_database(server: Server, lock: str = "BEGIN EXCLUSIVE") -> Iterator[None]:
    """Another program holds the SQLite database."""
    with contextlib.closing(sqlite3.connect(server.data_dir / "playground.sqlite3", isolation_level=None)) as other:
        other.execute(lock)
        yield
        other.execute("ROLLBACK")


@contextlib.contextmanager
def full_disk(folder: Path) -> Iterator[None]:
    """No byte can be written to the file system of `folder`."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"\0" * 4096)
    yield
    ballast.unlink()


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    folder.mkdir(mode=0o700)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=12m,mode=700", "tmpfs", str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@contextlib.contextmanager
def stopped(database: OwnPostgreSQL, mode: str) -> Iterator[None]:
    database.stop(mode)
    try:
        yield
    finally:
        database.start()


def check_an_outage(server: Server, outage: contextlib.AbstractContextManager[None], problem: str, name: str) -> None:
    """Runs that stream, and one that ends meanwhile, are whole in the end; new ones are refused for so long."""
    client = Client(server)
    streaming = Watcher(client, client.post_run(STREAMING)["id"])
    short = Watcher(client, client.post_run(SHORT)["id"])
    streaming.until(20)
    with outage:
        began = time.monotonic()
        streaming.until_health([problem])
        noticed_s = time.monotonic() - began
        assert noticed_s < NOTICED_WITHIN_S
        assert problems_of(server) == [problem]
        health = httpx.get(f"{server.base_url}/healthz")
        assert (health.status_code, health.json()["status"]) == (200, "degraded")
        _check_refusals(server, client)
        shown = len(streaming.shown)
        streaming.until(shown + 40)
        time.sleep(max(0.0, began + AWAY_S - time.monotonic()))  # an outage of that length is the test
        assert short.ended == ""  # an end is stored before it is shown
        assert streaming.ended == ""
        kept_up = len(streaming.shown) - shown
    back = time.monotonic()
    streaming.until_health([])
    stored_s = time.monotonic() - back
    assert httpx.get(f"{server.base_url}/readyz").status_code == 200
    assert short.until_ended() == "completed"
    client.post_run("sim/sim-n3-r0")
    assert streaming.until_ended() == "completed"
    for watcher in (streaming, short):
        stored = [[event["t"], event["kind"], event["data"]] for event in client.events(watcher.run_id)]
        assert stored == [event for _, event in watcher.shown]
        assert client.run(watcher.run_id)["text"] == watcher.text
    assert "Traceback" not in "".join(server.output), "".join(server.output)
    client.close()
    say(
        name,
        f"away for {back - began:.0f} s, noticed after {noticed_s:.1f} s, {kept_up} events shown meanwhile; "
        f"all stored {stored_s:.1f} s after its return, 0 lost, 0 doubled",
    )


def _check_refusals(server: Server, client: Client) -> None:
    """Nobody waits for what cannot be done: REST, the gateway and a page say so, and when to come back."""
    body = {"model": "sim/sim-n3-r0", "prompt": "Hello"}
    refused = client.http.post("/runs", json=body)
    assert (refused.status_code, refused.json()["error"]["code"]) == (503, "busy")
    assert int(refused.headers["Retry-After"]) > 0
    gateway = {"model": body["model"], "messages": [{"role": "user", "content": "Hello"}]}
    refused = httpx.post(
        f"{server.base_url}/v1/chat/completions", json=gateway, headers=client.headers, timeout=ANSWERED_WITHIN_S
    )
    assert refused.status_code == 503
    assert int(refused.headers["Retry-After"]) > 0


def test_a_locked_database(serve: Serve) -> None:
    with serve() as server:
        check_an_outage(server, locked_database(server), "database", "SQLite locked")


def test_a_server_starts_while_the_database_is_locked(tmp_path: Path) -> None:
    server = Server(tmp_path)
    server.manage("migrate", "-v0")
    try:
        with locked_database(server, "BEGIN IMMEDIATE"):
            server.start()
            assert "There is no sign-in link" in "".join(server.output)
            _until_problems(server, ["database"])
        _until_problems(server, [])
    finally:
        server.kill()
    assert "Traceback" not in "".join(server.output)


def _until_problems(server: Server, expected: list[str]) -> None:
    deadline = time.monotonic() + 3 * NOTICED_WITHIN_S
    while problems_of(server) != expected:
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_run_is_stopped_while_the_database_is_locked(serve: Serve) -> None:
    with serve() as server, contextlib.closing(Client(server)) as client:
        watcher = Watcher(client, client.post_run(STREAMING)["id"])
        watcher.until(20)
        with locked_database(server):
            watcher.until_health(["database"])
            asked = client.http.post(f"/runs/{watcher.run_id}/cancel")
            assert asked.status_code == 202, asked.text
            assert client.http.post("/runs", json={"model": "sim/sim-n3-r0", "prompt": "Hello"}).status_code == 503
            seen = len(watcher.shown)
            time.sleep(2)  # what a run that goes on would be told by
            assert len(watcher.shown) - seen < 40
        assert watcher.until_ended() == "cancelled"
        assert "django.request" not in "".join(server.output)  # that somebody was refused is counted, not logged


def test_a_full_disk(serve: Serve, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    with small_disk(disk), serve(disk) as server:
        check_an_outage(server, full_disk(disk), "disk", "disk full")


@pytest.mark.postgresql
@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_postgresql_goes_away(open_folder: Path, tmp_path: Path, mode: str) -> None:
    with (
        own_postgresql_server(open_folder) as database,
        running_server(tmp_path / "data", DATABASE_URL=database.url) as server,
    ):
        check_an_outage(server, stopped(database, mode), "database", f"PostgreSQL away ({mode})")
        if mode == "fast":
            _check_pages_while_away(server, database)


def _check_pages_while_away(server: Server, database: OwnPostgreSQL) -> None:
    with stopped(database, "fast"):
        page = httpx.get(f"{server.base_url}/", cookies={"sessionid": "a" * 32}, timeout=ANSWERED_WITHIN_S)
        assert page.status_code == 503
        assert int(page.headers["Retry-After"]) > 0
        assert "The database does not answer" in page.text
        partial = httpx.get(f"{server.base_url}/", cookies={"sessionid": "a" * 32}, headers={"HX-Request": "true"})
        assert (partial.status_code, "<html" in partial.text) == (503, False)
        assert "playground:notice" in partial.headers["HX-Trigger"]
        assert httpx.get(f"{server.base_url}/healthz").status_code == 200
    assert "Traceback" not in "".join(server.output)


@pytest.mark.redis
def test_redis_goes_away(serve: Serve, tmp_path: Path) -> None:
    with own_redis_server(tmp_path) as redis, serve(REDIS_URL=redis.url) as server:
        client = Client(server)
        watcher = Watcher(client, client.post_run(STREAMING)["id"])
        watcher.until(20)
        redis.kill()
        watcher.until_health(["redis"])
        assert problems_of(server, "/healthz") == ["redis"]
        assert problems_of(server) == []  # one server needs no Redis to begin a run
        meanwhile = Watcher(client, client.post_run("sim/sim-n50-r50-d0")["id"])
        assert meanwhile.until_ended() == "completed"
        shown = len(watcher.shown)
        watcher.until(shown + AWAY_S * 40)
        redis.start()
        watcher.until_health([])
        assert watcher.until_ended() == "completed"
        stored = [[event["t"], event["kind"], event["data"]] for event in client.events(watcher.run_id)]
        assert stored == [event for _, event in watcher.shown]
        assert "Traceback" not in "".join(server.output)
        client.close()
        say("Redis away", f"{len(watcher.shown) - shown} events shown without it, 0 lost, 0 doubled")


def test_what_waits_in_memory_is_bounded(serve: Serve) -> None:
    bound = 2_000_000
    with serve(PLAYGROUND_MAX_UNSTORED_BYTES=str(bound)) as server:
        client = Client(server)
        large = Watcher(client, client.post_run("sim/sim-n200000-r2000-d0")["id"])
        small = Watcher(client, client.post_run(STREAMING)["id"])
        small.until(10)
        large.until(10)
        with locked_database(server):
            large.until_health(["database"])
            _until_silent(large)
            assert client.run(large.run_id)["status"] == "streaming"  # its end waits for the database
            small.until(len(small.shown) + 20)
        assert large.until_ended() == "failed"
        assert client.run(large.run_id)["error"]["code"] == "not_stored"
        assert client.run(large.run_id)["text"] == large.text
        client.http.post(f"/runs/{small.run_id}/cancel")
        assert small.until_ended() == "cancelled"
        client.close()
        say("memory", f"of {bound} bytes, one run was ended after {len(large.shown)} events; the other went on")


def _until_silent(watcher: Watcher) -> None:
    """Wait until nothing was shown for a second."""
    deadline = time.monotonic() + 60
    while watcher.shown[-1][0] > time.monotonic() - 1:
        assert time.monotonic() < deadline, "it goes on and on"
        time.sleep(0.1)
