"""A session among people: who sees it, what is live, what came since, and a copy to go on with."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import HttpResponseClientRedirect

from playground.errors import InvalidField
from playground.http import SignedInRequest, position_in, wants_part
from playground.prompts.access import may_change, rights_in, rights_said, session_or_404, session_to_change
from playground.prompts.live import live_sessions, turns_since
from playground.prompts.pages import turn_page
from playground.runs.copying import copy_session
from playground.runs.models import Visibility
from playground.runs.visibility import set_visibility
from playground.workspaces import audit
from playground.workspaces.access import current_workspace, require_role
from playground.workspaces.models import Role


@require_GET
@login_required
@vary_on_headers("HX-Request")
def live(request: SignedInRequest) -> HttpResponse:
    """What streams right now in the workspace: a part of the left column."""
    if not wants_part(request):
        return redirect("history:sessions")
    user = request.user
    workspace = current_workspace(user)
    context = {"sessions": live_sessions(user, workspace), "workspace": workspace}
    return render(request, "prompts/_live.html", context)


@require_GET
@login_required
@vary_on_headers("HX-Request")
def session_turns(request: SignedInRequest, session_id: UUID) -> HttpResponse:
    """The turns that have runs since `after`, the newest run that a page shows; all, if it shows none.

    With `before` instead, the page of turns before that position. A header says what the page may offer by now.
    """
    user = request.user
    session = session_or_404(user, session_id)
    if not wants_part(request):
        return redirect(session)
    before = position_in(request, "before")
    page = turn_page(session, before) if before is not None else None
    turns = page.turns if page is not None else turns_since(session, request.GET.get("after", ""))
    rights = rights_in(user, session)
    context = {"turns": turns, "page": page, "session": session, **rights}
    response = render(request, "prompts/_turns.html", context)
    response["Playground-Rights"] = rights_said(rights)
    return response


@require_http_methods(["GET", "POST"])
@login_required
@vary_on_headers("HX-Request")
def visibility(request: SignedInRequest, session_id: UUID) -> HttpResponse:
    """GET: who sees the session, for the header of its page. POST: `visibility`, private or workspace."""
    user = request.user
    if request.method == "POST":
        session = session_to_change(user, session_id)
        value = request.POST.get("visibility", "")
        if value not in Visibility.values:
            raise InvalidField("visibility", _("Choose private or workspace."))
        set_visibility(session, user, Visibility(value))
    else:
        session = session_or_404(user, session_id)
    if not wants_part(request):
        return redirect(session)
    context = {"session": session, "may_change": may_change(user, session)}
    return render(request, "runs/_visibility.html", context)


@require_POST
@login_required
@vary_on_headers("HX-Request")
def copy(request: SignedInRequest, session_id: UUID) -> HttpResponse:
    """An own, private copy of a session that the user may see."""
    user = request.user
    session = session_or_404(user, session_id)
    require_role(user, session.workspace, Role.EDITOR)
    with transaction.atomic():
        copied = copy_session(session, user)
        audit.record(session.workspace, user, "session.copy", copied, subject_id=copied.pk, copied_from=str(session.pk))
    target = copied.get_absolute_url()
    return HttpResponseClientRedirect(target) if wants_part(request) else redirect(target)
