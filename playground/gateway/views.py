"""The page that tells how to use a recording as an endpoint."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from playground.gateway.access import run_or_404
from playground.gateway.calls import Endpoint
from playground.gateway.mock_form import MockForm, code_of
from playground.gateway.recordings import recording_of
from playground.gateway.starting import REPLAY
from playground.http import SignedInRequest, absolute, wants_part

_AT_THE_GATEWAY = frozenset(endpoint.dialect for endpoint in Endpoint)


@require_safe
@login_required
def mock(request: SignedInRequest, run_id: UUID) -> HttpResponse:
    """`?speed=&seek=&loop=&fault=&chunk=&amount=`: how it is to be served."""
    run = run_or_404(request.user, run_id)
    recording = recording_of(run)
    form = MockForm({"speed": "1", **request.GET.dict()}, chunks=len(recording.attempt.chunks))
    wish = form.wish
    model = f"{REPLAY}{run.pk}"
    dialect = recording.attempt.dialect
    context = {
        "run": run,
        "form": form,
        "model": model,
        "dialect": dialect,
        "is_exact": recording.body is not None,
        "speaks_here": dialect in _AT_THE_GATEWAY,
        "chunks": len(recording.attempt.chunks),
        "headers": _as_headers(wish),
        "code": code_of(model, _gateway(request), wish) if form.is_valid() else None,
    }
    return render(request, "gateway/mock.html#mock" if wants_part(request) else "gateway/mock.html", context)


def _gateway(request: HttpRequest) -> str:
    return absolute(request, "/v1")


def _as_headers(wish: dict[str, object]) -> list[str]:
    """For a client that cannot send a field of its own."""
    faults = wish.get("faults")
    lines = [f"x-playground-{name}: {wish[name]}" for name in ("speed", "seek", "loop") if name in wish]
    return [*lines, f"x-playground-fault: {'; '.join(faults)}"] if isinstance(faults, list) else lines
