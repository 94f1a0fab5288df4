"""Sign in, sign out, one's own account."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth import login, logout, update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from playground.accounts import mail, sign_in_links, throttle
from playground.accounts.client_address import client_address
from playground.accounts.forms import ChangePassword, EmailForm, SetPassword
from playground.accounts.models import User
from playground.accounts.redirects import safe_next
from playground.errors import NotFound

_BACKEND = "django.contrib.auth.backends.ModelBackend"


@sensitive_post_parameters("password")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect(safe_next(request))
    if request.method != "POST":
        return _sign_in_page(request, AuthenticationForm(request))
    username, address = request.POST.get("username", ""), client_address(request)
    wait = throttle.seconds_to_wait(username, address)
    if wait:
        return _wait_page(request, wait)
    form = AuthenticationForm(request, data=request.POST)
    if not form.is_valid():
        throttle.count_failure(username, address)
        return _sign_in_page(request, form, status=422)
    throttle.forget_failures(username, address)
    login(request, form.get_user())
    return redirect(safe_next(request))


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return redirect("accounts:sign-in")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in_link(request: HttpRequest, token: str) -> HttpResponse:
    """The page of a one-time link; its button, a POST, signs in."""
    if request.method == "POST":
        user = sign_in_links.spend(token)
        if user is not None:
            login(request, user, backend=_BACKEND)
            return redirect(safe_next(request))
    else:
        user = sign_in_links.find_user(token)
    return render(request, "accounts/sign_in_link.html", {"person": user}, status=200 if user else 404)


@sensitive_post_parameters()
@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def account(request: HttpRequest) -> HttpResponse:
    """One's name and password. Who has no password yet sets one without giving an old one."""
    user = request.user
    if not isinstance(user, User):  # for the type checker: `login_required` has seen to it
        return redirect("accounts:sign-in")
    form = _password_form(user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        update_session_auth_hash(request, form.save())
        messages.success(request, _("Your new password is set."))
        return redirect("accounts:account")
    return _account_page(request, user, form, EmailForm(user))


@sensitive_post_parameters()
@never_cache
@login_required
@require_POST
def email(request: HttpRequest) -> HttpResponse:
    """One's mail address, where there is a mail server."""
    user = request.user
    if not isinstance(user, User) or not mail.is_configured():
        raise NotFound(_("This installation sends no mail."))
    form = EmailForm(user, request.POST)
    if not form.is_valid():
        return _account_page(request, user, _password_form(user), form)
    form.save()
    messages.success(request, _("Your mail address is saved."))
    return redirect("accounts:account")


@require_http_methods(["GET", "HEAD", "POST"])
def admin_sign_in(request: HttpRequest) -> HttpResponse:
    """In place of the admin's own sign-in page, which has no limit on guesses. For one who is no operator: nothing."""
    if request.user.is_authenticated:
        raise NotFound(_("This page does not exist, or is not yours."))
    return redirect_to_login(request.GET.get("next", reverse("admin:index")))


def _password_form(user: User, data: Any = None) -> SetPassword:
    return ChangePassword(user, data) if user.has_usable_password() else SetPassword(user, data)


def _account_page(request: HttpRequest, user: User, form: SetPassword, email_form: EmailForm) -> HttpResponse:
    context = {
        "form": form,
        "has_password": user.has_usable_password(),
        "email_form": email_form if mail.is_configured() else None,
    }
    status = 422 if form.is_bound or email_form.is_bound else 200
    return render(request, "accounts/account.html", context, status=status)


def _sign_in_page(request: HttpRequest, form: AuthenticationForm, *, status: int = 200) -> HttpResponse:
    return render(request, "accounts/sign_in.html", _sign_in_context(request, form), status=status)


def _sign_in_context(request: HttpRequest, form: AuthenticationForm) -> dict[str, Any]:
    return {"form": form, "next": safe_next(request), "has_mail": mail.is_configured()}


def _wait_page(request: HttpRequest, seconds: int) -> HttpResponse:
    minutes = -(-seconds // 60)
    at = date_format(timezone.localtime() + timedelta(minutes=minutes), "H:i e")
    text = ngettext(
        "Too many wrong passwords: try again in %(count)d minute, at %(time)s. "
        "Whoever runs the server can also restart it to get a new sign-in link.",
        "Too many wrong passwords: try again in %(count)d minutes, at %(time)s. "
        "Whoever runs the server can also restart it to get a new sign-in link.",
        minutes,
    )
    wait = text % {"count": minutes, "time": at}
    context = {**_sign_in_context(request, AuthenticationForm(request)), "wait": wait}
    response = render(request, "accounts/sign_in.html", context, status=429)
    response["Retry-After"] = str(seconds)
    return response
