"""Where the user is named in comments: a page, and the number in the top bar."""

from typing import Final

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import trigger_client_event

from playground.http import SignedInRequest, wants_part
from playground.review.mentions import inbox, mark_seen, render_body
from playground.review.news import CHANGED
from playground.workspaces.access import current_workspace

_SHOWN: Final = 50
_MOST_COUNTED: Final = 100


@require_GET
@login_required
@vary_on_headers("HX-Request")
def mentions(request: SignedInRequest) -> HttpResponse:
    """The newest comments that name the user."""
    return _page(request)


@require_POST
@login_required
@vary_on_headers("HX-Request")
def seen(request: SignedInRequest) -> HttpResponse:
    """Mark all as read."""
    mark_seen(inbox(request.user, current_workspace(request.user)))
    if wants_part(request):
        return trigger_client_event(_page(request), CHANGED)
    return redirect("review:mentions")


@require_GET
@login_required
def badge(request: SignedInRequest) -> HttpResponse:
    """How many mentions wait, for the top bar. Two queries."""
    unseen = inbox(request.user, current_workspace(request.user)).filter(seen_at=None)
    count = unseen.order_by().values("pk")[:_MOST_COUNTED].count()
    return render(request, "review/_badge.html", {"count": count, "most": _MOST_COUNTED})


def _page(request: SignedInRequest) -> HttpResponse:
    workspace = current_workspace(request.user)
    found = list(inbox(request.user, workspace)[:_SHOWN])
    name = request.user.get_username()
    context = {
        "mentions": [(mention, render_body(mention.comment.body, [name])) for mention in found],
        "unseen": any(mention.seen_at is None for mention in found),
    }
    return render(request, "review/mentions.html#mentions" if wants_part(request) else "review/mentions.html", context)
