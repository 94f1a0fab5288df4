"""`manage.py mock`: recordings served by a process of their own."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from playground.interchange.stream_jsonl import dump
from playground.recording.session_file import RecordedRun, RecordedSession, RecordedTurn
from tests.gateway.conftest import Gateway
from tests.gateway.upstream import Scripted
from tests.mock.recordings import chat, chat_frames
from tests.providers.faults import DONE, FINISH, streams, token
from tests.server import ROOT, Server

NO_DATABASE = {"DATABASE_URL": "postgresql://nobody@127.0.0.1:9/none"}


@contextmanager
def mock(server: Server, *args: str, **environment: str) -> Iterator[str]:
    """Its base URL; it must end well when it is asked to."""
    process = subprocess.Popen(
        [sys.executable, "manage.py", "mock", *args],
        cwd=ROOT,
        env={**server.environment, **environment},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait(30)
        process.stdout.close()


def refused(server: Server, *args: str) -> str:
    """What it says instead of serving."""
    done = subprocess.run(
        [sys.executable, "manage.py", "mock", *args],
        cwd=ROOT,
        env=server.environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1
    return done.stderr


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    run = chat()
    turn = RecordedTurn("Hi", runs=[RecordedRun(0, run.model, [], run.events, run.reads)])
    path = tmp_path / "last week's incident.stream.jsonl"
    path.write_bytes(dump(RecordedSession("", [turn])))
    return path


def test_a_run_is_served_as_it_was_recorded(server: Server, gateway: Gateway, up: Scripted) -> None:
    up.play(streams(token("Hé"), token("llo"), FINISH, DONE))
    gateway.stream()
    run = str(gateway.run["id"])
    with mock(server, "--run", run, "--speed", "0", "--fault", "429:2") as base_url, httpx.Client() as http:
        assert http.get(f"{base_url}/models").json()["data"][0]["id"] == f"replay/{run}"
        body = {"model": "any", "stream": True}
        response = http.post(f"{base_url}/chat/completions", json=body)
        assert (response.status_code, response.headers["retry-after"]) == (429, "2")
        response = http.post(f"{base_url}/chat/completions", json={**body, "playground": {"faults": []}})
        assert response.content == token("Hé") + token("llo") + FINISH + DONE


def test_a_file_is_served_without_a_database(server: Server, recording: Path) -> None:
    with mock(server, "--file", str(recording), "--speed", "0", **NO_DATABASE) as base_url, httpx.Client() as http:
        assert http.get(f"{base_url}/models").json()["data"][0]["id"] == "replay/last-week-s-incident"
        response = http.post(f"{base_url}/chat/completions", json={"stream": True})
        assert response.content == b"".join(chat_frames())


def test_what_cannot_be_served_is_told_in_a_line(server: Server, tmp_path: Path) -> None:
    assert "Name what to serve: --run ID or --file PATH." in refused(server)
    assert "There is no run nothing" in refused(server, "--run", "nothing")
    assert "--speed: The speed must be" in refused(server, "--file", "x", "--speed", "fast")
    assert "x.jsonl cannot be read: No such file" in refused(server, "--file", str(tmp_path / "x.jsonl"))
