"""`manage.py simulate` as a process."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from playground.providers.simulator.faults import FAULTS
from tests.server import ROOT


@contextmanager
def simulate(tmp_path: Path, *options: str) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(
        [sys.executable, "manage.py", "simulate", *options],
        cwd=ROOT,
        env={**os.environ, "DATA_DIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_prints_its_base_url_once_it_listens_and_stops_in_order(tmp_path: Path, number: signal.Signals) -> None:
    with simulate(tmp_path) as process:
        assert process.stdout is not None
        base_url = process.stdout.readline().strip()
        assert base_url.startswith("http://127.0.0.1:")
        assert base_url.endswith("/v1")
        body = {"model": "sim-en-n3-r0-d0", "prompt": "Hi"}
        assert httpx.post(f"{base_url}/completions", json=body).json()["usage"]["completion_tokens"] == 3
        with httpx.stream("POST", f"{base_url}/completions", json=body | {"model": "sim", "stream": True}) as live:
            next(live.iter_lines())
            process.send_signal(number)
            assert process.wait(5) == 0
        assert process.stdout.read() == ""


def test_an_address_that_is_taken_is_said_in_one_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with simulate(tmp_path, "--port", str(port)) as process:
            out, err = process.communicate(timeout=20)
    assert process.returncode == 1
    assert out == ""
    assert err.startswith(f"CommandError: Cannot listen on 127.0.0.1 port {port}: ")
    assert err.count("\n") == 1


def test_a_port_that_is_none_is_refused(tmp_path: Path) -> None:
    with simulate(tmp_path, "--port", "65536") as process:
        _, err = process.communicate(timeout=20)
    assert process.returncode == 2
    assert "from 0 to 65535" in err


def test_the_list_of_faults(tmp_path: Path) -> None:
    with simulate(tmp_path, "--faults") as process:
        out, _ = process.communicate(timeout=20)
    names = [line.partition("\t")[0] for line in out.splitlines()]
    assert names[0] == "fault-eofxN"
    assert [name.removeprefix("fault-").removesuffix("xN") for name in names] == list(FAULTS)


@pytest.mark.parametrize(("fault", "error"), [("reset", httpx.ReadError), ("cut", httpx.RemoteProtocolError)])
def test_a_connection_breaks_in_this_process_too(tmp_path: Path, fault: str, error: type[Exception]) -> None:
    """It serves on another event loop than the app's own simulator."""
    with simulate(tmp_path) as process:
        assert process.stdout is not None
        base_url = process.stdout.readline().strip()
        body = {"model": f"sim-en-n4-r0-d0-fault-{fault}", "prompt": "Hi", "stream": True}
        got: list[bytes] = []
        with httpx.stream("POST", f"{base_url}/completions", json=body) as live, pytest.raises(error):
            got.extend(live.iter_raw())
        assert b"".join(got).count(b"data: {") == (2 if fault == "reset" else 3)
