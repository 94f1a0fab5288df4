"""The door of a link's pages: whether it opens, for whom, and what the answer says to caches and robots."""

from collections.abc import Callable
from functools import update_wrapper
from typing import Concatenate, ParamSpec, cast

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from playground.accounts import throttle
from playground.accounts.client_address import client_address
from playground.http import SignedInRequest, wants_part
from playground.sharing import links
from playground.sharing.forms import UnlockForm
from playground.sharing.http import keep_private
from playground.sharing.models import ShareLink

P = ParamSpec("P")
LinkView = Callable[Concatenate[HttpRequest, str, ShareLink, P], HttpResponse]
_COOKIE = "share-key"


def through_link(view: LinkView[P], *, is_data: bool = False) -> Callable[..., HttpResponse]:
    """The view is called with the request, the token and its link, if it opens and its password was given.

    Where it was not, a page asks for it; parts of pages, and what `is_data`, are refused.
    """

    def opened(request: HttpRequest, token: str, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        link = links.find(token)
        if link is None:
            return keep_private(render(request, "sharing/gone.html", status=404))
        if not _is_unlocked(request, link):
            return _refuse() if is_data else _locked(request, token)
        return keep_private(view(request, token, link, *args, **kwargs))

    update_wrapper(opened, view)
    return opened


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def unlock(request: HttpRequest, token: str) -> HttpResponse:
    """Take the password of a link. Guessing is slowed down as it is at sign-in. A GET leads to the page that asks."""
    if request.method != "POST":
        return keep_private(redirect("sharing:page", token))
    link = links.find(token)
    if link is None:
        return keep_private(render(request, "sharing/gone.html", status=404))
    who, address = f"share:{link.pk}", client_address(request)
    if wait := throttle.seconds_to_wait(who, address):
        return _wait(request, token, wait)
    form = UnlockForm(request.POST)
    if not form.is_valid() or not links.check(link, form.cleaned_data["password"]):
        throttle.count_failure(who, address)
        form.add_error("password", _("This is not the password of this link."))
        return _locked(request, token, form, status=422)
    throttle.forget_failures(who, address)
    page = reverse("sharing:page", args=[token])
    response = redirect(page)
    response.set_cookie(
        _COOKIE,
        links.key_of(link),
        max_age=links.PASS_AGE,
        path=page,
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )
    return keep_private(response)


def _is_unlocked(request: HttpRequest, link: ShareLink) -> bool:
    return not link.password or links.is_key(link, request.COOKIES.get(_COOKIE, ""))


def _locked(request: HttpRequest, token: str, form: UnlockForm | None = None, *, status: int = 200) -> HttpResponse:
    if wants_part(cast("SignedInRequest", request)):
        return _refuse()
    response = render(request, "sharing/locked.html", {"form": form or UnlockForm(), "token": token}, status=status)
    # With "no-referrer" a browser would post the form with “Origin: null”, which the CSRF check refuses.
    return keep_private(response, referrer="same-origin")


def _refuse() -> HttpResponse:
    return keep_private(HttpResponse(status=403))


def _wait(request: HttpRequest, token: str, seconds: int) -> HttpResponse:
    minutes = -(-seconds // 60)
    text = ngettext(
        "Too many wrong passwords: try again in %(count)d minute.",
        "Too many wrong passwords: try again in %(count)d minutes.",
        minutes,
    )
    form = UnlockForm(request.POST)
    form.add_error("password", text % {"count": minutes})
    response = _locked(request, token, form, status=429)
    response["Retry-After"] = str(seconds)
    return response
