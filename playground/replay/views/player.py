"""Recorded runs, played again: one run, or all lanes of a turn on one clock. No upstream is called."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET

from playground.history.views.runs import TABS
from playground.http import SignedInRequest
from playground.replay.access import run_or_404, turn_or_404
from playground.replay.pins import pins_of
from playground.replay.recording import lanes_of, recording_json
from playground.runs.models import Run

# Those that can be shown as they were at any moment.
VIEWS: Final = tuple((name, TABS[name][0]) for name in ("answer", "characters", "tokens", "timeline", "events"))
RATES: Final = ("0.25", "0.5", "1", "2", "4", "8")


@require_GET
@login_required
def run(request: SignedInRequest, run_id: UUID) -> HttpResponse:
    """`?t=` seconds or `?seq=` start there, `?rate=`, `?skip=1` and `?view=` as they were left."""
    found = run_or_404(request.user, run_id)
    context = {
        "title": found.model_id,
        "back_url": reverse("history:run", args=[found.pk]),
        "recording_url": reverse("replay:run-recording", args=[found.pk]),
    }
    return _page(request, [found], context)


@require_GET
@login_required
def turn(request: SignedInRequest, turn_id: UUID) -> HttpResponse:
    """As `run`, for the newest run of each lane."""
    found = turn_or_404(request.user, turn_id)
    context = {
        "title": found.prompt,
        "back_url": f"{found.session.get_absolute_url()}#turn-{found.pk}",
        "recording_url": reverse("replay:turn-recording", args=[found.pk]),
    }
    return _page(request, lanes_of(found), context)


@require_GET
@login_required
@cache_control(private=True, no_cache=True)
def run_recording(request: SignedInRequest, run_id: UUID) -> HttpResponse:
    return _recording([run_or_404(request.user, run_id)])


@require_GET
@login_required
@cache_control(private=True, no_cache=True)
def turn_recording(request: SignedInRequest, turn_id: UUID) -> HttpResponse:
    return _recording(lanes_of(turn_or_404(request.user, turn_id)))


def _recording(runs: Sequence[Run]) -> HttpResponse:
    return HttpResponse(recording_json(runs, pins_of(runs)), content_type="application/json")


def _page(request: SignedInRequest, runs: Sequence[Run], context: Mapping[str, Any]) -> HttpResponse:
    chosen = request.GET.get("view", "")
    view = chosen if chosen in dict(VIEWS) else "answer"
    live = [found for found in runs if not found.is_final]
    whole = {**context, "runs": runs, "live": live, "views": VIEWS, "view": view, "rates": RATES}
    return render(request, "replay/replay.html", whole)
