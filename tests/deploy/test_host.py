"""One host as the page sets it up: installed, started as its unit says, backed up, restored, upgraded."""

import contextlib
import os
import shlex
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest
import yaml
from django.utils.crypto import get_random_string
from psycopg import sql

from tests.deploy.snippets import Sandbox, snippets, unit
from tests.server import ROOT, Client, Follower, Server, free_port, running_server
from tests.services import database_url

UNITS = ("playground.service", "playground-prune.service", "playground-prune.timer")
STARTS_WITHIN_S = 60.0


def test_the_code_is_installed_and_the_data_prepared(sandbox: Sandbox) -> None:
    sandbox.run("install")
    assert sandbox.code.resolve() == ROOT
    sandbox.environment_file.write_text(snippets()["environment"])
    sandbox.run("start")
    assert (sandbox.state / "playground.sqlite3").exists()
    assert sandbox.calls[-1] == "systemctl enable --now playground"


def test_a_command_has_what_the_unit_gives_the_server(sandbox: Sandbox) -> None:
    """Its user, its folder and its settings, so that what it does is done to the server's data."""
    sandbox.code.symlink_to(ROOT)
    sandbox.environment_file.write_text("DJANGO_SUPERUSER_PASSWORD=as-the-service-has-it-1\nPLAYGROUND_SAMPLES=false\n")
    sandbox.run("playground-manage", arguments=["migrate", "-v0"])
    who = ["--noinput", "--username", "ada", "--email", "ada@example.org"]
    sandbox.run("playground-manage", arguments=["createsuperuser", *who])
    assert sandbox.calls[-1].startswith("runuser -u playground -- .venv/bin/python manage.py createsuperuser")
    assert f"User={sandbox.calls[-1].split()[2]}" in snippets()["playground.service"]
    with contextlib.closing(sqlite3.connect(sandbox.state / "playground.sqlite3")) as database:
        assert database.execute("SELECT username, is_superuser FROM accounts_user").fetchall() == [("ada", 1)]
    assert {path.stat().st_mode & 0o077 for path in sandbox.state.iterdir()} == {0}


def test_systemd_accepts_the_units(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.code.symlink_to(ROOT)
    for name in UNITS:
        text = sandbox.here(snippets()[name]).replace("User=playground", "User=root")
        (tmp_path / name).write_text(text)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *(str(tmp_path / name) for name in UNITS)],
        capture_output=True,
        text=True,
        check=False,
    )
    ours = [line for line in done.stderr.splitlines() if "playground" in line]
    assert (done.returncode, ours) == (0, [])


