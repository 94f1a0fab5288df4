"""The playground page: compose a prompt, send it to one or several models, watch the answers."""

from functools import partial
from typing import cast
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import push_url, trigger_client_event

from playground.accounts.models import User
from playground.errors import Busy, PlaygroundError
from playground.http import SignedInRequest, position_in, uuid_or_404, wants_part
from playground.library.filling import Filling, asked_version, posted_filling
from playground.library.models import PromptVersion
from playground.prompts.access import (
    rights_in,
    rights_said,
    run_to_retry,
    run_to_stop,
    session_or_404,
    session_to_change,
    turn_to_change,
    turn_to_stop,
)
from playground.prompts.forms import TurnForm
from playground.prompts.pages import (
    Composer,
    change_lanes,
    editing_composer,
    empty_composer,
    filled_composer,
    page_context,
    returned_composer,
    sample_sessions,
    show_lane,
    show_turn,
    turn_page,
)
from playground.prompts.sent_once import sent_once
from playground.runs.models import Run, Session, Turn
from playground.runs.samples import add_samples
from playground.runs.stopping import request_stop
from playground.runs.turns import Created, Following, continue_run, retry_run, start_runs
from playground.workspaces.access import current_workspace, has_role, require_role
from playground.workspaces.models import Role


@require_GET
@login_required
def playground(request: SignedInRequest) -> HttpResponse:
    """A new session. `?prompt=` fills the composer, and so does `?version=`, from the library."""
    user = request.user
    workspace = current_workspace(user)
    composer = empty_composer(user, workspace, prompt=request.GET.get("prompt", ""))
    version = asked_version(user, workspace, request.GET.get("version"))
    return _from_library(request, composer, version) if version else _page(request, composer)


@require_GET
@login_required
def session(request: SignedInRequest, session_id: UUID) -> HttpResponse:
    """A session's last turns, or with `?before=<position>` those before them.

    `?edit=<turn>` fills the composer with one of them, `?version=` from the library.
    """
    user = request.user
    shown = session_or_404(user, session_id)
    edited = request.GET.get("edit")
    if edited is not None:
        turn = turn_to_change(user, uuid_or_404(edited))
        return _filled(request, editing_composer(shown.workspace, turn))
    composer = empty_composer(user, shown.workspace, shown)
    version = asked_version(user, shown.workspace, request.GET.get("version"))
    return _from_library(request, composer, version) if version else _page(request, composer)


@require_POST
@login_required
def samples(request: SignedInRequest) -> HttpResponse:
    """Add the sample sessions to the workspace, and show the first of them."""
    user = request.user
    workspace = current_workspace(user)
    require_role(user, workspace, Role.EDITOR)
    first, *_others = add_samples(workspace, user)
    return redirect(first)


@require_POST
def turns(request: HttpRequest) -> HttpResponse:
    """Send a prompt. Answers with the new turn, or with the composer as it was sent and what is wrong with it.

    A page whose person is signed out by now is told so (401) and stays, with what was typed.
    """
    asked = cast("SignedInRequest", request)
    if request.user.is_authenticated:
        return _send(asked)
    return HttpResponse(status=401) if wants_part(asked) else redirect_to_login("/")


def _send(request: SignedInRequest) -> HttpResponse:
    user = request.user
    workspace = current_workspace(user)
    form = TurnForm(request.POST)
    into = _session_named(user, form)
    lanes = request.POST.getlist("model")
    filling = posted_filling(user, into.workspace if into else workspace, request.POST)
    if "change_lanes" in request.POST:  # where scripts run, they do this in the page
        typed = TurnForm(initial=request.POST.dict())
        return _page(request, returned_composer(workspace, typed, change_lanes(lanes, request.POST), into, filling))
    if not form.is_valid() or (filling and not filling.check()):
        return _refused(request, returned_composer(workspace, form, lanes, into, filling), 422)
    draft = filling.filled(form.draft()) if filling else form.draft()

    def start(kept: Created) -> Run:
        return start_runs(user, workspace, draft, into, _both(filling, kept))[0]

    try:
        turn = sent_once(request, start).turn
    except PlaygroundError as error:
        form.refuse(error)
        response = _refused(request, returned_composer(workspace, form, lanes, into, filling), error.status)
        if isinstance(error, Busy):
            response["Retry-After"] = str(error.retry_after)
        return response
    return _sent(request, turn, is_new=into is None)


