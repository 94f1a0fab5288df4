"""One's own API tokens."""

from dataclasses import dataclass
from typing import Final

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from playground import shown_once
from playground.accounts.models import User
from playground.errors import NotFound
from playground.http import SignedInRequest, safe_next
from playground.workspaces.access import current_membership, memberships_of
from playground.workspaces.audit import record
from playground.workspaces.forms import TokenForm
from playground.workspaces.models import ApiToken
from playground.workspaces.token_facts import used_today
from playground.workspaces.tokens import create_token, revoke_token

_PLACE: Final = "tokens"


@dataclass(frozen=True, slots=True)
class Row:
    """A token in the list. `used_today`: tokens of the prompts and answers of its runs of today."""

    token: ApiToken
    used_today: int
    is_over: bool


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def tokens(request: HttpRequest) -> HttpResponse:
    """The list. A POST makes a token, and the page shows its secret until its maker is done with it."""
    user = current_membership(request.user).user
    form = TokenForm(memberships_of(user), request.POST if request.method == "POST" else None)
    if form.is_valid():
        name, workspace, scope = form.cleaned_data["name"], form.for_workspace, form.scope
        with transaction.atomic():
            secret = create_token(user, workspace, name, scope)
            record(workspace, user, "token.create", name, **scope.details())
        shown_once.keep(request, _PLACE, {"secret": secret})
        return redirect("workspaces:tokens")
    context = {
        "form": form,
        "tokens": _rows(user),
        "secret": (shown_once.kept(request, _PLACE) or {}).get("secret", ""),
    }
    return render(request, "workspaces/tokens.html", context, status=422 if form.is_bound else 200)


def _rows(user: User) -> list[Row]:
    """The newest first; those whose time is over too, until they are revoked."""
    live = ApiToken.objects.filter(user=user, revoked_at=None).order_by("-created_at", "-pk")
    found = list(live.select_related("workspace"))
    used, now = used_today(found), timezone.now()
    return [
        Row(token, used.get(token.pk, 0), is_over=token.expires_at is not None and token.expires_at <= now)
        for token in found
    ]


@login_required
@require_POST
def done(request: SignedInRequest) -> HttpResponse:
    """What was shown once has been copied: it is not shown again. Goes on at `next`."""
    shown_once.forget(request)
    return redirect(safe_next(request, reverse("workspaces:tokens")))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def revoke(request: SignedInRequest, token_id: int) -> HttpResponse:
    """Asks first: the POST revokes."""
    live = ApiToken.objects.select_related("workspace").filter(user=request.user, revoked_at=None)
    token = live.filter(pk=token_id).first()
    if token is not None and request.method != "POST":
        return render(request, "workspaces/revoke_token.html", {"token": token})
    if token is None or not revoke_token(token.user, token_id):
        raise NotFound(_("This token does not exist, or is not yours."))
    record(token.workspace, token.user, "token.revoke", token.name, subject_id=token.pk)
    shown_once.forget(request)
    messages.success(request, _("The token is revoked: it opens nothing any more."))
    return redirect("workspaces:tokens")
