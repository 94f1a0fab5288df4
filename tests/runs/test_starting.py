"""Starting runs where something fails in the middle of it: nothing is left behind."""

from types import SimpleNamespace
from typing import Any

import pytest

from playground.connections.catalogue import ResolvedModel
from playground.runs import turns
from playground.runs.admission import Admission
from playground.runs.models import Run, Turn
from playground.runs.turns import TurnDraft, retry_run, start_runs
from tests.runs.factories import make_run

pytestmark = pytest.mark.django_db

MODEL = ResolvedModel("sim/m", "sim", "m", kind="simulator", dialect="openai-chat")


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Any:
    """An engine that starts nothing, for requests that cannot be made."""

    def broken(*_args: object, **_options: object) -> None:
        raise ValueError("a request that cannot be made")

    engine = SimpleNamespace(admission=Admission(8), owner="here", start=pytest.fail)
    monkeypatch.setattr(turns, "running_engine", lambda: engine)
    monkeypatch.setattr(turns, "resolve", lambda _workspace, _model_id: MODEL)
    monkeypatch.setattr(turns, "generation_request", broken)
    return engine


def test_a_turn_whose_request_cannot_be_made(engine: Any) -> None:
    session = make_run(status="completed").turn.session
    draft = TurnDraft(["sim/m", "sim/m"], "Hello")
    with pytest.raises(ValueError, match="cannot be made"):
        start_runs(session.owner, session.workspace, draft, session)
    assert engine.admission.count == 0
    assert (Turn.objects.count(), Run.objects.count()) == (1, 1)


def test_a_retry_whose_request_cannot_be_made(engine: Any) -> None:
    run = make_run(status="failed")
    session = run.turn.session
    with pytest.raises(ValueError, match="cannot be made"):
        retry_run(session.owner, session.workspace, run)
    assert engine.admission.count == 0
    assert Run.objects.count() == 1
