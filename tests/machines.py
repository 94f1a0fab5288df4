"""Servers of a test's own, which can die and come back: a Redis and a PostgreSQL."""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import redis

from tests.server import free_port

_PLACE = "playground-postgresql-"


class OwnRedis:
    """A Redis server that keeps nothing on disk: it comes back empty. It listens on `host` alone."""

    def __init__(self, folder: Path, host: str = "127.0.0.1") -> None:
        self._folder = folder
        self._host = host
        self._port = free_port()
        self.url = f"redis://{host}:{self._port}/0"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        options = ["--port", str(self._port), "--save", "", "--appendonly", "no", "--dir", str(self._folder)]
        options += ["--bind", self._host, "--protected-mode", "no"]
        self._process = subprocess.Popen(["redis-server", *options], stdout=subprocess.DEVNULL)
        with contextlib.closing(redis.Redis.from_url(self.url)) as client:
            for _ in range(100):
                with contextlib.suppress(redis.ConnectionError):
                    client.ping()
                    return
                time.sleep(0.05)
        raise AssertionError("redis-server did not start")

    def pause(self) -> None:
        """It still accepts connections, and answers nothing."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
            self._process = None


class OwnPostgreSQL:
    """A PostgreSQL cluster in `folder`, on `host` alone. It trusts `clients`; `url` names its empty database."""

    def __init__(self, folder: Path, host: str = "127.0.0.1", clients: str = "127.0.0.1/32") -> None:
        self._data = _place(folder) / "postgresql"
        self._port = free_port()
        self._bin = _postgresql_programs()
        self._host = host
        self._clients = clients
        self._is_running = False
        self.url = f"postgres://postgres@{self._host}:{self._port}/postgres"

    def create(self) -> None:
        self._data.mkdir(parents=True)
        if os.getuid() == 0:  # PostgreSQL refuses to run as root
            account = pwd.getpwnam("postgres")
            os.chown(self._data, account.pw_uid, account.pw_gid)
            self._data.parent.chmod(0o711)
        self._run("initdb", "-D", str(self._data), "-U", "postgres", "--auth=trust", "--no-sync", "-E", "UTF8")
        with (self._data / "pg_hba.conf").open("a") as rules:
            rules.write(f"host all all {self._clients} trust\n")

    def start(self) -> None:
        options = f"-p {self._port} -h {self._host} -k '' -c fsync=on"
        self._run("pg_ctl", "-D", str(self._data), "-w", "-l", str(self._data / "log"), "-o", options, "start")
        self._is_running = True
        with psycopg.connect(self.url):
            pass

    def stop(self, mode: str = "fast") -> None:
        """`mode` as pg_ctl has it: smart, fast, or immediate, which is a crash. Does nothing to one that is stopped."""
        if not self._is_running:
            return
        self._is_running = False
        self._run("pg_ctl", "-D", str(self._data), "-w", "-m", mode, "stop")

    def pause(self) -> None:
        """It keeps its connections, and says nothing."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        """To its first process, and to those that serve a connection."""
        first = int((self._data / "postmaster.pid").read_text().split()[0])
        children = Path(f"/proc/{first}/task/{first}/children").read_text().split()
        for process in (first, *map(int, children)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, number)

    def remove(self) -> None:
        shutil.rmtree(self._data)
        if self._data.parent.name.startswith(_PLACE):
            self._data.parent.rmdir()

    def _run(self, program: str, *arguments: str) -> None:
        user = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
        done = subprocess.run(
            [*user, str(self._bin / program), *arguments],
            stdout=subprocess.PIPE if program == "initdb" else subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
            check=False,
            timeout=60,
            cwd="/",
        )
        assert done.returncode == 0, f"{program} failed: {(done.stdout or b'').decode()}"


def _place(folder: Path) -> Path:
    """Root's PostgreSQL runs as another user, whom pytest shuts out of its folders, anew whenever a pytest starts."""
    return Path(tempfile.mkdtemp(prefix=_PLACE)) if os.getuid() == 0 else folder


def _postgresql_programs() -> Path:
    """The folder with initdb and pg_ctl, which Debian keeps off the PATH."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    assert folders, "PostgreSQL's own programs (initdb, pg_ctl) are not installed"
    return folders[-1]


@contextlib.contextmanager
def own_redis_server(folder: Path, host: str = "127.0.0.1") -> Iterator[OwnRedis]:
    server = OwnRedis(folder, host)
    server.start()
    try:
        yield server
    finally:
        server.kill()


@contextlib.contextmanager
def own_postgresql_server(
    folder: Path, host: str = "127.0.0.1", clients: str = "127.0.0.1/32"
) -> Iterator[OwnPostgreSQL]:
    server = OwnPostgreSQL(folder, host, clients)
    server.create()
    server.start()
    try:
        yield server
    finally:
        server.stop("immediate")
        server.remove()
