"""The forms of workspaces, invitations and API tokens."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.contrib.auth.forms import UserCreationForm
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from playground.accounts import mail
from playground.accounts.models import User
from playground.workspaces.invitations import LIFETIMES_DAYS, Offer
from playground.workspaces.models import Membership, Role, Workspace
from playground.workspaces.token_facts import connection_names
from playground.workspaces.tokens import Scope, expiry_in

if TYPE_CHECKING:  # the stub's class is generic, Django's is not
    UserCreationFormBase = UserCreationForm[User]
else:
    UserCreationFormBase = UserCreationForm

_ONE, _ANY = "one", "any"
_TOKEN_DAYS: Final = (1, 7, 30, 90, 365)
_NEVER: Final = ""
MOST_RUNS_PER_MINUTE: Final = 100_000
MOST_TOKENS_PER_DAY: Final = 10**12


def _days(lifetimes: Sequence[int]) -> list[tuple[int | str, str]]:
    return [(days, ngettext("%d day", "%d days", days) % days) for days in lifetimes]


def _lifetimes() -> list[tuple[int | str, str]]:
    return _days(LIFETIMES_DAYS)


def _token_lifetimes() -> list[tuple[int | str, str]]:
    return [*_days(_TOKEN_DAYS), (_NEVER, gettext("until it is revoked"))]


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


class TokenForm(forms.Form):
    """`for_workspace` (one of the maker's; the current one, unless another is chosen) and `scope` after `is_valid`.

    Nothing ticked is every connection.
    """

    name = forms.CharField(
        label=_("What is it for?"),
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    workspace = forms.TypedChoiceField(label=_("Workspace"), coerce=int, empty_value=None, required=False)
    days = forms.TypedChoiceField(
        label=_("Works for"), choices=_token_lifetimes, coerce=int, empty_value=None, required=False, initial=90
    )
    connections = forms.MultipleChoiceField(
        label=_("Connections"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_(
            "Tick those that it may start runs and replays with; what you may read, it may read, of any connection. "
            "With none ticked it may use all, later ones too."
        ),
    )
    runs_per_minute = forms.IntegerField(
        label=_("Runs a minute"),
        required=False,
        min_value=1,
        max_value=MOST_RUNS_PER_MINUTE,
        help_text=_("Leave it empty for no limit."),
    )
    tokens_per_day = forms.IntegerField(
        label=_("Tokens a day"),
        required=False,
        min_value=1,
        max_value=MOST_TOKENS_PER_DAY,
        help_text=_("Of prompts and answers. Leave it empty for no limit."),
    )

    def __init__(self, memberships: Sequence[Membership], data: Any = None) -> None:
        """`memberships` with their workspace, the current one first."""
        super().__init__(data, initial={"workspace": memberships[0].workspace_id}, auto_id="token_%s")
        self._current = memberships[0].workspace_id
        self._workspaces = {membership.workspace_id: membership.workspace for membership in memberships}
        self._names = {pk: connection_names(workspace) for pk, workspace in self._workspaces.items()}
        every = dict.fromkeys(name for names in self._names.values() for name in names)
        _choices(self.fields["workspace"], [(pk, workspace.name) for pk, workspace in self._workspaces.items()])
        _choices(self.fields["connections"], [(name, name) for name in every])

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if "workspace" not in cleaned:
            return cleaned
        here = self._names[self.for_workspace.pk]
        strange = [name for name in cleaned.get("connections", ()) if name not in here]
        if strange:
            message = gettext("The workspace “%(workspace)s” has no connection of this name: %(names)s.")
            names = {"workspace": self.for_workspace.name, "names": ", ".join(strange)}
            self.add_error("connections", message % names)
        return cleaned

    @property
    def for_workspace(self) -> Workspace:
        return self._workspaces[self.cleaned_data["workspace"] or self._current]

    @property
    def scope(self) -> Scope:
        data = self.cleaned_data
        return Scope(
            connections=data["connections"],
            expires_at=expiry_in(data["days"]),
            runs_per_minute=data["runs_per_minute"],
            tokens_per_day=data["tokens_per_day"],
        )


def _choices(field: forms.Field, choices: list[tuple[Any, str]]) -> None:
    assert isinstance(field, forms.ChoiceField)  # noqa: S101  (for the type checker)
    field.choices = choices
