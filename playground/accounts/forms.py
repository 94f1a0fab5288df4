from typing import Any

from django import forms
from django.contrib.auth.forms import PasswordChangeForm, SetPasswordForm
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from playground.accounts.models import User
from playground.accounts.signals import tokens_distrusted


class _WithTokens(forms.Form):
    """API tokens are credentials of their own, which outlive a password: who fears for them too says so here."""

    revoke_tokens = forms.BooleanField(
        label=_("Also revoke my API tokens"),
        required=False,
        help_text=_("They go on working with a new password. This ends all of them, in every workspace."),
    )


class SetPassword(_WithTokens, SetPasswordForm):  # type: ignore[type-arg]
    @transaction.atomic
    def save(self, commit: bool = True) -> User:
        if self.cleaned_data["revoke_tokens"]:
            tokens_distrusted.send(type(self), user=self.user)
        saved: User = super().save(commit)
        return saved


class ChangePassword(SetPassword, PasswordChangeForm):
    """With the old one."""


class EmailForm(forms.Form):
    """One's address. Whoever can change it can have a new password mailed, so it takes the present one."""

    email = forms.EmailField(
        label=_("Mail address"),
        required=False,
        help_text=_("It is used to reset a lost password, and for nothing else."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    password = forms.CharField(
        label=_("Your password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, user: User, data: Any = None) -> None:
        super().__init__(data, initial={"email": user.email}, auto_id="address_%s")
        self.user = user
        if not user.has_usable_password():
            del self.fields["password"]

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        if not self.user.check_password(password):
            raise forms.ValidationError(_("This is not your password."))
        return password

    def save(self) -> None:
        self.user.email = self.cleaned_data["email"]
        self.user.save(update_fields=["email"])
