"""What a person sends: one prompt, its parameters, and the models of its lanes."""

from collections.abc import Sequence
from typing import Any, Final

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from playground.errors import InvalidField, PlaygroundError
from playground.runs.models import Turn
from playground.runs.parameters import MAX_STOPS
from playground.runs.turns import MAX_LANES, TurnDraft

PARAMETERS: Final = ("temperature", "top_p", "max_tokens", "stop", "seed", "logprobs", "top_logprobs")
_ESCAPES: Final = {"\\n": "\n", "\\t": "\t"}


class LanesField(forms.Field):
    """The model ids of the lanes, in order; the same one may come twice. Blank ones are left out."""

    widget = forms.SelectMultiple

    def to_python(self, value: Any) -> list[str]:
        return [model_id.strip() for model_id in value or () if model_id.strip()]

    def validate(self, value: list[str]) -> None:
        if not 1 <= len(value) <= MAX_LANES:
            raise forms.ValidationError(_("Choose 1 to %(most)d models."), params={"most": MAX_LANES})


class StopField(forms.CharField):
    r"""Stop texts, one a line; `\n` and `\t` stand for a line break and a tab."""

    def to_python(self, value: Any) -> list[str]:  # type: ignore[override]
        lines = [line for line in (super().to_python(value) or "").splitlines() if line]
        for escape, character in _ESCAPES.items():
            lines = [line.replace(escape, character) for line in lines]
        if len(lines) > MAX_STOPS:
            raise forms.ValidationError(_("Write at most %(most)d stop texts, one a line."), params={"most": MAX_STOPS})
        return lines

    @staticmethod
    def written(stops: Sequence[str]) -> str:
        """The lines that `to_python` reads as `stops`."""
        return "\n".join(stop.replace("\n", "\\n").replace("\t", "\\t") for stop in stops)


class TextField(forms.CharField):
    """Text exactly as typed; browsers send a line break as CR LF."""

    def __init__(self, **options: Any) -> None:
        super().__init__(strip=False, **options)

    def to_python(self, value: Any) -> str:
        return (super().to_python(value) or "").replace("\r\n", "\n")


def _number(low: float, high: float) -> forms.FloatField:
    message = format_lazy(_("Enter a number from {low:g} to {high:g}."), low=low, high=high)
    return forms.FloatField(required=False, min_value=low, max_value=high, error_messages=_same(message))


def _whole(low: int, high: int, message: Any = None) -> forms.IntegerField:
    message = message or format_lazy(_("Enter a whole number from {low} to {high}."), low=low, high=high)
    return forms.IntegerField(required=False, min_value=low, max_value=high, error_messages=_same(message))


def _same(message: Any) -> dict[str, Any]:
    return dict.fromkeys(("invalid", "min_value", "max_value"), message)


class TurnForm(forms.Form):
    """`session`: where the turn is added, a new one if empty. `unrecorded`: stream it, and keep nothing of it.

    `position`: what `TurnDraft` calls `before`, which as a field's name would hide a method of the form that htmx
    calls.
    """

    session = forms.UUIDField(required=False)
    position = forms.IntegerField(required=False, min_value=0)
    system = TextField(required=False)
    prompt = TextField(error_messages={"required": _("Write a prompt first: it is empty.")})
    model = LanesField()
    temperature = _number(0, 2)
    top_p = _number(0, 1)
    max_tokens = _whole(1, 1_000_000)
    stop = StopField(required=False, strip=False)
    seed = _whole(-(2**63), 2**63 - 1, _("Enter a whole number."))
    logprobs = forms.BooleanField(required=False)
    top_logprobs = _whole(0, 20)
    unrecorded = forms.BooleanField(required=False)
    wrong_model = ""  # of several, the one that was refused

    def clean_prompt(self) -> str:
        prompt: str = self.cleaned_data["prompt"]
        if not prompt.strip():
            raise forms.ValidationError(_("Write a prompt first: it is empty."))
        return prompt

    def clean(self) -> None:
        if self.cleaned_data.get("top_logprobs") is not None and not self.cleaned_data.get("logprobs"):
            self.add_error("top_logprobs", _("Alternatives come with logprobs: switch those on too."))

    def draft(self) -> TurnDraft:
        """Of a valid form."""
        data = self.cleaned_data
        # 0 is a value; an empty list and an unticked box are none
        parameters = {
            name: data[name] for name in PARAMETERS if data[name] not in (None, []) and data[name] is not False
        }
        return TurnDraft(
            data["model"],
            data["prompt"],
            data["system"],
            parameters,
            before=data["position"],
            is_recorded=not data["unrecorded"],
        )

    def refuse(self, error: PlaygroundError) -> None:
        """Show what the engine refused, at its field if the form has it."""
        self.is_valid()
        if isinstance(error, InvalidField):
            self.wrong_model = error.value
        self.add_error(error.field if error.field in self.fields else None, error.message)


def values_of(turn: Turn) -> dict[str, Any]:
    """What the form would hold to send this turn's parameters to its lanes again."""
    values = dict(turn.parameters)
    values["stop"] = StopField.written(values.get("stop", ()))
    lanes = dict(turn.runs.order_by("lane").values_list("lane", "model_id"))
    return {"system": turn.system, "model": list(lanes.values()), **values}
