"""What counts as a run that was refused: one that was asked for and did not begin, and nothing else."""

from types import SimpleNamespace
from typing import Any

import orjson
import pytest
from django.db import OperationalError

from playground.gateway import app
from playground.gateway.app import Gateway
from playground.runs.metrics import RUNS_REFUSED


class AwayFor:
    """Threads that ask a database which is away for the questions of this name."""

    def __init__(self, name: str) -> None:
        self._name = name

    async def call(self, function: Any, *_args: object) -> Any:
        if function.__name__ == self._name:
            raise OperationalError("the connection was lost")
        return SimpleNamespace(engine=SimpleNamespace(threads=self), token=SimpleNamespace(user_id=1)), []


async def post(away: str, monkeypatch: pytest.MonkeyPatch) -> tuple[int, float]:
    """The status of a call, and how many runs were refused by it."""

    async def receive() -> Any:
        return {"type": "http.request", "body": orjson.dumps({"model": "replay/1", "messages": []})}

    answered: list[Any] = []

    async def send(message: Any) -> None:
        answered.append(message)

    async def inner(*_args: object) -> None:
        raise AssertionError

    engine = SimpleNamespace(threads=AwayFor(away))
    monkeypatch.setattr(app, "running_engine", lambda: engine)
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/v1/chat/completions",
        "headers": [(b"host", b"testserver")],
    }
    before = RUNS_REFUSED.labels("trouble")._value.get()
    await Gateway(inner)(scope, receive, send)
    return answered[0]["status"], RUNS_REFUSED.labels("trouble")._value.get() - before


@pytest.mark.parametrize(("away", "refused"), [("start", 1), ("_prepared", 0)], ids=["a run", "a replay"])
async def test_a_database_that_goes_away_meanwhile(
    monkeypatch: pytest.MonkeyPatch, settings: Any, away: str, refused: int
) -> None:
    settings.ALLOWED_HOSTS = ["testserver"]
    assert await post(away, monkeypatch) == (503, refused)
