"""The timers and the retry policy of a connection, as a person sets them."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from playground.connections import parse
from playground.providers.endpoint import RetryPolicy, Timeouts

TIMEOUTS: Final = ("connect", "first_chunk", "between_chunks", "total")
RETRY: Final = ("attempts", "base_delay", "max_delay", "retry_after_cap", "statuses", "budget")
_POLICY: Final = RetryPolicy()
_NUMBER: Final = {
    "required": _("Write a number."),
    "invalid": _("Write a number."),
    "min_value": _("Write %(limit_value)g or more."),
    "max_value": _("Write %(limit_value)g or less."),
}


def _joined(statuses: Iterable[int]) -> str:
    return ", ".join(map(str, sorted(statuses)))


def _percent(share: float | None) -> float | None:
    return None if share is None else round(share * 100, 6)


def _seconds(label: Any, initial: float, least: float = 0.1, most: float = 3600, hint: Any = "") -> forms.FloatField:
    return forms.FloatField(
        label=label, initial=initial, min_value=least, max_value=most, help_text=hint, error_messages=_NUMBER
    )


def policy_of(timeouts: Mapping[str, Any], retry: Mapping[str, Any]) -> dict[str, Any]:
    """What the fields show of a connection's `timeouts` and `retry`, and the defaults of what these leave out."""
    policy = {name: retry.get(name, getattr(_POLICY, name)) for name in RETRY}
    written = {"statuses": _joined(policy["statuses"]), "budget": _percent(policy["budget"])}
    return {name: timeouts.get(name, getattr(Timeouts(), name)) for name in TIMEOUTS} | policy | written


class PolicyForm(forms.Form):
    """Cleaned, the names and units are those of `Timeouts` and `RetryPolicy`."""

    connect = _seconds(_("Connect timeout (s)"), Timeouts().connect)
    first_chunk = _seconds(_("First-chunk timeout (s)"), Timeouts().first_chunk)
    between_chunks = _seconds(_("Between-chunks timeout (s)"), Timeouts().between_chunks)
    total = _seconds(_("Total timeout (s)"), Timeouts().total)
    attempts = forms.IntegerField(
        label=_("Attempts"),
        initial=_POLICY.attempts,
        min_value=1,
        max_value=10,
        error_messages={**_NUMBER, "invalid": _("Write a whole number.")},
        help_text=_("How often a request is sent if it fails before its first chunk; 1 means no retry."),
    )
    base_delay = _seconds(
        _("First wait (s)"), _POLICY.base_delay, 0, hint=_("Doubles with each attempt; up to half of it is random.")
    )
    max_delay = _seconds(_("Longest wait (s)"), _POLICY.max_delay, 0)
    retry_after_cap = _seconds(
        _("Longest Retry-After to obey (s)"), _POLICY.retry_after_cap, 0, _POLICY.retry_after_cap
    )
    statuses = forms.CharField(
        label=_("Statuses to retry"),
        required=False,
        max_length=400,
        initial=_joined(_POLICY.statuses),
        help_text=_("HTTP statuses, separated by commas. A connection that is refused or lost is retried as well."),
    )
    budget = forms.FloatField(
        label=_("Retry budget (%)"),
        required=False,
        initial=_percent(_POLICY.budget),
        min_value=0,
        max_value=1000,
        error_messages=_NUMBER,
        help_text=_(
            "Retries for each 100 requests, on top of 10 at once and one a second. It keeps many failing runs from "
            "overloading a provider in trouble. An empty field is no limit."
        ),
    )

    def policy_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in (*TIMEOUTS, *RETRY)]

    def policy_errors(self) -> bool:
        return any(field.errors for field in self.policy_fields())

    def clean_statuses(self) -> list[int]:
        return parse.statuses(self.cleaned_data["statuses"])

    def clean_budget(self) -> float | None:
        percent: float | None = self.cleaned_data["budget"]
        return None if percent is None else percent / 100

    def clean_max_delay(self) -> float:
        longest: float = self.cleaned_data["max_delay"]
        if longest < self.cleaned_data.get("base_delay", 0):
            raise forms.ValidationError(_("The longest wait is shorter than the first: raise it, or lower the first."))
        return longest
