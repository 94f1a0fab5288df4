"""A real server process for tests, and what talks to it."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import httpx
import orjson
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

ROOT = Path(__file__).resolve().parent.parent
START_TIMEOUT_S = 120.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Server:
    """`manage.py serve` with a data folder of its own. `output` is what it printed, both streams.

    `run_in`: a command that runs another one elsewhere, such as in a network namespace, where it listens on `host`.
    """

    def __init__(
        self, data_dir: Path, *, host: str = "127.0.0.1", run_in: Sequence[str] = (), **environment: str
    ) -> None:
        self.data_dir = data_dir
        self.host = host
        self.port = free_port()
        self.base_url = f"http://{host}:{self.port}"
        self.ws_url = f"ws://{host}:{self.port}/ws/v1"
        self._run_in = run_in
        self.output: list[str] = []
        keep = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
        self.environment = {
            **keep,
            "DATA_DIR": str(data_dir),
            "DJANGO_SETTINGS_MODULE": "playground.settings",
            "PLAYGROUND_SAMPLES": "false",
            **environment,
        }
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None

    def manage(self, *args: str) -> str:
        """Run a management command on this server's data; return what it prints."""
        done = subprocess.run(
            [sys.executable, "manage.py", *args],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=START_TIMEOUT_S,
        )
        assert done.returncode == 0, done.stderr.strip()
        return done.stdout.strip()

    def start(self) -> None:
        self._process = subprocess.Popen(
            [*self._run_in, sys.executable, "manage.py", "serve", "--host", self.host, "--port", str(self.port)],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reader = threading.Thread(target=self._read_output, name="server output", daemon=True)
        self._reader.start()
        deadline = time.monotonic() + START_TIMEOUT_S
        with httpx.Client() as client:
            while time.monotonic() < deadline:
                assert self._process.poll() is None, "".join(self.output)
                with contextlib.suppress(httpx.TransportError):
                    if client.get(f"{self.base_url}/healthz").status_code == 200:
                        return
                time.sleep(0.05)
        raise AssertionError("the server did not start:\n" + "".join(self.output))

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Signal the server and wait for its end; return its exit code (negative: the signal that killed it)."""
        assert self._process is not None
        self._process.send_signal(number)
        code = self._process.wait(30)
        self._join()
        return code

    def wait_for_line(self, text: str, within_s: float = 10) -> None:
        """Until it has printed a line that holds `text`."""
        deadline = time.monotonic() + within_s
        while not any(text in line for line in self.output):
            assert time.monotonic() < deadline, f"no line with {text!r} in:\n{''.join(self.output)}"
            time.sleep(0.02)

    def kill(self) -> None:
        """End it in whatever state it is; does nothing if it has ended."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait(30)
        self._join()

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def _join(self) -> None:
        if self._reader is not None:
            self._reader.join(5)
        if self._process is not None and self._process.stdout is not None:
            self._process.stdout.close()

    def _read_output(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.output.append(line)


@contextlib.contextmanager
def running_server(data_dir: Path, **environment: str) -> Iterator[Server]:
    """A migrated and started server; killed at the end if a test has not stopped it."""
    server = Server(data_dir, **environment)
    server.manage("migrate", "-v0")
    try:
        server.start()
        yield server
    finally:
        server.kill()


class Client:
    """A program that uses the REST API and the socket with a token."""

    def __init__(self, server: Server, username: str = "tester", *, token: str = "") -> None:
        self.server = server
        self.token = token or server.manage("token", "create", username, "--create-user")
        self.headers = {"Authorization": f"Bearer {self.token}"}
        self.http = httpx.Client(base_url=f"{server.base_url}/api/v1", headers=self.headers, timeout=30)

    def close(self) -> None:
        self.http.close()

    def post_run(self, model: str = "sim/sim-n20-r0", prompt: str = "Hello", **fields: Any) -> dict[str, Any]:
        response = self.http.post("/runs", json={"model": model, "prompt": prompt, **fields})
        assert response.status_code == 201, response.text
        body: dict[str, Any] = response.json()
        return body

    def run(self, run_id: str) -> dict[str, Any]:
        response = self.http.get(f"/runs/{run_id}")
        assert response.status_code == 200, response.text
        body: dict[str, Any] = response.json()
        return body

    def wait(self, run_id: str, within_s: float = 30) -> dict[str, Any]:
        """The run, once it has ended."""
        deadline = time.monotonic() + within_s
        while (body := self.run(run_id))["status"] in ("queued", "streaming"):
            assert time.monotonic() < deadline, body
            time.sleep(0.02)
        return body

    def events(self, run_id: str, after: int = -1, **filters: Any) -> list[dict[str, Any]]:
        response = self.http.get(f"/runs/{run_id}/events", params={"after": after, **filters})
        assert response.status_code == 200, response.text
        return [orjson.loads(line) for line in response.content.splitlines()]

    def socket(self, **options: Any) -> "contextlib.AbstractContextManager[ClientConnection]":
        return self.socket_at(self.server.ws_url, **options)

    def socket_at(self, url: str, **options: Any) -> "contextlib.AbstractContextManager[ClientConnection]":
        """A socket at another address of the same playground, such as a proxy's."""
        # With no bound on its queue the client goes on reading while a test does something else.
        options = {"max_size": None, "max_queue": None, "proxy": None, **options}
        socket: Any = connect(url, additional_headers=self.headers, **options)  # its types know the base class only
        return cast("contextlib.AbstractContextManager[ClientConnection]", socket)


class Follower:
    """Reads one run from a socket, and checks that no event is missing, doubled or out of order."""

    def __init__(
        self, socket: ClientConnection, run_id: str, after: int = -1, epoch: str | None = None, view: str = ""
    ) -> None:
        self.socket = socket
        self.run_id = run_id
        self.after = after
        self.events: list[list[Any]] = []
        self.frames = 0
        self.subscribed: dict[str, Any] = {}
        self.ended: dict[str, Any] | None = None
        message = {"op": "subscribe", "run": run_id, "after": after, **({"view": view} if view else {})}
        self.send(message if epoch is None else {**message, "epoch": epoch})

    def send(self, message: dict[str, Any]) -> None:
        self.socket.send(orjson.dumps(message).decode())

    def step(self, timeout: float = 20) -> dict[str, Any]:
        """Take one message about this run."""
        while True:
            message: dict[str, Any] = orjson.loads(self.socket.recv(timeout))
            if message.get("run") == self.run_id:
                break
        if message["op"] == "subscribed":
            self.subscribed = message
            if not message["recovered"]:
                self.after, self.events = -1, []
        elif message["op"] == "frame":
            assert message["seq"] == self.after + 1
            self.frames += 1
            self.events += message["events"]
            self.after += len(message["events"])
        elif message["op"] == "ended":
            assert message["seq"] == self.after
            self.ended = message
        return message

    def until(self, events: int) -> None:
        """Read until at least so many events are there."""
        while len(self.events) < events:
            assert self.ended is None, self.events[-1]
            self.step()

    def finish(self) -> str:
        """Read to the end; return the text."""
        while self.ended is None:
            self.step()
        return self.text

    def until_closed(self) -> int | None:
        """Read until the server closes the socket; return the close code."""
        with contextlib.suppress(ConnectionClosed):
            while True:
                self.step()
        return self.socket.close_code

    @property
    def text(self) -> str:
        chunks = (data for _, kind, data in self.events if kind == "chunk")
        return "".join(data if isinstance(data, str) else data.get("text", "") for data in chunks)
