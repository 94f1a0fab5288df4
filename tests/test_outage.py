"""What is refused while the database is away."""

import re
from pathlib import Path
from types import SimpleNamespace
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from playground import outage
from playground.runs.health import Health, Trouble
from playground.runs.metrics import RUNS_REFUSED

pytestmark = pytest.mark.django_db

BEGIN_A_RUN = (
    "/turns/",
    f"/runs/{UUID(int=1)}/retry/",
    f"/runs/{UUID(int=1)}/continue/",
    f"/present/{UUID(int=1)}/do/",
    "/api/v1/runs",
    f"/api/v1/runs/{UUID(int=1)}/retry",
    f"/api/v1/runs/{UUID(int=1)}/continue",
)


@pytest.mark.parametrize("path", BEGIN_A_RUN)
def test_whatever_begins_a_run_is_refused_while_the_database_is_away(
    client: Client, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    health = Health()
    health.note(Trouble.DATABASE, holds=True)
    monkeypatch.setattr(outage, "running_engine", lambda: SimpleNamespace(health=health))
    refused = RUNS_REFUSED.labels("trouble")._value.get()
    with CaptureQueriesContext(connection) as queries:
        assert client.post(path, content_type="application/json").status_code == 503
    assert not queries.captured_queries
    assert RUNS_REFUSED.labels("trouble")._value.get() == refused + 1


def test_each_module_that_begins_runs_is_known() -> None:
    """A new one has to be looked at: whether its requests are refused while the database is away."""
    begin = re.compile(r"\b(start_turn|start_runs|retry_run|continue_run)\(|partial\((retry|continue)_run")
    apps = Path(outage.__file__).parent
    found = {path.relative_to(apps).as_posix() for path in apps.rglob("*.py") if begin.search(path.read_text())}
    assert found == {
        "api/views.py",
        "gateway/starting.py",  # asks `refuse_while_away`
        "library/batches.py",  # nobody's request: it tries again by itself
        "presenting/shows.py",
        "prompts/views.py",
        "runs/turns.py",
    }
