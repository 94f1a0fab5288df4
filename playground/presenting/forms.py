"""What a presenter says before a show."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


class StartForm(forms.Form):
    title = forms.CharField(
        label=_("Title on the opening screen"),
        max_length=200,
        required=False,
        help_text=_("People see it before the first prompt. Without one, they see only the link to follow along."),
    )
    mode = forms.ChoiceField(
        label=_("A step forward starts"),
        choices=[
            ("replay", _("the recordings, at their recorded pace")),
            ("live", _("the models, live; a recording takes over where one fails")),
        ],
        initial="replay",
    )
    patience_s = forms.IntegerField(
        label=_("Seconds to wait for a live answer to begin"),
        min_value=2,
        max_value=120,
        initial=10,
        help_text=_("Then the recording takes over, and says that it is one."),
    )

    def __init__(self, *args: Any, may_ask: bool = True, **kwargs: Any) -> None:
        """Without `may_ask`, nothing is asked that is about live answers: recordings play."""
        super().__init__(*args, **kwargs)
        if not may_ask:
            del self.fields["mode"], self.fields["patience_s"]
        for name in self.errors if self.is_bound else ():
            if name in self.fields:
                self.fields[name].widget.attrs["aria-invalid"] = "true"


class NoteForm(forms.Form):
    text = forms.CharField(max_length=20_000, required=False)
