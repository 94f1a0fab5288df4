"""What a link opens."""

from functools import partial
from typing import Any, cast
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from playground.http import SignedInRequest, wants_part
from playground.runs.models import Run, Session, Turn
from playground.sharing import links
from playground.sharing.comparison import shared_comparison
from playground.sharing.contents import Contents
from playground.sharing.models import ShareLink
from playground.sharing.openings import count_opening
from playground.sharing.page import newest, shared_session
from playground.sharing.player import player_context, recordings_json
from playground.sharing.public import Redactions, public_log, public_run, public_turn, redactions_of
from playground.sharing.run_views import TABS, view_context
from playground.sharing.views.gate import through_link


@require_safe
@through_link
def page(request: HttpRequest, token: str, link: ShareLink) -> HttpResponse:
    context = base_context(token, link)
    if link.left is not None and link.right is not None:
        by_chunk = request.GET.get("by") == "chunks"
        shown = shared_comparison(link.left, link.right, links.contents_of(link), by_chunk=by_chunk)
        address = f"{reverse('sharing:page', args=[token])}?by=words"
        response = render(request, "sharing/comparison.html", {**context, **shown, "address": address})
    else:
        session = shared_session(_session_of(link), links.contents_of(link))
        response = render(request, "sharing/page.html", {**context, "shared": session, "room": link.session_id})
    count_opening(request, response, link)
    return response


@require_safe
@through_link
def turns(request: HttpRequest, token: str, link: ShareLink) -> HttpResponse:
    """The turns that follow the position `after`, and where to ask for more."""
    after = request.GET.get("after", "")
    if not (after.isascii() and after.lstrip("-").isdigit() and len(after) < 9):
        raise Http404
    shown = shared_session(_session_of(link), links.contents_of(link), after=int(after))
    context = {**base_context(token, link), "shared": shown}
    return render(request, "sharing/_turns.html", context)


@require_safe
@through_link
def run_view(request: HttpRequest, token: str, link: ShareLink, run_id: UUID, view: str = "") -> HttpResponse:
    """One view of a run's answer; to a browser that follows the link, on a page of its own."""
    contents = links.contents_of(link)
    view = view or request.GET.get("view", "answer")
    if view not in tabs_of(contents):
        raise Http404
    run = get_object_or_404(links.runs_of(link).defer("messages"), pk=run_id)
    redactions = redactions_of([run.turn_id])
    log = public_log(run, contents, redactions)
    shown = public_run(run, contents, redactions)
    context = {
        **base_context(token, link),
        "run": shown,
        "view": view,
        "panel": f"history/_{view}.html",
        "base_url": reverse("sharing:run", args=[token, run.pk]),
        **view_context(request, view, shown, log),
    }
    return render(
        request, context["panel"] if wants_part(cast("SignedInRequest", request)) else "sharing/run.html", context
    )


@require_safe
@through_link
def replay(request: HttpRequest, token: str, link: ShareLink, turn_id: UUID) -> HttpResponse:
    """The newest runs of a turn's lanes on one clock. The recording is asked for by the page's script."""
    turn, runs, redactions = _turn_to_replay(link, turn_id)
    contents = links.contents_of(link)
    shown = public_turn(turn, contents, redactions)
    context = {
        **base_context(token, link),
        "title": shown.prompt,
        "turn": shown,
        "runs": [public_run(run, contents, redactions) for run in runs],
        "recording_url": reverse("sharing:recording", args=[token, turn.pk]),
        "back_url": f"{reverse('sharing:page', args=[token])}#turn-{turn.pk}",
        **player_context(request.GET.get("view", "")),
    }
    return render(request, "sharing/replay.html", context)


@require_safe
@gzip_page
@partial(through_link, is_data=True)
def recording(request: HttpRequest, token: str, link: ShareLink, turn_id: UUID) -> HttpResponse:
    _turn, runs, redactions = _turn_to_replay(link, turn_id)
    return HttpResponse(recordings_json(runs, links.contents_of(link), redactions), content_type="application/json")


def _turn_to_replay(link: ShareLink, turn_id: UUID) -> tuple[Turn, list[Run], Redactions]:
    """404 where the link does not show times."""
    runs = newest(links.runs_of(link).filter(turn=turn_id).defer("messages"))
    if not runs or not links.contents_of(link).timeline:
        raise Http404
    return runs[0].turn, runs, redactions_of([turn_id])


def _session_of(link: ShareLink) -> Session:
    if link.session is None:
        raise Http404
    return link.session


def tabs_of(contents: Contents) -> tuple[str, ...]:
    return tuple(TABS) if contents.timeline else ("answer",)


def base_context(token: str, link: ShareLink) -> dict[str, Any]:
    contents = links.contents_of(link)
    return {
        "user": AnonymousUser(),  # whoever it is, they see what a stranger does
        "token": token,
        "contents": contents,
        "tabs": [(name, TABS[name]) for name in tabs_of(contents)],
        "pass": links.make_pass(link),
        "expires_at": link.expires_at,
        "now": timezone.now(),
    }
