"""The processes of a benchmark: starting and ending them, and what they use."""

import asyncio
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parent.parent
START_S = 60.0
STOP_S = 20.0
PRIORITY = -10


@dataclass(frozen=True)
class Usage:
    """CPU in seconds and memory in bytes of a process and its children."""

    cpu: float
    rss: int


def usage(process: psutil.Process) -> Usage:
    cpu, rss = 0.0, 0
    for one in [process, *process.children(recursive=True)]:
        try:
            times = one.cpu_times()
            cpu += times.user + times.system
            rss += one.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return Usage(cpu, rss)


def prefer(process: psutil.Process) -> bool:
    """Let the measured processes run before the others of a shared machine; only an administrator may."""
    try:
        process.nice(PRIORITY)
    except psutil.AccessDenied:
        return False
    return True


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(arguments: list[str], log: Path, **environment: str) -> Iterator[psutil.Process]:
    """A process for as long as the block lasts; its output goes to `log`."""
    with log.open("wb") as output:
        process = psutil.Popen(
            [sys.executable, *arguments], cwd=ROOT, env={**os.environ, **environment}, stdout=output, stderr=output
        )
    try:
        prefer(process)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(STOP_S)
        except psutil.TimeoutExpired:
            process.kill()
            process.wait()


def wait_for_port(port: int, process: psutil.Process, log: Path) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"{' '.join(process.cmdline()[1:])} did not start:\n{log.read_text()}")


@dataclass(frozen=True)
class Subject:
    """Something that passes a stream on. `process` is None where the load itself is what is measured."""

    name: str
    reader: str
    base_url: str
    model_prefix: str = ""
    token: str = ""
    process: psutil.Process | None = None


@contextmanager
def upstream(folder: Path) -> Iterator[tuple[str, psutil.Process]]:
    port, log = free_port(), folder / "upstream.log"
    with running(["-m", "bench.upstream", str(port)], log) as process:
        wait_for_port(port, process, log)
        yield f"http://127.0.0.1:{port}/v1", process


@contextmanager
def relay(name: str, upstream_url: str, folder: Path, transport: str = "") -> Iterator[Subject]:
    port, log = free_port(), folder / f"{name}.log"
    command = [
        "-m",
        "daphne",
        "--bind",
        "127.0.0.1",
        "--port",
        str(port),
        "--verbosity",
        "0",
        "bench.relay:application",
    ]
    with running(command, log, BENCH_UPSTREAM=upstream_url, BENCH_TRANSPORT=transport) as process:
        wait_for_port(port, process, log)
        yield Subject(name, "relay", f"http://127.0.0.1:{port}", process=process)


@contextmanager
def pass_through(upstream_url: str, folder: Path) -> Iterator[Subject]:
    port, log = free_port(), folder / "pass-through.log"
    command = ["-m", "daphne", "--bind", "127.0.0.1", "--port", str(port), "--verbosity", "0"]
    with running([*command, "bench.passthrough:application"], log, BENCH_UPSTREAM=upstream_url) as process:
        wait_for_port(port, process, log)
        yield Subject("pass-through", "raw", f"http://127.0.0.1:{port}", process=process)


@contextmanager
def product(name: str, upstream_url: str, folder: Path) -> Iterator[Subject]:
    """The playground as `make run` starts it, with data of its own and room for the load."""
    port, log = free_port(), folder / f"{name}.log"
    with tempfile.TemporaryDirectory(prefix="playground-bench-") as data:
        environment = {
            "DATA_DIR": data,
            "PLAYGROUND_MAX_RUNS": "1000",
            "PLAYGROUND_MAX_RUNS_PER_USER": "1000",
            "DATABASE_URL": "",
            "REDIS_URL": "",
        }
        _manage(["migrate", "--verbosity", "0"], environment)
        token = _manage(["token", "create", "bench", "--create-user"], environment).strip()
        add = ["connection", "add", "bench", "--dialect", "openai-chat", "--base-url", upstream_url, "--allow-private"]
        _manage(add, environment)
        with running(["manage.py", "serve", "--host", "127.0.0.1", "--port", str(port)], log, **environment) as process:
            wait_for_port(port, process, log)
            _wait_until_ready(f"http://127.0.0.1:{port}/healthz", log)
            reader = "gateway" if name == "gateway" else "product"
            yield Subject(name, reader, f"http://127.0.0.1:{port}", "bench/", token, process)


def _manage(arguments: list[str], environment: Mapping[str, str]) -> str:
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"manage.py {' '.join(arguments)} failed:\n{done.stderr}")
    return done.stdout


def _wait_until_ready(url: str, log: Path) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise RuntimeError(f"the playground is not ready:\n{log.read_text()}")


async def sample_peak(process: psutil.Process, peak: list[int]) -> None:
    """Keep the highest memory use in `peak[0]` until cancelled."""
    while True:
        peak[0] = max(peak[0], usage(process).rss)
        await asyncio.sleep(0.2)
