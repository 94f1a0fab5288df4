"""The page that a reset link opens: a new password is set there."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from playground.accounts.forms import SetPassword
from playground.workspaces import resets


@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def set_password(request: HttpRequest, token: str) -> HttpResponse:
    """A GET changes nothing; the POST of a password that is good enough spends the link."""
    link = resets.find_link(token)
    if link is None:
        return render(request, "workspaces/set_password.html", status=404)
    form = SetPassword(link.user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        resets.use_link(link, form)
        messages.success(request, _("Your new password is set. Sign in with it."))
        return redirect("accounts:sign-in")
    context = {"form": form, "person": link.user}
    return render(request, "workspaces/set_password.html", context, status=422 if form.is_bound else 200)
