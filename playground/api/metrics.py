"""`/metrics`, for Prometheus."""

import hmac

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import REGISTRY


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """The metrics of this process, to who brings PLAYGROUND_METRICS_TOKEN as a bearer token; 404 where none is set.

    In the text format of Prometheus, or as OpenMetrics where `Accept` asks for it. Asks no database.
    """
    if not settings.PLAYGROUND_METRICS_TOKEN:
        return _refused(404, "There are no metrics here: PLAYGROUND_METRICS_TOKEN is not set.")
    given = request.headers.get("Authorization", "")
    if not hmac.compare_digest(given.encode(), f"Bearer {settings.PLAYGROUND_METRICS_TOKEN}".encode()):
        refused = _refused(401, "Metrics are read with PLAYGROUND_METRICS_TOKEN as a bearer token.")
        refused["WWW-Authenticate"] = "Bearer"
        return refused
    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    return HttpResponse(encode(REGISTRY), content_type=content_type)


def _refused(status: int, message: str) -> HttpResponse:
    return HttpResponse(f"{message}\n", status=status, content_type="text/plain; charset=utf-8")
