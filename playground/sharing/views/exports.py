"""Files to take away: a session that replays offline, or as text or data; a run's recording, timeline and replay."""

from collections.abc import Callable, Mapping
from typing import Final
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from playground.http import SignedInRequest
from playground.runs.models import Run
from playground.sharing import links
from playground.sharing.access import run_to_see, session_to_see
from playground.sharing.contents import Contents
from playground.sharing.exports.content import Exported, exported, file_name, markdown, session_file
from playground.sharing.exports.offline import offline_html
from playground.sharing.exports.recordings import CHOICES, download, export_run, why_not
from playground.sharing.exports.replay_svg import replay_svg
from playground.sharing.exports.timeline_svg import timeline_svg
from playground.sharing.forms import ContentsForm
from playground.sharing.public import public_log
from playground.workspaces import audit

_SESSION_FORMATS: Final[Mapping[str, tuple[str, str, Callable[[Exported, HttpRequest], str | bytes]]]] = {
    "html": ("html", "text/html; charset=utf-8", offline_html),
    "markdown": ("md", "text/markdown; charset=utf-8", lambda found, _request: markdown(found)),
    "json": ("json", "application/json", lambda found, _request: session_file(found)),
}
SPEEDS: Final = (1, 2, 4)
_PICTURE_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; sandbox"


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def session(request: SignedInRequest, session_id: UUID) -> HttpResponse:
    """The choices; a POST answers with the file of its `format`."""
    found = session_to_see(request.user, session_id)
    form = ContentsForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        name = request.POST.get("format", "")
        if name not in _SESSION_FORMATS:
            raise Http404
        ending, media_type, write = _SESSION_FORMATS[name]
        content = exported(found, form.contents())
        audit.record(found.workspace, request.user, "export.session", links.title_for_audit(found), format=name)
        return download(write(content, request), f"{file_name(content.shown.title)}.{ending}", media_type)
    context = {
        "session": found,
        "form": form if form.is_bound else ContentsForm(),
        "redactions": links.count_redactions(found.turns.values_list("pk", flat=True)),
    }
    return render(request, "sharing/export/session.html", context)


@login_required
@require_GET
def run(request: SignedInRequest, run_id: UUID) -> HttpResponse:
    """The recording of a run in all formats, and its pictures to look at and to take."""
    found = run_to_see(request.user, run_id)
    context = {
        "run": found,
        "formats": CHOICES,
        "why_not": why_not(found),
        "speeds": SPEEDS,
        "name": file_name(found.model_id),
    }
    return render(request, "sharing/export/run.html", context)


@login_required
@require_POST
def recording(request: SignedInRequest, run_id: UUID) -> HttpResponse:
    """The file of the recording in its `format`."""
    return export_run(run_to_see(request.user, run_id), request.user, request.POST.get("format", ""))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def timeline(request: SignedInRequest, run_id: UUID) -> HttpResponse:
    """The picture; a POST takes it away, and is told in the audit log."""
    found = run_to_see(request.user, run_id)
    return _picture(request, found, "timeline", timeline_svg(found, public_log(found, Contents())))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def replay(request: SignedInRequest, run_id: UUID) -> HttpResponse:
    """As `timeline`. `speed` is one of `SPEEDS`."""
    found = run_to_see(request.user, run_id)
    chosen = request.POST.get("speed", "") or request.GET.get("speed", "")
    speed = int(chosen) if chosen in map(str, SPEEDS) else 1
    note = _("recording") if speed == 1 else _("recording, %(speed)d×") % {"speed": speed}
    drawn = replay_svg(found.model_id, public_log(found, Contents()).events, speed=speed, note=note)
    return _picture(request, found, "replay", drawn)


def _picture(request: SignedInRequest, run: Run, kind: str, drawn: str) -> HttpResponse:
    if request.method != "POST":
        response = HttpResponse(drawn, content_type="image/svg+xml")
        response["Content-Security-Policy"] = _PICTURE_POLICY
        response["Cache-Control"] = "private, no-cache"
        return response
    session = run.turn.session
    audit.record(session.workspace, request.user, f"export.{kind}", run.model_id, subject_id=run.pk)
    return download(drawn, f"{file_name(run.model_id)}-{kind}.svg", "image/svg+xml")
