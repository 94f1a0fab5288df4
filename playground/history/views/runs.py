"""The page of one run, and the views of its answer: each is a tab of the page and a partial of its own."""

from collections.abc import Callable, Mapping
from typing import Any, Final
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET
from django.views.decorators.vary import vary_on_headers

from playground.filters.display import display_of
from playground.history.access import may_stop, run_or_404
from playground.history.event_rows import as_json, raw_bytes, shown_bytes
from playground.history.inspector import chunk_of_rendered, inspect
from playground.history.origins import placed_of
from playground.history.panels import answer, characters, chosen_seq, events, place_query, read_bytes, timeline, tokens
from playground.history.parts import in_part, part_with, place_of, whole
from playground.history.run_header import run_header
from playground.http import SignedInRequest, position_in, wants_part
from playground.runs.models import Run
from playground.runs.reader import RecordedLog, open_log

Panel = Callable[[SignedInRequest, Run, RecordedLog], dict[str, Any]]

TABS: Final[Mapping[str, tuple[Promise, Panel]]] = {
    "answer": (_("Answer"), answer),
    "characters": (_("Characters"), characters),
    "tokens": (_("Tokens"), tokens),
    "timeline": (_("Timeline"), timeline),
    "events": (_("Events"), events),
    "bytes": (_("Bytes"), read_bytes),
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
    log = in_part(request, open_log(found))
    context = {"run": found, "part": place_of(log), **TABS[view][1](request, found, log)}
    part = "#rows" if view == "events" and "after" in request.GET else ""
    response = render(request, f"history/_{view}.html{part}", context)
    if view == "answer" and found.is_final:  # asked for by a lane whose run has just ended
        response.write(render_to_string("runs/_badges.html", {"run": found, "oob": True}, request))
    return response


@require_GET
@login_required
@vary_on_headers("HX-Request")
def event(request: SignedInRequest, run_id: UUID, seq: int) -> HttpResponse:
    """One event: its JSON, and the bytes that caused it."""
    found = run_or_404(request.user, run_id)
    log = part_with(open_log(found), seq)
    if seq >= len(log.events):
        raise Http404
    raw = raw_bytes(log.events, placed_of(log), seq)
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


@require_GET
@login_required
def inspector(request: SignedInRequest, run_id: UUID) -> HttpResponse:
    """One event with its text and its bytes: `seq` names it, or `at` a character of the rendered answer.

    `view` is the tab beside it. To a browser that follows the link, the page with that tab.
    """
    found = run_or_404(request.user, run_id)
    view = request.GET.get("view", "tokens")
    view = view if view in TABS else "tokens"
    if not wants_part(request):
        return redirect(f"{reverse('history:run', args=[run_id])}?{request.GET.urlencode()}")
    log = in_part(request, open_log(found))
    at = position_in(request, "at")
    seq = chunk_of_rendered(log.events, at) if at is not None else chosen_seq(request, log)
    if seq is None:
        raise Http404
    return render(request, "history/_inspector.html", {"run": found, **_inspected(log, seq, view)})


def _inspected(log: RecordedLog, seq: int, view: str) -> dict[str, Any]:
    return {
        "inspected": inspect(log.events, placed_of(log), seq),
        "seconds": f"{log.events[seq].t / 1e6:.3f}",
        "view": view,
    }


def _page(request: SignedInRequest, found: Run, view: str) -> HttpResponse:
    log = in_part(request, open_log(found))
    chosen = chosen_seq(request, log)
    beside = {} if chosen is None or view == "timeline" else _inspected(log, chosen, view)
    header = run_header(found, whole(log))
    at = next((f"{name}={request.GET[name]}" for name in ("seq", "t") if name in request.GET), "")
    context = {
        **beside,
        "run": found,
        "header": header,
        "may_stop": may_stop(request.user, found),
        "seen": [badge for badge in header.findings if badge.place == f"view={view}&{at}"],
        "tabs": [(name, label, place_query(request, log, name)) for name, (label, _panel) in TABS.items()],
        "view": view,
        "part": place_of(log),
        "panel": f"history/_{view}.html",
        "filtering": display_of(request, found),
        **TABS[view][1](request, found, log),
    }
    return render(request, "history/run.html#run" if wants_part(request) else "history/run.html", context)
