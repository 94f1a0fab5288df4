from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from playground.accounts.models import User


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
