from django.apps import apps
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from playground.runs.engine import Engine


@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """200 once runs can be started, and while what is recorded can be stored; else 503."""
    engine: Engine | None = apps.get_app_config("runs").engine  # type: ignore[attr-defined]
    if engine is None:
        return JsonResponse({"status": "starting"}, status=503)
    if not engine.writer.healthy:
        return JsonResponse({"status": "the database does not answer"}, status=503)
    return JsonResponse({"status": "ok", "live_runs": engine.live_count})
