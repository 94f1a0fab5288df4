"""SIGTERM while PostgreSQL hangs: the process ends all the same, whichever server it runs under."""

import contextlib
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from tests.machines import own_postgresql_server
from tests.reliability.sizes import say
from tests.reliability.test_idle_outages import hanging, until_problems
from tests.reliability.watching import Watcher
from tests.server import ROOT, START_TIMEOUT_S, Client, Server, running_server

STOPPED_WITHIN_S = 29.0  # 10 s for the ends of runs, twice 5 s for the threads, and what sockets and answers get
LONG = "sim/sim-n40000-r40-d0"

pytestmark = pytest.mark.postgresql


def test_with_a_live_run(open_folder: Path, tmp_path: Path) -> None:
    with (
        own_postgresql_server(open_folder) as database,
        running_server(tmp_path / "data", DATABASE_URL=database.url, PLAYGROUND_STOP_GRACE_S="0") as server,
        contextlib.closing(Client(server)) as client,
    ):
        watcher = Watcher(client, client.post_run(LONG)["id"], stays=True)
        watcher.until(10)
        with hanging(database):
            until_problems(server, ["database"])
            began = time.monotonic()
            assert server.stop() == 0
            took = time.monotonic() - began
        watcher.join()
    assert watcher.close_code == 4412
    assert took < STOPPED_WITHIN_S
    server.wait_for_line("is given up")
    assert "Traceback" not in "".join(server.output), "".join(server.output)
    say("PostgreSQL hangs", f"with a live run the process ended {took:.1f} s after SIGTERM")


def test_under_uvicorn(open_folder: Path, tmp_path: Path) -> None:
    with own_postgresql_server(open_folder) as database:
        server = Server(tmp_path / "data", DATABASE_URL=database.url, PLAYGROUND_STOP_GRACE_S="0")
        server.manage("migrate", "-v0")
        command = [
            sys.executable,
            "-m",
            "uvicorn",
            "playground.asgi:application",
            "--port",
            str(server.port),
            "--lifespan",
            "on",
        ]
        with (tmp_path / "output").open("w+") as output:
            process = subprocess.Popen(command, cwd=ROOT, env=server.environment, stdout=output, stderr=output)
            try:
                _until_ready(server)
                with hanging(database):
                    until_problems(server, ["database"])
                    process.send_signal(signal.SIGTERM)
                    process.wait(STOPPED_WITHIN_S)
            finally:
                process.kill()
                process.wait(30)
        told = (tmp_path / "output").read_text()
    assert "is given up" in told
    assert "Traceback" not in told, told


def _until_ready(server: Server) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(f"{server.base_url}/readyz").status_code == 200:
                return
        time.sleep(0.05)
    raise AssertionError("the server did not start")
