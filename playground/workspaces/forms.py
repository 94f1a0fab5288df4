"""The forms of workspaces and invitations."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.auth.forms import UserCreationForm
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from playground.accounts import mail
from playground.accounts.models import User
from playground.workspaces.invitations import LIFETIMES_DAYS, Offer
from playground.workspaces.models import Role

if TYPE_CHECKING:  # the stub's class is generic, Django's is not
    UserCreationFormBase = UserCreationForm[User]
else:
    UserCreationFormBase = UserCreationForm

_ONE, _ANY = "one", "any"


def _lifetimes() -> list[tuple[int, str]]:
    return [(days, ngettext("%d day", "%d days", days) % days) for days in LIFETIMES_DAYS]


class WorkspaceForm(forms.Form):
    name = forms.CharField(
        label=_("Name"),
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=_("The name of your team or project, for example."),
    )


class InvitationForm(forms.Form):
    """`offer` after `is_valid`. The address is asked for only where mail can be sent."""

    role = forms.ChoiceField(label=_("Role"), choices=Role.choices, initial=Role.EDITOR)
    days = forms.TypedChoiceField(
        label=_("Works for"),
        choices=_lifetimes,  # asked anew in each language
        coerce=int,
        initial=7,
    )
    uses = forms.ChoiceField(
        label=_("Lets in"), choices=[(_ONE, _("one person")), (_ANY, _("any number of people"))], initial=_ONE
    )
    email = forms.EmailField(
        label=_("Send it to"),
        required=False,
        help_text=_("Leave it empty to pass the link on yourself."),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, auto_id="invite_%s")
        if not mail.is_configured():
            del self.fields["email"]

    def offer(self) -> Offer:
        data = self.cleaned_data
        uses = 1 if data["uses"] == _ONE else None
        return Offer(role=Role(data["role"]), days=data["days"], uses=uses, email=data.get("email", ""))


class JoinForm(UserCreationFormBase):
    """A new account. The address is asked for only where mail can be sent: a lost password is reset by it."""

    class Meta:
        model = User
        fields = ("username", "email")

    def __init__(self, data: Any = None, *, username: str = "", email: str = "") -> None:
        super().__init__(data, initial={"username": username, "email": email})
        if mail.is_configured():
            self.fields["email"].help_text = _("Optional. It is used to reset a lost password, and for nothing else.")
        else:
            del self.fields["email"]
