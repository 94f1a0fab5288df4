from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from playground.runs.apps import running_engine


@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """200 once runs can be started, and while what is recorded can be stored; else 503."""
    engine = running_engine()
    if engine is None:
        return _not_ready("starting")
    if not engine.writer.healthy:
        return _not_ready("the database does not answer")
    return JsonResponse({"status": "ok", "live_runs": engine.live_count})


def _not_ready(status: str) -> JsonResponse:
    response = JsonResponse({"status": status}, status=503)
    response._has_been_logged = True  # type: ignore[attr-defined]  # noqa: SLF001  (Django logs each 5xx as an error)
    return response
