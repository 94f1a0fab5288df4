"""Reset a lost password by mail, where there is a mail server: Django's own forms and tokens, in our pages."""

from typing import Final

from django.contrib.auth.forms import PasswordResetForm
from django.contrib.auth.views import PasswordResetConfirmView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse_lazy
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from playground.accounts import mail, throttle
from playground.accounts.client_address import client_address
from playground.accounts.forms import SetPassword as SetPasswordForm
from playground.errors import NotFound

MAILS_LIMIT: Final = 10  # asked for from one address, in a quarter of an hour
_WHO: Final = "reset:by-mail"


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest) -> HttpResponse:
    """The answer is the same whether anybody has the address: it tells a stranger nothing."""
    if not mail.is_configured():
        raise NotFound(_("This installation sends no mail. Ask an owner of your workspace for a link."))
    form = PasswordResetForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return render(request, "accounts/reset_by_mail.html", {"form": form}, status=422 if form.is_bound else 200)
    address = client_address(request)
    wait = throttle.seconds_to_wait(_WHO, address, limit=MAILS_LIMIT)
    if wait:
        response = render(request, "accounts/reset_by_mail.html", {"form": form, "is_too_often": True}, status=429)
        response["Retry-After"] = str(wait)
        return response
    throttle.count_failure(_WHO, address)
    form.save(
        request=request,
        use_https=request.is_secure(),
        subject_template_name="accounts/reset_subject.txt",
        email_template_name="accounts/reset_mail.txt",
    )
    return render(request, "accounts/reset_by_mail.html", {"is_sent": True})


class SetPassword(PasswordResetConfirmView):
    """Opening the mailed link changes nothing; the POST of the new password spends it."""

    form_class = SetPasswordForm
    template_name = "accounts/reset_confirm.html"
    success_url = reverse_lazy("accounts:reset-done")


@require_http_methods(["GET", "HEAD"])
def done(request: HttpRequest) -> HttpResponse:
    return render(request, "accounts/reset_done.html")
