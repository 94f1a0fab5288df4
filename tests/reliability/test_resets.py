"""Clients that are gone without a word right after they said something, as a program is that is killed."""

import contextlib
import os
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.reliability.silent import Silent
from tests.server import Client, Server, running_server

TOKEN = "only-for-metrics"
VIEWERS = 20
PATIENCE_S = 15


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with running_server(tmp_path / "data", PLAYGROUND_METRICS_TOKEN=TOKEN, PLAYGROUND_STOP_GRACE_S="0") as server:
        yield server


def test_a_viewer_that_resets_its_connection_right_after_a_message_is_forgotten(server: Server) -> None:
    client = Client(server)
    run = client.post_run("sim/sim-n2000-r20-d0")["id"]
    with contextlib.ExitStack() as stack:
        viewers = [stack.enter_context(Silent(client)) for _ in range(VIEWERS)]
        for viewer in viewers:
            viewer.open_websocket()
            viewer.send({"op": "subscribe", "run": run, "after": -1})
        _until_sockets(server, VIEWERS)
        # So that message and reset are there at once when the server looks, as they are when it is busy.
        os.kill(server.pid, signal.SIGSTOP)
        for viewer in viewers:
            viewer.send({"op": "ack", "run": run, "seq": 0})
    # What was closed without having read what was sent to it is a reset.
    os.kill(server.pid, signal.SIGCONT)
    _until_sockets(server, 0)
    assert client.run(run)["status"] == "streaming"
    client.close()


def _until_sockets(server: Server, count: int) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while (sockets := _sockets(server)) != count:
        assert time.monotonic() < deadline, f"{sockets} sockets are still open"
        time.sleep(0.05)


def _sockets(server: Server) -> int:
    answer = httpx.get(f"{server.base_url}/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    (found,) = re.findall(r"^playground_sockets (\S+)$", answer.text, re.MULTILINE)
    return int(float(found))