def _both(filling: Filling | None, kept: Created) -> Created:
    """What is saved with the runs of a turn: where its text is from, and the mark of the form that sent it."""

    def created(runs: list[Run]) -> None:
        if filling is not None:
            filling.record(runs[0].turn)
        if kept is not None:
            kept(runs)

    return created


@require_POST
@login_required
def retry(request: SignedInRequest, run_id: UUID) -> HttpResponse:
    """Ask the lane's model once more; the new run takes the old one's place on the page."""
    return _follow(request, run_id, retry_run)


@require_POST
@login_required
def go_on(request: SignedInRequest, run_id: UUID) -> HttpResponse:
    """Have the lane's model go on from the part of its answer; the new run takes the old one's place on the page."""
    return _follow(request, run_id, continue_run)


@require_POST
@login_required
def stop(request: SignedInRequest, run_id: UUID) -> HttpResponse:
    run = run_to_stop(request.user, run_id)
    request_stop(run)
    return HttpResponse(status=204) if wants_part(request) else redirect(_place(run))


@require_POST
@login_required
def stop_turn(request: SignedInRequest, turn_id: UUID) -> HttpResponse:
    """Stop all lanes of a turn."""
    turn = turn_to_stop(request.user, turn_id)
    for run in turn.runs.all():
        request_stop(run)
    return HttpResponse(status=204) if wants_part(request) else redirect(turn.session)


def _follow(request: SignedInRequest, run_id: UUID, start: Following) -> HttpResponse:
    before = run_to_retry(request.user, run_id)
    run = sent_once(request, partial(start, request.user, before.turn.session.workspace, before, None))
    if wants_part(request):
        return render(request, "runs/_lane.html", {"lane": show_lane(run), "turn": run.turn, "may_change": True})
    return redirect(_place(run))


def _sent(request: SignedInRequest, turn: Turn, *, is_new: bool) -> HttpResponse:
    if not wants_part(request):
        return redirect(f"{turn.session.get_absolute_url()}#turn-{turn.pk}")
    context = {"shown": show_turn(turn), "session": turn.session, "is_new": is_new, "may_change": True}
    response = render(request, "prompts/_sent.html", context)
    trigger_client_event(response, "sessions-changed")
    return push_url(response, turn.session.get_absolute_url()) if is_new else response


def _from_library(request: SignedInRequest, composer: Composer, version: PromptVersion) -> HttpResponse:
    """A version that says nothing of models and parameters leaves those of the page as they are."""
    filled = filled_composer(composer, version, request.GET.getlist("model"))
    if wants_part(request) and not version.model_ids and not version.parameters:
        return _vary(render(request, "prompts/_composer.html", page_context(filled)))
    return _filled(request, filled)


def _filled(request: SignedInRequest, composer: Composer) -> HttpResponse:
    """The composer, filled with something to send; without HTMX in its page."""
    if wants_part(request):
        return _vary(render(request, "prompts/_composer_again.html", page_context(composer)))
    return _page(request, composer)


def _refused(request: SignedInRequest, composer: Composer, status: int) -> HttpResponse:
    if wants_part(request):
        return render(request, "prompts/_composer_again.html", page_context(composer), status=status)
    return _page(request, composer, status)


def _page(request: SignedInRequest, composer: Composer, status: int = 200) -> HttpResponse:
    user, session = request.user, composer.session
    more: dict[str, object]
    if session is None:
        workspace = current_workspace(user)
        rights = {"may_change": has_role(user, workspace, Role.EDITOR)}
        more = {"samples": sample_sessions(user, workspace)}
    else:
        rights = rights_in(user, session)
        more = {"page": turn_page(session, position_in(request, "before"))}
    context = page_context(composer, **more, **rights, rights=rights_said(rights))
    return _vary(render(request, "prompts/playground.html", context, status=status))


def _vary(response: HttpResponse) -> HttpResponse:
    patch_vary_headers(response, ["HX-Request"])
    return response


def _session_named(user: User, form: TurnForm) -> Session | None:
    session_id = form["session"].data
    return session_to_change(user, uuid_or_404(session_id)) if session_id else None


def _place(run: Run) -> str:
    return f"{run.turn.session.get_absolute_url()}#run-{run.pk}"
