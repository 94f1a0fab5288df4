"""What is done to a session, its texts and its runs from the panel: ratings, tags, redactions."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import trigger_client_event

from playground.errors import InvalidField
from playground.http import SignedInRequest, wants_part
from playground.review import ratings, redactions, tags
from playground.review.access import redaction_to_change, run_or_404, session_to_manage, session_to_redact
from playground.review.forms import TagForm, first_error
from playground.review.models import RatingScale, Tag
from playground.review.news import CHANGED, NOTICE
from playground.review.views.panel import changed, panel


@require_POST
@login_required
@vary_on_headers("HX-Request")
def rate(request: SignedInRequest, run_id: UUID) -> HttpResponse:
    """`value` is 1 or -1, or 1–5 with a `scale`; 0 takes one's rating back. A lane's thumbs need no panel in answer."""
    run = run_or_404(request.user, run_id)
    session = run.turn.session
    scale = None
    if request.POST.get("scale"):
        scales = RatingScale.objects.filter(workspace=session.workspace, archived_at=None)
        scale = get_object_or_404(scales, pk=_number(request.POST["scale"]))
    ratings.rate(run, request.user, scale, _number(request.POST.get("value", "")))
    if wants_part(request) and "lane" in request.POST:
        return trigger_client_event(HttpResponse(status=204), CHANGED)
    return changed(request, session)


@require_POST
@login_required
@vary_on_headers("HX-Request")
def add_tag(request: SignedInRequest, session_id: UUID) -> HttpResponse:
    session = session_to_manage(request.user, session_id)
    form = TagForm(request.POST)
    if not form.is_valid():
        refused = {"where": "tag", "message": first_error(form), "body": request.POST.get("name", "")}
        return panel(request, session, {"refused": refused}, status=422)
    tags.add_tag(session, form.cleaned_data["name"])
    return changed(request, session)


@require_POST
@login_required
@vary_on_headers("HX-Request")
def remove_tag(request: SignedInRequest, session_id: UUID, tag_id: int) -> HttpResponse:
    session = session_to_manage(request.user, session_id)
    tags.remove_tag(session, get_object_or_404(Tag, pk=tag_id, workspace=session.workspace))
    return changed(request, session)


@require_POST
@login_required
@vary_on_headers("HX-Request")
def redact(request: SignedInRequest, session_id: UUID) -> HttpResponse:
    """Hide a span: see `redactions.read_redaction` for what the form says of its place."""
    session = session_to_redact(request.user, session_id)
    try:
        redaction = redactions.read_redaction(session, request.POST)
    except InvalidField as error:
        if wants_part(request):
            raise
        messages.error(request, error.message)
        return changed(request, session)
    redactions.redact(redaction, session, request.user)
    if wants_part(request) and "in-place" in request.POST:
        notice = {"message": _("Hidden from now on in share links and exports."), "level": "info"}
        return trigger_client_event(trigger_client_event(HttpResponse(status=204), CHANGED), NOTICE, notice)
    return changed(request, session)


@require_POST
@login_required
@vary_on_headers("HX-Request")
def redact_everywhere(request: SignedInRequest, redaction_id: int) -> HttpResponse:
    """Hide the same text wherever else the session says it."""
    redaction = redaction_to_change(request.user, redaction_id)
    session = session_to_redact(request.user, redaction.turn.session_id)
    redactions.redact_everywhere(redaction, session, request.user)
    return changed(request, session)


@require_POST
@login_required
@vary_on_headers("HX-Request")
def unredact(request: SignedInRequest, redaction_id: int) -> HttpResponse:
    redaction = redaction_to_change(request.user, redaction_id)
    session = session_to_redact(request.user, redaction.turn.session_id)
    redactions.unredact(redaction, request.user)
    return changed(request, session)


def _number(text: str) -> int:
    """Raises InvalidField for what is none."""
    try:
        return int(text)
    except ValueError:
        raise InvalidField("value", _("Choose one of the values of the scale.")) from None
