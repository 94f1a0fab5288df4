"""The playground page: compose a prompt, send it to one or several models, watch the answers."""

from typing import cast
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import push_url, trigger_client_event
from django_htmx.middleware import HtmxDetails

from playground.accounts.models import User
from playground.errors import Busy, PlaygroundError
from playground.prompts.access import run_or_404, session_or_404, turn_or_404
from playground.prompts.forms import TurnForm
from playground.prompts.pages import (
    Composer,
    change_lanes,
    editing_composer,
    empty_composer,
    page_context,
    returned_composer,
    show_lane,
    show_turn,
    shown_turns,
)
from playground.runs.models import Run, Session, Turn
from playground.runs.turns import request_stop, retry_run, start_turn
from playground.workspaces.access import current_workspace


@require_GET
@login_required
def playground(request: HttpRequest) -> HttpResponse:
    """A new session. `?prompt=` fills the composer."""
    user = _user(request)
    return _page(request, empty_composer(user, current_workspace(user), prompt=request.GET.get("prompt", "")))


@require_GET
@login_required
def session(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """All turns of a session. `?edit=<turn>` fills the composer with one of them."""
    user = _user(request)
    shown = session_or_404(user, session_id)
    edited = request.GET.get("edit")
    if edited is None:
        return _page(request, empty_composer(user, shown.workspace, shown))
    turn = turn_or_404(user, _uuid(edited))
    composer = editing_composer(shown.workspace, turn)
    if _wants_part(request):
        return _vary(render(request, "prompts/_composer_again.html", page_context(composer)))
    return _page(request, composer)


@require_POST
def turns(request: HttpRequest) -> HttpResponse:
    """Send a prompt. Answers with the new turn, or with the composer as it was sent and what is wrong with it.

    A page whose person is signed out by now is told so (401) and stays, with what was typed.
    """
    if not request.user.is_authenticated:
        return HttpResponse(status=401) if _wants_part(request) else redirect_to_login("/")
    user = _user(request)
    workspace = current_workspace(user)
    form = TurnForm(request.POST)
    into = _session_named(user, form)
    lanes = request.POST.getlist("model")
    if "change_lanes" in request.POST:  # where scripts run, they do this in the page
        typed = TurnForm(initial=request.POST.dict())
        return _page(request, returned_composer(workspace, typed, change_lanes(lanes, request.POST), into))
    if not form.is_valid():
        return _refused(request, returned_composer(workspace, form, lanes, into), 422)
    try:
        turn = start_turn(user, workspace, form.draft(), session=into)
    except PlaygroundError as error:
        form.refuse(error)
        response = _refused(request, returned_composer(workspace, form, lanes, into), error.status)
        if isinstance(error, Busy):
            response["Retry-After"] = str(error.retry_after)
        return response
    return _sent(request, turn, is_new=into is None)


@require_POST
@login_required
def retry(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """Ask the lane's model once more; the new run takes the old one's place on the page."""
    user = _user(request)
    run = run_or_404(user, run_id)
    again = retry_run(user, run.turn.session.workspace, run)
    if _wants_part(request):
        return render(request, "runs/_lane.html", {"lane": show_lane(again), "turn": again.turn})
    return redirect(_place(again))


@require_POST
@login_required
def stop(request: HttpRequest, run_id: UUID) -> HttpResponse:
    run = run_or_404(_user(request), run_id)
    request_stop(run)
    return HttpResponse(status=204) if _wants_part(request) else redirect(_place(run))


@require_POST
@login_required
def stop_turn(request: HttpRequest, turn_id: UUID) -> HttpResponse:
    """Stop all lanes of a turn."""
    turn = turn_or_404(_user(request), turn_id)
    for run in turn.runs.all():
        request_stop(run)
    return HttpResponse(status=204) if _wants_part(request) else redirect(turn.session)


def _sent(request: HttpRequest, turn: Turn, *, is_new: bool) -> HttpResponse:
    if not _wants_part(request):
        return redirect(f"{turn.session.get_absolute_url()}#turn-{turn.pk}")
    context = {"shown": show_turn(turn), "session": turn.session, "is_new": is_new}
    response = render(request, "prompts/_sent.html", context)
    trigger_client_event(response, "sessions-changed")
    return push_url(response, turn.session.get_absolute_url()) if is_new else response


def _refused(request: HttpRequest, composer: Composer, status: int) -> HttpResponse:
    if _wants_part(request):
        return render(request, "prompts/_composer_again.html", page_context(composer), status=status)
    return _page(request, composer, status)


def _page(request: HttpRequest, composer: Composer, status: int = 200) -> HttpResponse:
    turns = shown_turns(composer.session) if composer.session else ()
    return _vary(render(request, "prompts/playground.html", page_context(composer, turns=turns), status=status))


def _vary(response: HttpResponse) -> HttpResponse:
    patch_vary_headers(response, ["HX-Request"])
    return response


def _session_named(user: User, form: TurnForm) -> Session | None:
    session_id = form["session"].data
    return session_or_404(user, _uuid(session_id)) if session_id else None


def _place(run: Run) -> str:
    return f"{run.turn.session.get_absolute_url()}#run-{run.pk}"


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Http404 from None


def _wants_part(request: HttpRequest) -> bool:
    htmx = cast("HtmxDetails", request.htmx)  # type: ignore[attr-defined]
    return bool(htmx) and not htmx.history_restore_request


def _user(request: HttpRequest) -> User:
    return cast("User", request.user)  # after login_required
