"""The review queue, and what is done to a session's place in it."""

from typing import Final
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import trigger_client_event

from playground.accounts.models import User
from playground.errors import Conflict, Forbidden, InvalidField
from playground.http import SignedInRequest, safe_next, wants_part
from playground.review import queue as reviews
from playground.review.access import session_or_404, session_to_manage
from playground.review.models import Review
from playground.review.news import CHANGED
from playground.review.views.panel import changed, panel
from playground.runs.models import Session
from playground.workspaces.access import current_workspace, has_role
from playground.workspaces.models import Role

_PAGE: Final = 50


@require_GET
@login_required
@vary_on_headers("HX-Request")
def queue(request: SignedInRequest) -> HttpResponse:
    """The queue of the current workspace: `?show=` one of `queue.FILTERS`, `?page=`."""
    context = _context(request)
    return render(request, "review/queue.html#queue" if wants_part(request) else "review/queue.html", context)


@require_GET
@login_required
def following(request: SignedInRequest) -> HttpResponse:
    """The next session to review, after `?after=`; the queue, if there is none."""
    after = _session_after(request)
    workspace = after.workspace if after else current_workspace(request.user)
    found = reviews.next_review(request.user, workspace, after=after)
    if found is None:
        return redirect("review:queue")
    return redirect(f"{reverse('prompts:session', args=[found.session_id])}#review")


@require_POST
@login_required
@vary_on_headers("HX-Request")
def ask(request: SignedInRequest, session_id: UUID) -> HttpResponse:
    """Ask for a review. `assignee` may name a person; `visible` lets the workspace see a private session."""
    session = session_to_manage(request.user, session_id)
    try:
        reviews.ask_for_review(session, request.user, _person(request), make_visible=request.POST.get("visible") == "1")
    except (Conflict, InvalidField) as error:
        refused = {"where": "ask", "message": error.message, "body": ""}
        return panel(request, session, {"refused": refused}, status=422)
    return changed(request, session)


@require_POST
@login_required
@vary_on_headers("HX-Request")
def assign(request: SignedInRequest, session_id: UUID) -> HttpResponse:
    """`assignee` is a person's id, or empty. Who may not manage the queue can still take or leave a session."""
    session = session_or_404(request.user, session_id)
    review = _review_of(session)
    person = _person(request)
    takes = person == request.user and review.assignee_id is None
    leaves = person is None and review.assignee_id == request.user.pk
    if not (takes or leaves):
        session_to_manage(request.user, session_id)
    reviews.assign(review, person)
    return _answer(request, session)


@require_POST
@login_required
@vary_on_headers("HX-Request")
def done(request: SignedInRequest, session_id: UUID) -> HttpResponse:
    """Mark as reviewed: its assignee, and editors."""
    session = session_or_404(request.user, session_id)
    review = _review_of(session)
    if review.assignee_id != request.user.pk and not has_role(request.user, session.workspace, Role.EDITOR):
        raise Forbidden(_("Take this review first, or ask an editor."))
    reviews.mark_reviewed(review, request.user)
    return _answer(request, session)


@require_POST
@login_required
@vary_on_headers("HX-Request")
def withdraw(request: SignedInRequest, session_id: UUID) -> HttpResponse:
    """Take the session out of the queue."""
    session = session_to_manage(request.user, session_id)
    reviews.withdraw(_review_of(session))
    return _answer(request, session)


def _answer(request: SignedInRequest, session: Session) -> HttpResponse:
    if "queue" not in request.POST:
        return changed(request, session)
    if wants_part(request):
        return trigger_client_event(render(request, "review/queue.html#queue", _context(request)), CHANGED)
    return redirect(safe_next(request, reverse("review:queue")))


def _context(request: SignedInRequest) -> dict[str, object]:
    user, workspace = request.user, current_workspace(request.user)
    show = request.GET.get("show", "")
    show = show if show in reviews.FILTERS else "all"
    everything = reviews.queue(user, workspace)
    counts = reviews.counts(everything, user)
    found = reviews.in_order(reviews.with_changes(reviews.filtered(everything, show, user)))
    paginator = Paginator(found, _PAGE)
    paginator.count = counts[show]
    return {
        "filters": [(name, label, counts[name]) for name, label in reviews.FILTERS.items()],
        "show": show,
        "page": paginator.get_page(request.GET.get("page")),
        "people": User.objects.filter(memberships__workspace=workspace, is_active=True).order_by("username"),
        "may_manage": has_role(user, workspace, Role.EDITOR),
        "is_owner": has_role(user, workspace, Role.OWNER),
    }


def _review_of(session: Session) -> Review:
    return get_object_or_404(Review, session=session)


def _person(request: SignedInRequest) -> User | None:
    """Whom the form names; "me" is the user.

    Raises:
        InvalidField: nobody is called that.
    """
    named = request.POST.get("assignee", "")
    if named in ("", "me"):
        return request.user if named else None
    found = User.objects.filter(pk=int(named)).first() if named.isascii() and named.isdigit() else None
    if found is None:
        raise InvalidField("assignee", _("Choose a member of the workspace."))
    return found


def _session_after(request: SignedInRequest) -> Session | None:
    try:
        return session_or_404(request.user, UUID(request.GET["after"])) if request.GET.get("after") else None
    except ValueError:
        return None
