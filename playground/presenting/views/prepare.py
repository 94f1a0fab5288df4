"""Before a show: the models are checked, recordings chosen, notes written."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from playground.errors import InvalidField
from playground.http import SignedInRequest, wants_part
from playground.presenting import preflight
from playground.presenting.access import (
    may_ask_live,
    own_shows,
    session_to_prepare,
    session_to_present,
    turn_to_prepare,
)
from playground.presenting.forms import NoteForm, StartForm
from playground.presenting.http import varied
from playground.presenting.models import FallbackRecording, SpeakerNote
from playground.presenting.program import cues_of, program
from playground.presenting.shows import start_show
from playground.runs.models import Session, Turn


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def prepare(request: SignedInRequest, session_id: UUID) -> HttpResponse:
    """The page before a show; a POST starts it."""
    session = session_to_present(request.user, session_id)
    may_ask = may_ask_live(request.user, session.pk)
    form = StartForm(request.POST or None, may_ask=may_ask)
    if request.method == "POST" and form.is_valid():
        show = start_show(request.user, session, **form.cleaned_data)
        return redirect("presenting:stage", show.pk)
    context = {
        "session": session,
        "items": program(session),
        "report": preflight.report(session),
        "form": form,
        "may_ask": may_ask,
        "show": own_shows(request.user).on().filter(session=session).first(),
    }
    return render(request, "presenting/prepare.html", context, status=422 if form.is_bound else 200)


@login_required
@require_POST
def start_preflight(request: SignedInRequest, session_id: UUID) -> HttpResponse:
    session = session_to_prepare(request.user, session_id)
    preflight.start(request.user, session)
    return _report(request, session)


@login_required
@require_GET
def preflight_report(request: SignedInRequest, session_id: UUID) -> HttpResponse:
    """What the check has found so far: polled while it goes on."""
    return _report(request, session_to_prepare(request.user, session_id))


@login_required
@require_POST
def save_note(request: SignedInRequest, turn_id: UUID) -> HttpResponse:
    turn = turn_to_prepare(request.user, turn_id)
    form = NoteForm(request.POST)
    if not form.is_valid():
        raise InvalidField("text", _("The note is too long: shorten it."))
    SpeakerNote.objects.update_or_create(turn=turn, defaults=form.cleaned_data)
    return _saved(request, turn)


@login_required
@require_POST
def choose_recording(request: SignedInRequest, turn_id: UUID) -> HttpResponse:
    """`lane` and `run`, the id of one of its recordings; "" for the newest that is complete."""
    turn = turn_to_prepare(request.user, turn_id)
    cue = next((cue for cue in cues_of(str(turn.pk)) if str(cue.lane) == request.POST.get("lane")), None)
    if cue is None:
        raise Http404
    wanted = request.POST.get("run", "")
    run = next((run for run in cue.recordings if str(run.pk) == wanted), None)
    if run is None and wanted:
        raise Http404
    if run is None:
        FallbackRecording.objects.filter(turn=turn, lane=cue.lane).delete()
    else:
        FallbackRecording.objects.update_or_create(turn=turn, lane=cue.lane, defaults={"run": run})
    return _saved(request, turn)


def _report(request: SignedInRequest, session: Session) -> HttpResponse:
    if not wants_part(request):
        return redirect("presenting:prepare", session.pk)
    context = {"session": session, "report": preflight.report(session)}
    return varied(render(request, "presenting/_preflight.html", context))


def _saved(request: SignedInRequest, turn: Turn) -> HttpResponse:
    if wants_part(request):
        return varied(render(request, "presenting/_saved.html"))
    messages.success(request, _("Saved."))
    return redirect("presenting:prepare", turn.session_id)
