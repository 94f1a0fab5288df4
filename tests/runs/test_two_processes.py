"""Two servers on one PostgreSQL: any of them serves any viewer of any run."""

import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.utils.crypto import get_random_string
from psycopg import sql

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
def pair(database: str, tmp_path: Path) -> Iterator[tuple[Server, Server]]:
    shared = {"DATABASE_URL": database, "SECRET_KEY": "one-secret-key-for-both-of-the-servers"}
    with (
        running_server(tmp_path / "a", **shared) as first,
        running_server(tmp_path / "b", **shared) as second,
    ):
        yield first, second


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
