"""The page of one run, and the views of its answer: each is a tab of the page and a partial of its own."""

from collections.abc import Callable, Mapping
from typing import Any, Final
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET
from django.views.decorators.vary import vary_on_headers

from playground.history.access import run_or_404
from playground.history.event_rows import as_json, raw_bytes, shown_bytes
from playground.history.http import SignedInRequest, wants_part
from playground.history.panels import answer, characters, events, timeline, tokens
from playground.history.run_header import run_header
from playground.runs.models import Run
from playground.runs.reader import RecordedLog, open_log

Panel = Callable[[SignedInRequest, Run, RecordedLog], dict[str, Any]]

TABS: Final[Mapping[str, tuple[Promise, Panel]]] = {
    "answer": (_("Answer"), answer),
    "characters": (_("Characters"), characters),
    "tokens": (_("Tokens"), tokens),
    "timeline": (_("Timeline"), timeline),
    "events": (_("Events"), events),
}


@require_GET
@login_required
@vary_on_headers("HX-Request")
def run(request: SignedInRequest, run_id: UUID) -> HttpResponse:
    """The page of a run. `view` names the tab."""
    view = request.GET.get("view", "answer")
    return _page(request, run_or_404(request.user, run_id), view if view in TABS else "answer")


@require_GET
@login_required
@vary_on_headers("HX-Request")
def panel(request: SignedInRequest, run_id: UUID, view: str) -> HttpResponse:
    """What one tab shows, alone; to a browser that follows the link, the whole page."""
    found = run_or_404(request.user, run_id)
    if not wants_part(request):
        return _page(request, found, view)
    context = {"run": found, **TABS[view][1](request, found, open_log(found))}
    part = "#rows" if view == "events" and "after" in request.GET else ""
    return render(request, f"history/_{view}.html{part}", context)


@require_GET
@login_required
@vary_on_headers("HX-Request")
def event(request: SignedInRequest, run_id: UUID, seq: int) -> HttpResponse:
    """One event: its JSON, and the bytes that caused it."""
    found = run_or_404(request.user, run_id)
    log = open_log(found)
    if seq >= len(log.events):
        raise Http404
    raw = raw_bytes(log.events, log.reads(), seq)
    context = {
        "run": found,
        "event": log.events[seq],
        "json": as_json(log.events[seq]),
        "raw": shown_bytes(raw),
        "raw_size": len(raw),
        "previous": seq - 1,
        "following": seq + 1,
        "last_seq": len(log.events) - 1,
    }
    return render(request, "history/_event.html" if wants_part(request) else "history/event.html", context)


def _page(request: SignedInRequest, found: Run, view: str) -> HttpResponse:
    log = open_log(found)
    context = {
        "run": found,
        "header": run_header(found, log),
        "tabs": [(name, label) for name, (label, _panel) in TABS.items()],
        "view": view,
        "panel": f"history/_{view}.html",
        **TABS[view][1](request, found, log),
    }
    return render(request, "history/run.html#run" if wants_part(request) else "history/run.html", context)
