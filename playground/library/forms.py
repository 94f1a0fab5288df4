"""The form of a prompt: what is said of it, what it says, and a row of fields for each of its variables."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from playground.errors import InvalidField, PlaygroundError
from playground.library.models import Prompt, PromptVersion
from playground.library.services import NAME_LENGTH, About, Content
from playground.library.template import BadName, names_in, parse
from playground.library.variable_rows import VariableRow, rows_of
from playground.runs.parameters import clean_parameters
from playground.runs.turns import MAX_LANES

MAX_TAGS: Final = 20
TAG_LENGTH: Final = 40
_COMMAS: Final = re.compile("[,\uff0c\u3001]")  # the Chinese ones too
MAX_VARIABLES: Final = 50
PARAMETERS: Final = ("temperature", "top_p", "max_tokens", "seed", "stop")


class TextField(forms.CharField):
    """Text exactly as typed; browsers send a line break as CR LF."""

    def __init__(self, **options: Any) -> None:
        super().__init__(strip=False, **options)

    def to_python(self, value: Any) -> str:
        return (super().to_python(value) or "").replace("\r\n", "\n")


class LinesField(forms.CharField):
    """Texts, one a line."""

    widget = forms.Textarea

    def to_python(self, value: Any) -> list[str]:  # type: ignore[override]
        return [line for line in (super().to_python(value) or "").splitlines() if line.strip()]


def _area(rows: int, **attributes: Any) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows, **attributes})


class PromptForm(forms.Form):
    """`names`: the variables for which rows are shown, those of the texts as they were typed.

    `base` is the number of the version that is edited; where the form came from is kept in `fork`.
    """

    base = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)
    fork = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)
    name = forms.CharField(label=_("Name"), max_length=NAME_LENGTH)
    description = forms.CharField(label=_("Description"), required=False, max_length=2000, widget=_area(2))
    tags = forms.CharField(
        label=_("Tags"), required=False, max_length=900, help_text=_("With commas between them: support, tone")
    )
    system = TextField(label=_("System prompt"), required=False, widget=_area(2))
    text = TextField(
        label=_("Prompt"),
        widget=_area(8),
        help_text=_("Write {{name}} where a value goes. For literal braces write \\{{."),
        error_messages={"required": _("Write a prompt first: it is empty.")},
    )
    model_ids = LinesField(label=_("Models"), required=False, widget=_area(2, spellcheck="false"))
    temperature = forms.FloatField(label=_("Temperature"), required=False)
    top_p = forms.FloatField(label=_("Top p"), required=False)
    max_tokens = forms.IntegerField(label=_("Max tokens"), required=False)
    seed = forms.IntegerField(label=_("Seed"), required=False)
    stop = LinesField(label=_("Stop texts"), required=False, strip=False, widget=_area(2))
    note = forms.CharField(
        label=_("What changed"), required=False, max_length=200, help_text=_("A note for the list of versions.")
    )

    def __init__(self, data: Any = None, *, initial: Mapping[str, Any] | None = None, stored: Sequence[Any] = ()):
        super().__init__(data, initial=dict(initial or {}), label_suffix="")
        self.rows: list[VariableRow] = rows_of(self._names(), data, stored)

    @property
    def template_row(self) -> VariableRow:
        """The row that scripts copy for a new variable."""
        return VariableRow("__name__")

    @property
    def models_and_parameters(self) -> list[forms.BoundField]:
        return [self["model_ids"], *(self[name] for name in PARAMETERS)]

    @property
    def opens_settings(self) -> bool:
        return any(field.errors for field in self.models_and_parameters)

    def refuse(self, error: PlaygroundError) -> None:
        """Show what was refused, at its field if the form has it."""
        self.add_error(error.field if error.field in self.fields else None, error.message)

    def clean_tags(self) -> list[str]:
        typed: str = self.cleaned_data["tags"]
        tags = list(dict.fromkeys(filter(None, (" ".join(t.split()) for t in _COMMAS.split(typed)))))
        if len(tags) > MAX_TAGS or any(len(tag) > TAG_LENGTH for tag in tags):
            message = _("At most %(most)d tags, each of at most %(length)d characters.")
            raise forms.ValidationError(message, params={"most": MAX_TAGS, "length": TAG_LENGTH})
        return tags

    def clean_system(self) -> str:
        return _checked_template(self.cleaned_data["system"])

    def clean_text(self) -> str:
        text: str = self.cleaned_data["text"]
        if not text.strip():
            raise forms.ValidationError(_("Write a prompt first: it is empty."))
        return _checked_template(text)

    def clean_model_ids(self) -> list[str]:
        ids = [line.strip() for line in self.cleaned_data["model_ids"]]
        if len(ids) > MAX_LANES:
            raise forms.ValidationError(_("At most %(most)d models."), params={"most": MAX_LANES})
        return ids

    def clean(self) -> None:
        if len(self.rows) > MAX_VARIABLES:
            message = _("A prompt can have at most %(most)d variables; this one has %(n)d.")
            self.add_error("text", forms.ValidationError(message, params={"most": MAX_VARIABLES, "n": len(self.rows)}))
        checked = [row.check() for row in self.rows]  # all of them, so that each shows what is wrong
        if not all(checked):
            self.add_error(None, gettext("Look at the variables: a value does not fit."))
        try:
            self.cleaned_data["parameters"] = clean_parameters(self._given_parameters())
        except InvalidField as error:
            self.add_error(error.field, error.message)

    def about(self) -> About:
        data = self.cleaned_data
        return About(data["name"], data["description"], data["tags"])

    def content(self) -> Content:
        data = self.cleaned_data
        variables = [row.variable.as_json() for row in self.rows]
        return Content(data["text"], data["system"], variables, data["parameters"], data["model_ids"])

    def _names(self) -> list[str]:
        return names_in(self["system"].value() or "", self["text"].value() or "")

    def _given_parameters(self) -> dict[str, Any]:
        data = self.cleaned_data
        return {name: data[name] for name in PARAMETERS if data.get(name) not in (None, [])}


def _checked_template(text: str) -> str:
    try:
        parse(text)
    except BadName as error:
        message = _("“{{%(part)s” is no variable: a name has letters, digits and _. Write \\{{ for literal braces.")
        raise forms.ValidationError(message, params={"part": error.part}) from error
    return text


def initial_of(version: PromptVersion) -> dict[str, Any]:
    """The fields of a version as the form shows them."""
    return content_initial(Content.of(version))


def content_initial(content: Content) -> dict[str, Any]:
    parameters = {name: value for name, value in content.parameters.items() if name in PARAMETERS}
    return {
        **parameters,
        "stop": "\n".join(parameters.get("stop", ())),
        "system": content.system,
        "text": content.text,
        "model_ids": "\n".join(content.model_ids),
    }


def about_initial(prompt: Prompt) -> dict[str, Any]:
    tags = ", ".join(tag.name for tag in prompt.tags.all())
    return {"name": prompt.name, "description": prompt.description, "tags": tags}
