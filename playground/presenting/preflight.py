"""Preflight: asks every model of a session for one token, which warms it and tells what would fail on the stage.

Nothing of it is recorded as a turn. The work belongs to the engine; pages read its results from the database.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from django.utils import timezone

from playground.accounts.models import User
from playground.connections.catalogue import ResolvedModel, resolve
from playground.connections.problems import SENTENCES, explain
from playground.errors import PlaygroundError
from playground.presenting.models import Preflight
from playground.presenting.program import model_ids, program
from playground.providers.errors import ProviderError
from playground.providers.request import GenerationRequest, Message, Parameters
from playground.recording.log import EventLog
from playground.recording.status import RunStatus
from playground.runs.engine import Engine
from playground.runs.models import Session
from playground.runs.turns import current_engine
from playground.workspaces.access import require_role
from playground.workspaces.models import Role

PATIENCE_S: Final = 60.0
_AT_ONCE: Final = 4
_GIVEN_UP_AFTER: Final = timedelta(seconds=PATIENCE_S * 3)
_REQUEST: Final = (Message("user", "Say yes."),)

Result = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Checked:
    """A model as the page shows it. `problem` says why it would fail, and what to do."""

    model: str
    state: Literal["unknown", "waiting", "ok", "failed"]
    ms: int = 0
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    models: Sequence[Checked]
    is_running: bool
    ended_at: datetime | None

    @property
    def failed(self) -> int:
        return sum(model.state == "failed" for model in self.models)

    @property
    def is_fresh(self) -> bool:
        return self.ended_at is not None and timezone.now() - self.ended_at < timedelta(minutes=1)

    @property
    def is_done(self) -> bool:
        return self.ended_at is not None


def start(user: User, session: Session) -> None:
    """Check the models of a session. Results come one by one; what is asked for twice is done twice."""
    require_role(user, session.workspace, Role.EDITOR)
    engine = current_engine()
    wanted: list[ResolvedModel] = []
    results: dict[str, Result] = {}
    for model_id in model_ids(program(session)):
        try:
            wanted.append(resolve(session.workspace, model_id))
        except PlaygroundError as error:
            results[model_id] = {"ok": False, "ms": 0, "code": "", "message": error.message}
    started_at = timezone.now()
    defaults = {"started_at": started_at, "ended_at": None if wanted else started_at, "results": results}
    Preflight.objects.update_or_create(session=session, defaults=defaults)
    if wanted:
        engine.look_after(_check_all(engine, session, started_at, wanted, results), f"preflight {session.pk}")


def report(session: Session) -> Report:
    """The models that the session has now, with what the last check found."""
    preflight = Preflight.objects.filter(session=session).first()
    if preflight is None:
        return Report([Checked(model, "unknown") for model in model_ids(program(session))], False, None)
    is_running = preflight.ended_at is None and preflight.started_at > timezone.now() - _GIVEN_UP_AFTER
    models = [
        _checked(model, preflight.results.get(model), is_running=is_running) for model in model_ids(program(session))
    ]
    return Report(models, is_running, preflight.ended_at)


def _checked(model: str, result: Result | None, *, is_running: bool) -> Checked:
    if result is None:
        return Checked(model, "waiting" if is_running else "unknown")
    if result["ok"]:
        return Checked(model, "ok", result["ms"])
    code = result["code"]
    return Checked(model, "failed", result["ms"], explain(code, result["message"]) or str(SENTENCES.get(code, "")))


def _check_all(
    engine: Engine, session: Session, started_at: datetime, models: Sequence[ResolvedModel], results: dict[str, Result]
) -> Callable[[], Coroutine[Any, Any, None]]:
    async def work() -> None:
        gate = asyncio.Semaphore(_AT_ONCE)

        async def check(model: ResolvedModel) -> None:
            async with gate:
                results[model.model_id] = await try_model(engine, model)
            async with in_turn:
                await engine.threads.call(_save, session, started_at, dict(results))

        in_turn = asyncio.Lock()
        await asyncio.gather(*map(check, models))
        await engine.threads.call(_save, session, started_at, results, is_last=True)

    return work


async def try_model(engine: Engine, model: ResolvedModel) -> Result:
    """Ask for one token, as a run would, retries included."""
    loop = asyncio.get_running_loop()
    begin = loop.time()
    code = message = ""
    try:
        async with asyncio.timeout(PATIENCE_S):
            outcome = await engine.ask(
                model, GenerationRequest(model.model, _REQUEST, Parameters(max_tokens=1)), EventLog()
            )
        if outcome.status is not RunStatus.COMPLETED:
            code = outcome.error.code if outcome.error else outcome.status.value
            message = outcome.error.message if outcome.error else ""
    except ProviderError as error:
        code, message = error.code, error.message
    except TimeoutError:
        code = "total_timeout"
    return {"ok": not code, "ms": round((loop.time() - begin) * 1000), "code": code, "message": message}


def _save(session: Session, started_at: datetime, results: Mapping[str, Result], *, is_last: bool = False) -> None:
    """A check that was started later is not overwritten."""
    ended_at = timezone.now() if is_last else None
    Preflight.objects.filter(session=session, started_at=started_at).update(results=results, ended_at=ended_at)
