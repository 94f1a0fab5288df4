"""Reading a run: from memory while it lives here, from the database as soon as its end is there."""

from types import SimpleNamespace
from typing import Any

import pytest

from playground.recording.events import RUN_ENDED
from playground.recording.status import RunStatus
from playground.runs import reader
from tests.factories import make_member
from tests.history.factories import make_run, make_session, make_turn, stream

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("status", [RunStatus.COMPLETED, RunStatus.STREAMING])
def test_a_run_whose_end_is_stored_is_read_with_it(monkeypatch: pytest.MonkeyPatch, status: RunStatus) -> None:
    in_memory = stream(["One", ", two"])
    run = make_run(make_turn(make_session(make_member())), in_memory, status=status)
    live: Any = SimpleNamespace(status=RunStatus.STREAMING, events=in_memory)
    monkeypatch.setattr(reader, "running_engine", lambda: SimpleNamespace(live_run=lambda _run_id: live))

    log = reader.open_log(run)

    assert log.status == status
    assert (log.events[-1].kind == RUN_ENDED) == (status == RunStatus.COMPLETED)
    assert log.text == "One, two"
