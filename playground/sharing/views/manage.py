"""Making links and revoking them."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from playground import shown_once
from playground.http import SignedInRequest, absolute, safe_next
from playground.runs.models import Run, Visibility
from playground.sharing import links
from playground.sharing.access import link_to_manage, runs_to_share, session_to_share
from playground.sharing.forms import ShareForm
from playground.sharing.models import ShareLink
from playground.sharing.qr import qr_svg
from playground.workspaces.access import current_membership, require_role
from playground.workspaces.models import Role


@sensitive_post_parameters("password")
@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def session_links(request: SignedInRequest, session_id: UUID) -> HttpResponse:
    """The links of a session. A POST makes one, and the page shows its address until its maker is done with it."""
    session = session_to_share(request.user, session_id)
    form = ShareForm(request.POST or None)
    context: dict[str, Any] = {
        "session": session,
        "title": session.shown_title,
        "back": session.get_absolute_url(),
        "redactions": links.count_redactions(session.turns.values_list("pk", flat=True)),
    }
    if form.is_valid():
        _link, token = links.share_session(request.user, session, form.draft())
        return _show(request, token)
    return _page(request, form, {**context, "links": links.links_of(session)})


@sensitive_post_parameters("password")
@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def comparison_links(request: SignedInRequest) -> HttpResponse:
    """As `session_links`, for the comparison of the runs `a` and `b`."""
    left, right = runs_to_share(request.user, request.GET.get("a", ""), request.GET.get("b", ""))
    form = ShareForm(request.POST or None)
    context: dict[str, Any] = {
        "title": f"{left.model_id} / {right.model_id}",
        "back": _comparison_url(left, right),
        "redactions": links.count_redactions([left.turn_id, right.turn_id]),
        "is_comparison": True,
    }
    if form.is_valid():
        _link, token = links.share_comparison(request.user, left, right, form.draft())
        return _show(request, token)
    return _page(request, form, {**context, "links": links.links_of_comparison(left, right)})


@login_required
@require_GET
def workspace_links(request: SignedInRequest) -> HttpResponse:
    """All links of the workspace, for its owners. What a private session is called is not told."""
    workspace = current_membership(request.user).workspace
    require_role(request.user, workspace, Role.OWNER)
    found = links.manageable_links(request.user).filter(workspace=workspace, revoked_at=None)
    rows = [(link, _subject(link, request)) for link in found.order_by("-created_at")[:500]]
    return render(request, "sharing/workspace_links.html", {"rows": rows, "workspace": workspace})


@login_required
@require_POST
def revoke(request: SignedInRequest, link_id: int) -> HttpResponse:
    link = link_to_manage(request.user, link_id)
    links.revoke(request.user, link)
    shown_once.forget(request)
    messages.success(request, _("The link is revoked: it opens nothing any more."))
    return redirect(_next(request, link))


def _page(request: SignedInRequest, form: ShareForm, context: dict[str, Any]) -> HttpResponse:
    kept = shown_once.kept(request, request.get_full_path())
    created = {"url": kept["url"], "qr": qr_svg(kept["url"], title=_("The link as a QR code"))} if kept else None
    status = 422 if form.is_bound else 200
    return render(request, "sharing/links.html", {"form": form, "created": created, **context}, status=status)


def _show(request: SignedInRequest, token: str) -> HttpResponse:
    url = absolute(request, reverse("sharing:page", args=[token]))
    shown_once.keep(request, request.get_full_path(), {"url": url})
    return redirect(request.get_full_path())


def _subject(link: ShareLink, request: SignedInRequest) -> str:
    session = link.session
    if session is None:
        return links.subject_of(link)
    if session.visibility == Visibility.WORKSPACE or session.owner_id == request.user.pk:
        return session.shown_title
    return _("A private session")


def _comparison_url(left: Run, right: Run) -> str:
    return f"{reverse('replay:compare')}?a={left.pk}&b={right.pk}"


def _next(request: SignedInRequest, link: ShareLink) -> str:
    home = reverse("sharing:links", args=[link.session_id]) if link.session_id else reverse("prompts:playground")
    return safe_next(request, home)
