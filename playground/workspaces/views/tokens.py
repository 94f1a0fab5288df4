"""One's own API tokens."""

from typing import Final

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from playground import shown_once
from playground.errors import NotFound
from playground.http import SignedInRequest, safe_next
from playground.workspaces.access import current_membership
from playground.workspaces.audit import record
from playground.workspaces.models import ApiToken
from playground.workspaces.tokens import create_token, revoke_token

_PLACE: Final = "tokens"


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def tokens(request: HttpRequest) -> HttpResponse:
    """The list. A POST makes a token, and the page shows its secret until its maker is done with it."""
    membership = current_membership(request.user)
    if request.method == "POST":
        name = request.POST.get("name", "").strip()
        secret = create_token(membership.user, membership.workspace, name)
        record(membership.workspace, membership.user, "token.create", name)
        shown_once.keep(request, _PLACE, {"secret": secret})
        return redirect("workspaces:tokens")
    live = ApiToken.objects.filter(user=membership.user, revoked_at=None).order_by("-created_at", "-pk")
    context = {
        "tokens": live.select_related("workspace"),
        "secret": (shown_once.kept(request, _PLACE) or {}).get("secret", ""),
        "workspace": membership.workspace,
    }
    return render(request, "workspaces/tokens.html", context)


@login_required
@require_POST
def done(request: SignedInRequest) -> HttpResponse:
    """What was shown once has been copied: it is not shown again. Goes on at `next`."""
    shown_once.forget(request)
    return redirect(safe_next(request, reverse("workspaces:tokens")))


@login_required
@require_POST
def revoke(request: SignedInRequest, token_id: int) -> HttpResponse:
    token = ApiToken.objects.select_related("workspace").filter(pk=token_id, user=request.user).first()
    if token is None or not revoke_token(token.user, token_id):
        raise NotFound(_("This token does not exist, or is not yours."))
    record(token.workspace, token.user, "token.revoke", token.name, subject_id=token.pk)
    shown_once.forget(request)
    messages.success(request, _("The token is revoked: it opens nothing any more."))
    return redirect("workspaces:tokens")
