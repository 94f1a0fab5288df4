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
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.machines import own_postgresql_server, own_redis_server

ROOT = Path(__file__).resolve().parent.parent
START_S = 60.0
STOP_S = 20.0
PRIORITY = -10


@dataclass(frozen=True)
class Usage:
    """CPU in seconds and memory in bytes of a process and its children."""

    cpu: float
    rss: int


def usage(*processes: psutil.Process) -> Usage:
    """Of all of them together."""
    cpu, rss = 0.0, 0
    for one in [one for process in processes for one in [process, *process.children(recursive=True)]]:
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


Server = Callable[[str, int], list[str]]
"""The arguments with which Python serves an application on a port."""


@dataclass(frozen=True)
class Subject:
    """Something that passes a stream on. `process` is None where the load itself is what is measured; `others` are its
    further processes, and `watch_url` is where viewers connect, if that is one of those.
    """

    name: str
    reader: str
    base_url: str
    model_prefix: str = ""
    token: str = ""
    process: psutil.Process | None = None
    others: tuple[psutil.Process, ...] = ()
    watch_url: str = ""


@contextmanager
def upstream(folder: Path) -> Iterator[tuple[str, psutil.Process]]:
    port, log = free_port(), folder / "upstream.log"
    with running(["-m", "bench.upstream", str(port)], log) as process:
        wait_for_port(port, process, log)
        yield f"http://127.0.0.1:{port}/v1", process


def daphne(application: str, port: int) -> list[str]:
    return ["-m", "daphne", "--bind", "127.0.0.1", "--port", str(port), "--verbosity", "0", application]


def uvicorn(application: str, port: int) -> list[str]:
    return ["-m", "uvicorn", "--port", str(port), "--log-level", "error", "--ws", "websockets-sansio", application]


@contextmanager
def bare(
    name: str,
    upstream_url: str,
    folder: Path,
    *,
    reader: str,
    module: str,
    transport: str = "",
    server: Server = daphne,
) -> Iterator[Subject]:
    """One of the small applications beside this module, which pass a stream on and do nothing else."""
    port, log = free_port(), folder / f"{name}.log"
    command = server(f"bench.{module}:application", port)
    with running(command, log, BENCH_UPSTREAM=upstream_url, BENCH_TRANSPORT=transport) as process:
        wait_for_port(port, process, log)
        yield Subject(name, reader, f"http://127.0.0.1:{port}", process=process)


@dataclass(frozen=True)
class Installation:
    """A playground with data of its own, an account and a connection to the upstream."""

    environment: Mapping[str, str]
    token: str


@dataclass(frozen=True)
class Serving:
    process: psutil.Process
    url: str


@contextmanager
def installation(upstream_url: str, database_url: str = "", redis_url: str = "") -> Iterator[Installation]:
    with tempfile.TemporaryDirectory(prefix="playground-bench-") as data:
        environment = {
            "DATA_DIR": data,
            "SECRET_KEY": "only-for-the-benchmarks-and-long-enough-for-them-0123456789",
            "PLAYGROUND_MAX_RUNS": "1000",
            "PLAYGROUND_MAX_RUNS_PER_USER": "1000",
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
        }
        _manage(["migrate", "--verbosity", "0"], environment)
        token = _manage(["token", "create", "bench", "--create-user"], environment).strip()
        add = ["connection", "add", "bench", "--dialect", "openai-chat", "--base-url", upstream_url, "--allow-private"]
        _manage(add, environment)
        yield Installation(environment, token)


@contextmanager
def served(name: str, environment: Mapping[str, str], folder: Path, server: Server | None = None) -> Iterator[Serving]:
    """A process of an installation, once it answers."""
    port, log = free_port(), folder / f"{name}.log"
    own = ["manage.py", "serve", "--host", "127.0.0.1", "--port", str(port)]
    with running(server("playground.asgi:application", port) if server else own, log, **environment) as process:
        wait_for_port(port, process, log)
        _wait_until_ready(f"http://127.0.0.1:{port}/healthz", log)
        yield Serving(process, f"http://127.0.0.1:{port}")


@contextmanager
def product(name: str, upstream_url: str, folder: Path, server: Server | None = None) -> Iterator[Subject]:
    """The playground as `make run` starts it, with room for the load; with `server`, as that one serves it."""
    with (
        installation(upstream_url) as made,
        served(name, {**made.environment, "DJANGO_SETTINGS_MODULE": "playground.settings"}, folder, server) as serving,
    ):
        reader = "gateway" if name == "gateway" else "product"
        yield Subject(name, reader, serving.url, "bench/", made.token, serving.process)


@contextmanager
def two_products(name: str, upstream_url: str, folder: Path) -> Iterator[Subject]:
    """Two processes over PostgreSQL and Redis, servers of their own: runs begin on one, viewers follow on the other."""
    with (
        own_postgresql_server(folder) as postgresql,
        own_redis_server(folder) as redis,
        installation(upstream_url, postgresql.url, redis.url) as made,
        tempfile.TemporaryDirectory(prefix="playground-bench-") as other_data,
        served(f"{name}-runs", made.environment, folder) as runs,
        served(f"{name}-viewers", {**made.environment, "DATA_DIR": other_data}, folder) as viewers,
    ):
        others = (viewers.process,)
        yield Subject(name, "product", runs.url, "bench/", made.token, runs.process, others, viewers.url)


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


async def sample_peak(processes: Sequence[psutil.Process], peak: list[int]) -> None:
    """Keep the highest memory use of them together in `peak[0]` until cancelled."""
    while True:
        peak[0] = max(peak[0], usage(*processes).rss)
        await asyncio.sleep(0.2)
