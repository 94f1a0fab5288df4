"""The pages of saved sessions: the list with search and filters, the left column, and what can be done to a session."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import Resolver404, resolve, reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import HttpResponseClientRedirect, trigger_client_event

from playground.accounts.models import User
from playground.history import services
from playground.history.access import (
    restorable_session_or_404,
    session_or_404,
    session_to_change,
    session_to_delete,
)
from playground.history.choices import chips
from playground.history.conditions import selection_of
from playground.history.filters import HistoryForm
from playground.history.listing import Cursor
from playground.history.queries import Section, group_of, live_sessions, row_of, session_page
from playground.history.views.page import page_context
from playground.http import SignedInRequest, safe_next, uuid_of, wants_part
from playground.runs.access import visible_sessions
from playground.runs.models import Session
from playground.workspaces.access import current_membership, current_workspace
from playground.workspaces.models import Workspace

# Events: the left column loads anew; so does the list of the history, as its rows belong elsewhere now.
CHANGED = "sessions-changed"
MOVED = "sessions-moved"
_MOST_LIVE: Final = 100


@require_GET
@login_required
@vary_on_headers("HX-Request")
def sessions(request: SignedInRequest) -> HttpResponse:
    """All sessions. With `after`, the page of the list that follows; HTMX gets only what it asked for."""
    membership = current_membership(request.user)
    context = _list_context(request, membership.workspace)
    if wants_part(request):
        part = "rows" if request.GET.get("after") else "results"
        return render(request, f"history/sessions.html#{part}", context)
    return render(request, "history/sessions.html", {**context, **page_context(request, membership, context["form"])})


@require_GET
@login_required
def live(request: SignedInRequest) -> HttpResponse:
    """Asked by a list that shows the sessions `was` as live: nothing while they all are, then the news."""
    was = _uuids(request.GET.get("was", ""))
    response = HttpResponse(status=204)
    if live_sessions(visible_sessions(request.user)).filter(pk__in=was).count() == len(was):
        return response
    return trigger_client_event(_announced(response), MOVED)


@require_GET
@login_required
@vary_on_headers("HX-Request")
def sidebar(request: SignedInRequest) -> HttpResponse:
    """The sessions in the left column of every page."""
    if not wants_part(request):
        return redirect(f"{reverse('history:sessions')}?{request.GET.urlencode()}")
    context = {**_list_context(request, current_workspace(request.user)), "current": _session_on_page(request)}
    part = "#rows" if request.GET.get("after") else ""
    return render(request, f"history/sidebar.html{part}", context)


@require_http_methods(["GET", "POST"])
@login_required
@vary_on_headers("HX-Request")
def rename(request: SignedInRequest, session_id: UUID) -> HttpResponse:
    """GET: the form, in the row's place or as a page. POST: a new title; none brings the first prompt back."""
    session = session_to_change(request.user, session_id)
    if request.method == "POST":
        services.rename(session, request.POST.get("title", ""))
        return _changed(request, session)
    template = "history/_rename.html" if wants_part(request) else "history/rename.html"
    return render(request, template, {"row": row_of(session), "length": services.TITLE_LENGTH})


@require_GET
@login_required
@vary_on_headers("HX-Request")
def row(request: SignedInRequest, session_id: UUID) -> HttpResponse:
    """The session's row in the list, for a rename that was given up."""
    session = session_or_404(request.user, session_id)
    if not wants_part(request):
        return redirect("history:sessions")
    return _row(request, session)


@require_POST
@login_required
@vary_on_headers("HX-Request")
def pin(request: SignedInRequest, session_id: UUID) -> HttpResponse:
    """`pinned` is 1 or 0."""
    session = session_to_change(request.user, session_id)
    services.pin(session, pinned=request.POST.get("pinned") == "1")
    response = _changed(request, session)
    return trigger_client_event(response, MOVED) if request.htmx else response


@require_POST
@login_required
@vary_on_headers("HX-Request")
def delete(request: SignedInRequest, session_id: UUID) -> HttpResponse:
    """Hide a session, and offer to undo that."""
    session = session_to_delete(request.user, session_id)
    services.delete(request.user, session)
    if request.POST.get("row"):
        return _announced(render(request, "history/_deleted.html", {"row": row_of(session)}))
    target = f"{reverse('history:sessions')}?undo={session.pk}"
    return HttpResponseClientRedirect(target) if request.htmx else redirect(target)


@require_POST
@login_required
@vary_on_headers("HX-Request")
def restore(request: SignedInRequest, session_id: UUID) -> HttpResponse:
    """Undo a deletion."""
    session = restorable_session_or_404(request.user, session_id)
    services.restore(request.user, session)
    return _changed(request, session)


def _changed(request: SignedInRequest, session: Session) -> HttpResponse:
    """The session's row for the list; for forms elsewhere nothing but the news; without HTMX, back to where it was."""
    if not request.htmx:
        return redirect(safe_next(request, reverse("history:sessions")))
    if not request.POST.get("row"):
        return _announced(HttpResponse(status=204))
    return _announced(_row(request, session))


def _row(request: SignedInRequest, session: Session) -> HttpResponse:
    return render(request, "history/_row.html", {"row": row_of(session)})


def _announced(response: HttpResponse) -> HttpResponse:
    return trigger_client_event(response, CHANGED)


def _list_context(request: SignedInRequest, workspace: Workspace) -> dict[str, Any]:
    return list_context(request.user, workspace, HistoryForm(request.GET), Cursor.parse(request.GET.get("after", "")))


def list_context(user: User, workspace: Workspace, form: HistoryForm, cursor: Cursor | None = None) -> dict[str, Any]:
    page = session_page(selection_of(user, workspace, form), after=cursor)
    return {
        "form": form,
        "scope": form.scope_chosen,
        "chips": chips(form),
        "page": page,
        "sections": _joined_on(page.sections, cursor),
        "live": ",".join(row.session.pk.hex for row in page.rows if row.is_live),
        "query": form.query(),
        "older": form.query(after=str(page.next)) if page.next else "",
    }


def _joined_on(sections: Sequence[Section], cursor: Cursor | None) -> Sequence[Section]:
    """A page that goes on with the group that the page before it ended in does not repeat its heading."""
    if cursor is not None and sections and sections[0].group == group_of(cursor.at, pinned=cursor.pinned):
        return [sections[0]._replace(heading=""), *sections[1:]]
    return sections


def _uuids(text: str) -> set[UUID]:
    """Those in a comma-separated list; what is none is left out."""
    return {found for part in text.split(",")[:_MOST_LIVE] if (found := uuid_of(part))}


def _session_on_page(request: SignedInRequest) -> UUID | None:
    """The session that the page around the left column shows."""
    try:
        match = resolve((request.htmx.current_url_abs_path or "").partition("?")[0])
    except Resolver404:
        return None
    return match.kwargs.get("session_id") if match.view_name == "prompts:session" else None