def test_the_unit_serves_with_the_rights_that_it_leaves(sandbox: Sandbox) -> None:
    """Without systemd: no capability, nothing writable but the data, /tmp and /dev; stopped as systemd stops it."""
    sandbox.code.symlink_to(ROOT)
    sandbox.environment_file.write_text(snippets()["environment"])
    sandbox.run("start")
    service = unit(sandbox.here(snippets()["playground.service"]))["Service"]
    port = free_port()
    command = service["ExecStart"].replace("--port 8000", f"--port {port}")
    process = subprocess.Popen(
        [*_confined(sandbox.state), *shlex.split(command)],
        cwd=service["WorkingDirectory"],
        env={"PATH": os.environ["PATH"], **_environment(service["Environment"], sandbox.environment_file)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        _until_ready(f"http://127.0.0.1:{port}/readyz", process)
        process.send_signal(signal.SIGTERM)
        output = process.communicate(timeout=int(service["TimeoutStopSec"]))[0]
    finally:
        process.kill()
    assert process.returncode == 0, output
    assert "Traceback" not in output


def test_old_recordings_are_removed_as_the_timer_does(sandbox: Sandbox) -> None:
    sandbox.code.symlink_to(ROOT)
    sandbox.run("start")
    service = unit(sandbox.here(snippets()["playground-prune.service"]))["Service"]
    environment = _environment(service["Environment"], sandbox.environment_file)
    done = subprocess.run(
        shlex.split(service["ExecStart"]),
        cwd=service["WorkingDirectory"],
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_a_backup_of_sqlite_is_restored_elsewhere(sandbox: Sandbox, tmp_path: Path) -> None:
    with running_server(sandbox.state) as server, contextlib.closing(Client(server)) as client:
        live = client.post_run("sim/sim-n400-r50-d0")
        run, token = _ended_run(client), client.token
        sandbox.run("backup-sqlite")
        client.http.post(f"/runs/{live['id']}/cancel")
    (tmp_path / "other").mkdir()
    other = Sandbox(tmp_path / "other")
    shutil.copytree(sandbox.backups, other.backups)
    other.run("restore-sqlite")
    assert [call for call in other.calls if call.startswith("systemctl")] == [
        "systemctl stop playground",
        "systemctl start playground",
    ]
    with running_server(other.state) as restored, contextlib.closing(Client(restored, token=token)) as client:
        assert client.run(run["id"]) == {**run, "url": client.run(run["id"])["url"]}
        assert client.run(live["id"])["status"] == "interrupted"


@pytest.fixture
def databases() -> Iterator[list[str]]:
    """Two empty databases; their URLs."""
    names = [f"playground_{get_random_string(8).lower()}" for _ in range(2)]
    with psycopg.connect(database_url(), autocommit=True) as admin:
        for name in names:
            admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield [database_url().rsplit("/", 1)[0] + f"/{name}" for name in names]
        for name in names:
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.mark.postgresql
def test_a_backup_of_postgresql_is_restored_elsewhere(sandbox: Sandbox, databases: list[str], tmp_path: Path) -> None:
    first, second = databases
    shared = {"SECRET_KEY": "one-secret-key-for-both-of-the-databases"}
    with running_server(tmp_path / "a", DATABASE_URL=first, **shared) as server:
        with contextlib.closing(Client(server)) as client:
            run, token = _ended_run(client), client.token
        sandbox.run("backup-postgresql", DATABASE_URL=first)
    sandbox.run("restore-postgresql", DATABASE_URL=second)
    with (
        running_server(tmp_path / "b", DATABASE_URL=second, **shared) as restored,
        contextlib.closing(Client(restored, token=token)) as client,
    ):
        assert client.run(run["id"]) == {**run, "url": client.run(run["id"])["url"]}


def test_an_upgrade_keeps_the_data(sandbox: Sandbox) -> None:
    sandbox.code.symlink_to(ROOT)
    sandbox.environment_file.write_text("PLAYGROUND_SAMPLES=false\n")
    server = Server(sandbox.state)
    server.manage("migrate", "-v0")
    token = server.manage("token", "create", "tester", "--create-user")
    sandbox.run("upgrade")
    assert sandbox.calls == [
        "systemctl stop playground",
        "git pull --ff-only",
        f"chown -R playground: {sandbox.state}",  # what root left there, the service could not write
        "systemctl start playground",
    ]
    with running_server(sandbox.state) as upgraded, contextlib.closing(Client(upgraded, token=token)) as client:
        assert client.http.get("/models").status_code == 200


def test_a_rolling_restart_waits_for_each_host(sandbox: Sandbox, tmp_path: Path) -> None:
    with running_server(tmp_path / "server") as server:
        sandbox.run(
            "rolling-restart", {"10.0.0.1 10.0.0.2 10.0.0.3": "127.0.0.1 localhost", ":8000/": f":{server.port}/"}
        )
    assert sandbox.calls == [f"ssh {host} systemctl restart playground" for host in ("127.0.0.1", "localhost")]


def test_the_shared_environment_is_understood() -> None:
    environment = dict(line.split("=", 1) for line in snippets()["shared-environment"].splitlines())
    environment |= {"DJANGO_SETTINGS_MODULE": "playground.settings", "DATA_DIR": ".cache/check"}
    script = (
        "import django; django.setup(); from django.conf import settings; print(settings.DATABASES, settings.REDIS_URL)"
    )
    said = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "10.0.0.10" in said
    assert "postgresql" in said


def test_prometheus_reads_what_is_served(tmp_path: Path) -> None:
    (job,) = yaml.safe_load(snippets()["prometheus"])["scrape_configs"]
    token = job["authorization"]["credentials"]
    assert f"PLAYGROUND_METRICS_TOKEN={token}" in snippets()["environment"]
    if promtool := shutil.which("promtool"):
        (tmp_path / "prometheus.yml").write_text(snippets()["prometheus"])
        subprocess.run([promtool, "check", "config", str(tmp_path / "prometheus.yml")], check=True, capture_output=True)
    with running_server(tmp_path / "server", PLAYGROUND_METRICS_TOKEN=token, ALLOWED_HOSTS="10.0.0.1") as server:
        target = {"Host": job["static_configs"][0]["targets"][0]}
        credentials = {"Authorization": f"{job['authorization']['type']} {token}"}
        answer = httpx.get(server.base_url + job["metrics_path"], headers={**target, **credentials})
    assert answer.status_code == 200
    assert "# TYPE playground_" in answer.text


def test_uvicorn_serves_the_same_app(tmp_path: Path) -> None:
    install, serve = snippets()["uvicorn"].splitlines()
    assert install.startswith(".venv/bin/pip install")
    server = Server(tmp_path / "server")
    server.manage("migrate", "-v0")
    command = serve.replace(".venv/bin/uvicorn", f"{sys.executable} -m uvicorn").replace("8000", str(server.port))
    process = subprocess.Popen(
        shlex.split(command),
        cwd=ROOT,
        env=server.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        _until_ready(f"{server.base_url}/readyz", process)
        with contextlib.closing(Client(server)) as client:
            run = client.post_run("sim/sim-n40-r100-d0")
            live = client.post_run("sim/sim-n5000-r50-d0")
            with client.socket() as socket:
                assert Follower(socket, run["id"]).finish() == client.run(run["id"])["text"]
            request = {"model": "sim/sim-n20-r0", "messages": [{"role": "user", "content": "Hello"}], "stream": True}
            answer = httpx.post(f"{server.base_url}/v1/chat/completions", json=request, headers=client.headers)
            assert answer.text.rstrip().endswith("data: [DONE]")
            process.send_signal(signal.SIGTERM)
            output = process.communicate(timeout=30)[0]
    finally:
        process.kill()
    assert "Traceback" not in output
    with running_server(server.data_dir) as again, contextlib.closing(Client(again, token=client.token)) as client:
        assert client.run(live["id"])["status"] == "interrupted"


def _ended_run(client: Client) -> dict[str, object]:
    run = client.post_run("sim/sim-n200-r0")
    with client.socket() as socket:
        Follower(socket, run["id"]).finish()
    return client.run(run["id"])


def _confined(state: Path) -> list[str]:
    """A command that runs another one as the unit does, as far as this machine lets a test: as root, on Linux.

    The data lies below /tmp here, so of PrivateTmp's folders only /var/tmp is made, which SQLite needs.
    """
    if os.getuid() != 0 or not shutil.which("unshare"):
        return []
    read_only = 'mount --bind "$0" "$0" && mount -t tmpfs tmpfs /var/tmp && mount -o remount,bind,ro / && exec "$@"'
    drop = ["setpriv", "--no-new-privs", "--bounding-set=-all", "--inh-caps=-all"]
    return ["unshare", "--mount", "sh", "-c", read_only, str(state), *drop]


def _environment(line: str, file: Path) -> dict[str, str]:
    pairs = [line, *filter(None, file.read_text().splitlines())]
    return dict(pair.split("=", 1) for pair in pairs)


def _until_ready(url: str, process: "subprocess.Popen[str]") -> None:
    deadline = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < deadline:
        assert process.poll() is None, process.communicate()[0]
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(url).status_code == 200:
                return
        time.sleep(0.05)
    raise AssertionError("it did not get ready")
