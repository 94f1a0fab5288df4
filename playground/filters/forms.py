from collections.abc import Mapping
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from playground.errors import PlaygroundError
from playground.filters.models import Part
from playground.filters.patterns import MAX_LENGTH, BadPattern, Pattern, compile_pattern, compile_replacement
from playground.filters.replacement import BadReplacement

PARTS: Final = {Part.TEXT: _("The answer"), Part.REASONING: _("The reasoning")}
MAX_REPLACEMENT: Final = 500

PROBLEMS: Final = {
    "empty": _("This pattern also matches where there is nothing, and so everywhere. Let it need a character."),
    "long": _("A pattern can have at most %(most)d characters: make several rules of it."),
    "lookaround": _(
        "RE2 has no lookahead and no lookbehind: put what stands beside the match into a group, and write the group"
        " again in the replacement."
    ),
    "backreference": _("RE2 has no backreferences in a pattern: write out what is to come again."),
    "large": _("This pattern is too large once its repetitions are written out: use counts of at most 1,000."),
    "syntax": _("RE2 cannot read this pattern: %(detail)s."),
}


def problem_with(error: BadPattern) -> str:
    """In words for the person who wrote the pattern."""
    return str(PROBLEMS[error.code]) % {"most": MAX_LENGTH, "detail": error.detail}


class PatternForm(forms.Form):
    """What a rule does. `compiled` is there once its pattern is valid."""

    compiled: Pattern | None = None
    part = forms.ChoiceField(label=_("Applied to"), choices=list(PARTS.items()), initial=Part.TEXT)
    pattern = forms.CharField(
        label=_("Pattern"),
        strip=False,
        help_text=_("A regular expression as RE2 reads it. (?s) lets the dot match line breaks, (?i) ignores case."),
        widget=forms.TextInput(attrs={"class": "mono", "spellcheck": "false", "autocapitalize": "off"}),
    )
    replacement = forms.CharField(
        label=_("Replacement"),
        required=False,
        strip=False,
        max_length=MAX_REPLACEMENT,
        help_text=_("Empty to leave the match out. \\1 or \\g<name> is a group, \\0 the match, \\n a line break."),
        widget=forms.TextInput(attrs={"class": "mono", "spellcheck": "false", "autocapitalize": "off"}),
    )

    def __init__(self, data: Any = None, *, initial: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, initial=dict(initial or {}), label_suffix="")

    def clean_pattern(self) -> str:
        pattern: str = self.cleaned_data["pattern"]
        try:
            self.compiled = compile_pattern(pattern)
        except BadPattern as error:
            raise forms.ValidationError(problem_with(error)) from None
        return pattern

    def clean_replacement(self) -> str:
        replacement: str = self.cleaned_data["replacement"]
        if self.compiled is None:
            return replacement
        try:
            compile_replacement(self.compiled, replacement)
        except BadReplacement as error:
            groups = _("The pattern has no group for %(reference)s: give it one, or write \\\\ for a backslash.")
            others = _("%(reference)s means nothing here: write \\\\ for a backslash.")
            message = groups if error.is_group else others
            raise forms.ValidationError(message, params={"reference": error.reference}) from None
        return replacement


class RuleForm(PatternForm):
    name = forms.CharField(label=_("Name"), max_length=120)
    is_enabled = forms.BooleanField(label=_("Enabled"), required=False, initial=True)

    field_order = ("name", "part", "pattern", "replacement", "is_enabled")

    def refuse(self, error: PlaygroundError) -> None:
        """Show what was refused, at its field if the form has it."""
        self.add_error(error.field if error.field in self.fields else None, error.message)
