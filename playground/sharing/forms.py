"""What a new link is asked for."""

from datetime import timedelta
from typing import Final

from django import forms
from django.utils.translation import gettext_lazy as _

from playground.sharing.contents import Contents
from playground.sharing.links import LinkDraft

_LIFETIMES: Final = {
    "1": (_("1 day"), timedelta(days=1)),
    "7": (_("7 days"), timedelta(days=7)),
    "30": (_("30 days"), timedelta(days=30)),
    "never": (_("Never"), None),
}


class ContentsForm(forms.Form):
    """What is shown beside the prompts and the answers."""

    system = forms.BooleanField(required=False, label=_("System prompt"))
    parameters = forms.BooleanField(required=False, initial=True, label=_("Parameters"))
    timeline = forms.BooleanField(
        required=False,
        initial=True,
        label=_("Timeline"),
        help_text=_("Exact times: the tokens, the numbers, and replay."),
    )
    annotations = forms.BooleanField(
        required=False, label=_("Annotations"), help_text=_("Comments, with the names of who wrote them.")
    )

    def contents(self) -> Contents:
        data = self.cleaned_data
        return Contents(data["system"], data["parameters"], data["timeline"], data["annotations"])


class ShareForm(ContentsForm):
    name = forms.CharField(
        required=False,
        max_length=100,
        label=_("Name"),
        help_text=_("For your list of links. Readers do not see it."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    lifetime = forms.ChoiceField(
        label=_("Expires after"), initial="7", choices=[(value, label) for value, (label, _span) in _LIFETIMES.items()]
    )
    password = forms.CharField(
        required=False,
        max_length=200,
        strip=False,
        label=_("Password"),
        help_text=_("Optional. Tell it to your readers by another way than the link."),
        widget=forms.PasswordInput(render_value=True, attrs={"autocomplete": "new-password"}),
    )

    def draft(self) -> LinkDraft:
        data = self.cleaned_data
        _label, lifetime = _LIFETIMES[data["lifetime"]]
        return LinkDraft(self.contents(), data["name"].strip(), lifetime, data["password"])


class UnlockForm(forms.Form):
    password = forms.CharField(
        max_length=200,
        strip=False,
        label=_("Password"),
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "autofocus": True}),
    )
