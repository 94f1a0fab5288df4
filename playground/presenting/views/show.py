"""During a show: the stage, the speaker's view, and what the presenter does."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from playground.errors import BadRequest
from playground.http import SignedInRequest, wants_part
from playground.presenting.access import may_ask_live, show_to_present
from playground.presenting.http import varied, wants_json
from playground.presenting.links import audience_url, qr_code
from playground.presenting.models import Show
from playground.presenting.program import program
from playground.presenting.screens import shown
from playground.presenting.shows import ACTIONS, act, end_show
from playground.presenting.stage import Stage
from playground.presenting.texts import stage_texts


@login_required
@never_cache
@require_GET
def stage(request: SignedInRequest, show_id: UUID) -> HttpResponse:
    show = show_to_present(request.user, show_id)
    if not show.is_on:
        return _is_over(request, show)
    return render(request, "presenting/stage.html", _screen(request, show))


@login_required
@never_cache
@require_GET
def speaker(request: SignedInRequest, show_id: UUID) -> HttpResponse:
    """The presenter's own window. As a part: what is on now and what comes next."""
    show = show_to_present(request.user, show_id)
    if not show.is_on:
        return _is_over(request, show)
    if wants_part(request):
        return varied(render(request, "presenting/_cues.html", _cues(request, show)))
    return varied(render(request, "presenting/speaker.html", {**_screen(request, show), **_cues(request, show)}))


@login_required
@never_cache
@require_GET
def state(request: SignedInRequest, show_id: UUID) -> HttpResponse:
    return JsonResponse(shown(show_to_present(request.user, show_id)))


@login_required
@require_POST
def do(request: SignedInRequest, show_id: UUID) -> HttpResponse:
    """`do` is one of `shows.ACTIONS`. Scripts get the stage as it is then."""
    show = show_to_present(request.user, show_id)
    action = request.POST.get("do", "")
    if action not in ACTIONS:
        raise BadRequest(_("There is no such step in a show."), field="do")
    show = act(request.user, show, action)
    return JsonResponse(shown(show)) if wants_json(request) else redirect("presenting:speaker", show.pk)


@login_required
@require_POST
def end(request: SignedInRequest, show_id: UUID) -> HttpResponse:
    show = show_to_present(request.user, show_id)
    end_show(request.user, show)
    return _is_over(request, show)


def _screen(request: SignedInRequest, show: Show) -> dict[str, object]:
    url = audience_url(request, show)
    return {
        "show": show,
        "session": show.session,
        "stage": shown(show),
        "audience_url": url,
        "qr_code": qr_code(url),
        "texts": stage_texts(),
        "may_ask": may_ask_live(request.user, show.session_id),
    }


def _cues(request: SignedInRequest, show: Show) -> dict[str, object]:
    """What only the speaker sees."""
    on_stage = Stage.from_json(show.state)
    items = program(show.session)
    may_ask = may_ask_live(request.user, show.session_id)
    at = next((number for number, item in enumerate(items) if str(item.turn.pk) == on_stage.turn), -1)
    return {
        "show": show,
        "current": items[at] if at >= 0 else None,
        "next": items[at + 1] if at + 1 < len(items) else None,
        "total": len(items),
        "lanes": on_stage.lanes,
        "mode": on_stage.mode if may_ask else "replay",
        "may_ask": may_ask,
        "flags": on_stage,
    }


def _is_over(request: SignedInRequest, show: Show) -> HttpResponse:
    messages.info(request, _("The show is over. Its link does not open anything any more."))
    return redirect("presenting:prepare", show.session_id)
