"""Batches on a real server: all rows run, few at a time, each once, whatever happens to the server."""

import csv
import io
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import httpx
import pytest

from tests.e2e.conftest import printed_link
from tests.server import ROOT, Server, running_server


class Person:
    """Someone at a browser without scripts, signed in by the link that the server printed."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.http = httpx.Client(base_url=server.base_url, follow_redirects=True, timeout=30)
        link = printed_link(server)
        self.post(link, self.http.get(link))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.http.close()

    def post(self, address: str, page: httpx.Response, **data: object) -> httpx.Response:
        token = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)[0]
        response = self.http.post(address, data={"csrfmiddlewaretoken": token, **data})
        assert response.status_code == 200, response.text
        return response

    def start_batch(self, rows: int, *models: str) -> str:
        """The address of the batch."""
        form = self.http.get("/prompts/new/")
        name = f"Poem {time.monotonic_ns()}"
        prompt = self.post("/prompts/new/", form, name=name, text="A poem about {{topic}}")
        address = f"{prompt.url}batch/"
        table = "topic\n" + "".join(f"topic {number}\n" for number in range(rows))
        return str(self.post(address, self.http.get(address), table=table, model=list(models)).url)

    def rows(self, batch: str) -> list[dict[str, str]]:
        text = self.http.get(f"{batch}export/").content.decode("utf-8-sig")
        return list(csv.DictReader(io.StringIO(text, newline="")))

    def statuses(self, batch: str, model: str) -> Counter[str]:
        return Counter(row[f"{model} status"] for row in self.rows(batch))

    def wait(self, batch: str, model: str, **least: int) -> Counter[str]:
        """Until at least so many rows have each of these statuses."""
        deadline = time.monotonic() + 40
        while time.monotonic() < deadline:
            found = self.statuses(batch, model)
            if all(found[status] >= count for status, count in least.items()):
                return found
            time.sleep(0.1)
        raise AssertionError(f"waited for {least}: {self.statuses(batch, model)}")


@pytest.fixture(scope="module", autouse=True)
def static_files() -> None:
    """Pages name them."""
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "playground.settings"}
    subprocess.run([sys.executable, "-m", "scripts.prepare", "--static-only"], cwd=ROOT, env=environment, check=True)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(tmp_path_factory.mktemp("batches")) as server:
        yield server


@pytest.fixture(scope="module")
def person(server: Server) -> Iterator[Person]:
    with Person(server) as person:
        yield person


def test_all_rows_run_a_few_at_a_time(person: Person) -> None:
    model = "sim/sim-n4-r20-d0"
    batch = person.start_batch(30, model, "sim/sim-n3-r0-d0")
    most = 0
    deadline = time.monotonic() + 40
    while (found := person.statuses(batch, model))["completed"] < 30 and time.monotonic() < deadline:
        most = max(most, found["queued"] + found["streaming"])
    assert found == {"completed": 30}
    assert 0 < most <= 6  # 12 runs, two a row
    answers = [row[f"{model} answer"] for row in person.rows(batch)]
    assert all(answers)
    page = person.http.get(batch).text
    assert "30 of 30 rows done" in page
    assert "every 2s" not in page


def test_stop_ends_a_batch(person: Person) -> None:
    model = "sim/sim-n10000-r20"
    batch = person.start_batch(20, model)
    person.wait(batch, model, streaming=1)
    person.post(f"{batch}stop/", person.http.get(batch))
    found = person.wait(batch, model, cancelled=1)
    deadline = time.monotonic() + 20
    while found["streaming"] + found["queued"] and time.monotonic() < deadline:
        found = person.statuses(batch, model)
    assert found["cancelled"] + found[""] == 20
    assert found["cancelled"] <= 12


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_restart_goes_on_and_starts_no_row_twice(tmp_path: Path, number: int) -> None:
    model = "sim/sim-n8-r20-d0"
    with running_server(tmp_path / "data") as server, Person(server) as person:
        batch = person.start_batch(40, model)
        person.wait(batch, model, completed=5)
        server.stop(number)
        server.start()
        deadline = time.monotonic() + 40
        while (found := person.statuses(batch, model))[""] or found["streaming"] or found["queued"]:
            assert time.monotonic() < deadline, found
        assert sum(found.values()) == 40
        assert set(found) <= {"completed", "interrupted"}
        assert found["interrupted"] <= 12
        turns = server.manage(
            "shell", "-v0", "-c", "from playground.runs.models import Turn; print(Turn.objects.count())"
        )
    assert int(turns.splitlines()[-1]) == 40
