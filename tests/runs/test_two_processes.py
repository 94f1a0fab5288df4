"""Two servers on one PostgreSQL: any of them serves any viewer of any run."""

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.utils.crypto import get_random_string
from psycopg import sql

from tests.machines import OwnRedis, own_redis_server
from tests.runs.guests import Guest
from tests.server import Client, Follower, Server, running_server
from tests.services import database_url

pytestmark = pytest.mark.postgresql

WITHIN_S = 10.0  # of the death of a process, its runs are ended


@pytest.fixture
def database() -> Iterator[str]:
    """An empty database of the test's own; its URL."""
    name = f"playground_{get_random_string(8).lower()}"
    with psycopg.connect(database_url(), autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield database_url().rsplit("/", 1)[0] + f"/{name}"
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[OwnRedis]:
    with own_redis_server(tmp_path) as server:
        yield server


@contextlib.contextmanager
def two_servers(database: str, folder: Path, **environment: str) -> Iterator[tuple[Server, Server]]:
    shared = {"DATABASE_URL": database, "SECRET_KEY": "one-secret-key-for-both-of-the-servers", **environment}
    with running_server(folder / "a", **shared) as first, running_server(folder / "b", **shared) as second:
        yield first, second


@pytest.fixture(params=["database", pytest.param("redis", marks=pytest.mark.redis)])
def pair(request: pytest.FixtureRequest, database: str, tmp_path: Path) -> Iterator[tuple[Server, Server]]:
    """Two servers that share the database alone, or Redis too."""
    environment = {"REDIS_URL": request.getfixturevalue("redis_url")} if request.param == "redis" else {}
    with two_servers(database, tmp_path, **environment) as servers:
        yield servers


def at(client: Client, server: Server) -> Client:
    """The same person at another server."""
    return Client(server, token=client.token)


def test_a_run_is_followed_and_stopped_from_the_other_process(pair: tuple[Server, Server]) -> None:
    here = Client(pair[0])
    there = at(here, pair[1])
    run = here.post_run("sim/sim-n5000-r50-d0")
    with there.socket() as socket:
        follower = Follower(socket, run["id"])
        follower.until(30)
        asked = time.monotonic()
        follower.send({"op": "cancel", "run": run["id"]})
        text = follower.finish()
        assert time.monotonic() - asked < 2
    assert follower.ended is not None
    assert follower.ended["status"] == "cancelled"
    assert here.run(run["id"])["text"] == text
    assert [[e["t"], e["kind"], e["data"]] for e in here.events(run["id"])] == follower.events
    here.close()
    there.close()


def test_when_a_process_dies_viewers_of_the_other_see_its_runs_end(pair: tuple[Server, Server]) -> None:
    here = Client(pair[0])
    there = at(here, pair[1])
    run = here.post_run("sim/sim-n50000-r50-d0")
    with there.socket() as socket:
        follower = Follower(socket, run["id"])
        follower.until(30)
        pair[0].kill()
        died = time.monotonic()
        follower.finish()
        assert time.monotonic() - died < WITHIN_S
    assert follower.ended is not None
    assert follower.ended["status"] == "interrupted"
    body = there.run(run["id"])
    assert (body["status"], body["text"]) == ("interrupted", follower.text)
    here.close()
    there.close()


@pytest.mark.redis
def test_over_redis_events_arrive_before_they_are_stored(database: str, redis_url: str, tmp_path: Path) -> None:
    with two_servers(database, tmp_path, REDIS_URL=redis_url) as servers:
        here = Client(servers[0])
        there = at(here, servers[1])
        run = here.post_run("sim/sim-n400-r100-d0")
        with there.socket() as socket:
            follower = Follower(socket, run["id"])
            follower.finish()
        frames = [e["t"] for e in here.events(run["id"])]
        assert [t for t, _, _ in follower.events] == frames
        # The writer stores about 20 of these events at once; over the bus they come in smaller frames.
        assert follower.frames > len(follower.events) / 10
        here.close()
        there.close()


@pytest.mark.redis
def test_redis_may_die_and_come_back_in_mid_stream(database: str, own_redis: OwnRedis, tmp_path: Path) -> None:
    with two_servers(database, tmp_path, REDIS_URL=own_redis.url) as servers:
        here = Client(servers[0])
        there = at(here, servers[1])
        run = here.post_run("sim/sim-n400-r50-d0")
        with there.socket() as socket:
            follower = Follower(socket, run["id"])
            follower.until(50)
            own_redis.kill()
            follower.until(150)
            own_redis.start()
            text = follower.finish()
        assert follower.ended is not None
        assert follower.ended["status"] == "completed"
        assert [[e["t"], e["kind"], e["data"]] for e in here.events(run["id"])] == follower.events
        assert here.run(run["id"])["text"] == text
        here.close()
        there.close()


@pytest.mark.redis
def test_people_at_two_processes_see_each_other_and_redis_may_die_meanwhile(
    database: str, own_redis: OwnRedis, tmp_path: Path
) -> None:
    with two_servers(database, tmp_path, REDIS_URL=own_redis.url) as servers:
        ada = Client(servers[0], "ada")
        grace = Client(servers[1], "grace")
        room = f"workspace:{servers[0].manage('shell', '-v0', '-c', WORKSPACE)}"
        with ada.socket() as first, grace.socket() as second:
            one, two = Guest(first), Guest(second)
            assert [one.join(room)["op"], two.join(room)["op"]] == ["joined", "joined"]
            assert one.presence(2)["people"] == two.presence(2)["people"] == ["ada", "grace"]
            own_redis.kill()
            two.send(op="leave", room=room)
            with ada.socket() as third:
                assert Guest(third).join(room)["op"] == "joined"
            own_redis.start()
            assert one.presence(1)["people"] == ["ada"]
            two.join(room)
            assert one.presence(2)["people"] == two.presence(2)["people"] == ["ada", "grace"]
        log = "".join(servers[1].output)
        assert "Redis does not answer; people on other processes" in log
        assert "Traceback" not in log
        ada.close()
        grace.close()


WORKSPACE = "from playground.workspaces.models import Workspace as W; print(W.objects.default().pk)"
