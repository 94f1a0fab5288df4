"""What watches the server asks, without an account and without the database: does it live, and is it ready?"""

from typing import Any

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from playground.runs.apps import running_engine
from playground.runs.engine import Engine

RETRY_AFTER_S = 5


@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """200 while this process does its work, whatever is wrong around it: `problems` tells that. 503: start it anew."""
    engine = running_engine()
    if engine is None:
        return _answer(503, status="starting")
    if not engine.is_sound:
        return _answer(503, status="broken")
    problems = engine.health.problems
    return _answer(200, status="degraded" if problems else "ok", live_runs=engine.live_count, problems=problems)


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """200 if a new run would begin here now; else 503, with what stands in the way."""
    engine = running_engine()
    problems = _obstacles(engine) if engine is not None else [_problem("starting", "The server is still starting.")]
    if problems:
        return _answer(503, status="not ready", problems=problems)
    return _answer(200, status="ready", problems=[])


def _obstacles(engine: Engine) -> list[dict[str, str]]:
    if not engine.is_sound:
        return [_problem("broken", "The server is broken; its log says how.")]
    if engine.admission.is_closed:
        return [_problem("stopping", "The server is stopping.")]
    if engine.health.refusal:
        return engine.health.problems
    if engine.admission.count >= engine.admission.limit:
        return [_problem("busy", "The server is streaming all the answers it can carry.")]
    return []


def _problem(code: str, message: str) -> dict[str, str]:
    return {"code": code, "message": message}


def _answer(status_code: int, **body: Any) -> JsonResponse:
    response = JsonResponse(body, status=status_code)
    if status_code == 503:
        response["Retry-After"] = str(RETRY_AFTER_S)
        response._has_been_logged = True  # type: ignore[attr-defined]  # noqa: SLF001  (Django logs each 5xx as an error)
    response["Cache-Control"] = "no-store"
    return response
