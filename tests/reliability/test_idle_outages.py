"""A process without a run notices what its database does, too: it is where a load balancer sends the next run."""

import contextlib
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path

import httpx
import orjson
import pytest

from tests.machines import OwnPostgreSQL, own_postgresql_server
from tests.reliability.conftest import Serve
from tests.reliability.sizes import say
from tests.reliability.test_outages import NOTICED_WITHIN_S, full_disk, locked_database, problems_of, small_disk
from tests.server import Client, Server, running_server

TOKEN = "only-for-prometheus"
REFUSED_WITHIN_S = 5.0  # a database that hangs would keep it waiting for ever
CHANGED_WITHIN_S = 30.0
ANSWERED_WITHIN_S = 90.0  # several limits, one after the other, and a busy machine


@contextlib.contextmanager
def hanging(database: OwnPostgreSQL) -> Iterator[None]:
    database.pause()
    try:
        yield
    finally:
        database.resume()


def metric(server: Server, name: str) -> float:
    text = httpx.get(f"{server.base_url}/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).text
    return float(next(line for line in text.splitlines() if line.startswith(f"{name} ")).split()[1])


def until_problems(server: Server, problems: list[str]) -> float:
    """Wait until the server says that this is wrong, and nothing else; return how long it took."""
    began = time.monotonic()
    while problems_of(server) != problems:
        assert time.monotonic() - began < CHANGED_WITHIN_S, problems_of(server)
        time.sleep(0.1)
    return time.monotonic() - began


def check_an_idle_process(server: Server, outage: AbstractContextManager[None], problem: str, name: str) -> None:
    client = Client(server)
    refusals = 'playground_runs_refused_total{code="trouble"}'
    with client.socket() as socket:
        socket.send(orjson.dumps({"op": "ping"}).decode())
        assert orjson.loads(socket.recv(20))["op"] == "pong"
        with outage:
            noticed_s = until_problems(server, [problem])
            assert noticed_s < NOTICED_WITHIN_S
            told = orjson.loads(socket.recv(20))
            assert (told["op"], [found["code"] for found in told["problems"]]) == ("health", [problem])
            assert metric(server, "playground_database_up") == 0
            if problem == "database":
                _check_refusals(client)
                assert metric(server, refusals) == 2
        until_problems(server, [])
        assert orjson.loads(socket.recv(20)) == {"op": "health", "problems": []}
    assert metric(server, "playground_database_up") == 1
    client.wait(client.post_run("sim/sim-n3-r0")["id"])
    client.close()
    said = [line for line in server.output if " WARNING " in line or " ERROR " in line]
    assert len(said) == 2, said  # that it began, and that it is over
    say("outage without a run", f"{name}: noticed after {noticed_s:.1f} s")


def _check_refusals(client: Client) -> None:
    asked = [
        (f"{client.server.base_url}/api/v1/runs", {"model": "sim/m", "prompt": "Hello"}),
        (f"{client.server.base_url}/v1/chat/completions", {"model": "sim/m", "messages": []}),
    ]
    for address, body in asked:
        refused = httpx.post(address, json=body, headers=client.headers, timeout=REFUSED_WITHIN_S)
        assert refused.status_code == 503
        assert int(refused.headers["Retry-After"]) > 0


def test_a_locked_database(serve: Serve) -> None:
    with serve(PLAYGROUND_METRICS_TOKEN=TOKEN) as server:
        check_an_idle_process(server, locked_database(server), "database", "SQLite locked")


def test_a_full_disk(serve: Serve, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    with small_disk(disk), serve(disk, PLAYGROUND_METRICS_TOKEN=TOKEN) as server:
        check_an_idle_process(server, full_disk(disk), "disk", "disk full")


@pytest.mark.postgresql
def test_a_postgresql_that_hangs(open_folder: Path, tmp_path: Path) -> None:
    with (
        own_postgresql_server(open_folder) as database,
        running_server(tmp_path / "data", DATABASE_URL=database.url, PLAYGROUND_METRICS_TOKEN=TOKEN) as server,
    ):
        check_an_idle_process(server, hanging(database), "database", "PostgreSQL hangs")


@pytest.mark.postgresql
def test_who_waits_for_a_postgresql_that_hangs_is_told_so(open_folder: Path, tmp_path: Path) -> None:
    with (
        own_postgresql_server(open_folder) as database,
        running_server(tmp_path / "data", DATABASE_URL=database.url) as server,
        contextlib.closing(Client(server)) as client,
    ):
        signed_in = {"sessionid": "a-session-that-is-looked-for-0000"}
        assert client.http.get("/sessions").status_code == 200
        with hanging(database), ThreadPoolExecutor(2) as at_once:
            asked = at_once.submit(client.http.get, "/sessions", timeout=ANSWERED_WITHIN_S)
            page = httpx.get(f"{server.base_url}/sessions/", cookies=signed_in, timeout=ANSWERED_WITHIN_S)
            api = asked.result()
        assert (page.status_code, api.status_code) == (503, 503)
        assert int(page.headers["Retry-After"]) > 0
        assert api.json()["error"]["code"] == "busy"
        until_problems(server, [])
        assert client.http.get("/sessions").status_code == 200
