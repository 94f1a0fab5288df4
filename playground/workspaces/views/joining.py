"""The page that an invitation's link opens. Opening it changes nothing: link previews open links, too."""

from django.contrib import messages
from django.contrib.auth import login
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from playground.accounts import throttle
from playground.accounts.client_address import client_address
from playground.accounts.models import User
from playground.workspaces import invitations
from playground.workspaces.forms import JoinForm
from playground.workspaces.models import Invitation

ACCOUNTS_LIMIT = 20  # forms sent for one link from one address, in a quarter of an hour: a room full of people fits
_BACKEND = "django.contrib.auth.backends.ModelBackend"


@sensitive_post_parameters("password1", "password2")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, token: str) -> HttpResponse:
    """For who is signed in a button; for others the form of a new account, and the way to sign in and come back."""
    invitation = invitations.find(token)
    if invitation is None:
        return render(request, "workspaces/join_ended.html", status=404)
    if isinstance(request.user, User):
        return _as_oneself(request, request.user, invitation, token)
    return _as_somebody_new(request, invitation, token)


def _as_oneself(request: HttpRequest, user: User, invitation: Invitation, token: str) -> HttpResponse:
    if request.method != "POST":
        is_member = user.memberships.filter(workspace=invitation.workspace).exists()
        return _page(request, invitation, None, is_member=is_member)
    membership = invitations.accept(token, user)
    messages.success(request, _("Welcome to “%s”.") % membership.workspace.name)
    return redirect("prompts:playground")


def _as_somebody_new(request: HttpRequest, invitation: Invitation, token: str) -> HttpResponse:
    if request.method != "POST":
        return _page(request, invitation, JoinForm(email=invitation.email))
    who, address = f"join:{invitation.pk}", client_address(request)
    wait = throttle.seconds_to_wait(who, address, limit=ACCOUNTS_LIMIT)
    if wait:
        return _wait_page(request, invitation, wait)
    throttle.count_failure(who, address)
    form = JoinForm(request.POST)
    if not form.is_valid():
        return _page(request, invitation, form, status=422)
    with transaction.atomic():
        user = form.save()
        invitations.accept(token, user)
    login(request, user, backend=_BACKEND)
    messages.success(request, _("Welcome to “%s”.") % invitation.workspace.name)
    return redirect("prompts:playground")


def _wait_page(request: HttpRequest, invitation: Invitation, seconds: int) -> HttpResponse:
    minutes = -(-seconds // 60)
    text = ngettext(
        "Too many tries from your network: try again in %(count)d minute.",
        "Too many tries from your network: try again in %(count)d minutes.",
        minutes,
    )
    form = JoinForm(username=request.POST.get("username", ""), email=request.POST.get("email", ""))
    response = _page(request, invitation, form, wait=text % {"count": minutes}, status=429)
    response["Retry-After"] = str(seconds)
    return response


def _page(
    request: HttpRequest,
    invitation: Invitation,
    form: JoinForm | None,
    *,
    is_member: bool = False,
    wait: str = "",
    status: int = 200,
) -> HttpResponse:
    context = {"invitation": invitation, "form": form, "is_member": is_member, "wait": wait}
    return render(request, "workspaces/join.html", context, status=status)
