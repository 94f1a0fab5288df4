"""One's own API tokens."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from playground.errors import NotFound
from playground.workspaces.access import current_membership
from playground.workspaces.models import ApiToken
from playground.workspaces.tokens import create_token, revoke_token


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def tokens(request: HttpRequest) -> HttpResponse:
    """The list. A POST makes a token; the page that answers it is the only one that shows the secret."""
    membership = current_membership(request.user)
    secret = ""
    if request.method == "POST":
        secret = create_token(membership.user, membership.workspace, request.POST.get("name", "").strip())
    live = ApiToken.objects.filter(user=membership.user, revoked_at=None).order_by("-created_at", "-pk")
    context = {"tokens": live.select_related("workspace"), "secret": secret, "workspace": membership.workspace}
    return render(request, "workspaces/tokens.html", context, status=201 if secret else 200)


@login_required
@require_POST
def revoke(request: HttpRequest, token_id: int) -> HttpResponse:
    if not revoke_token(current_membership(request.user).user, token_id):
        raise NotFound(_("This token does not exist, or is not yours."))
    messages.success(request, _("The token is revoked: it opens nothing any more."))
    return redirect("workspaces:tokens")
