"""What the history shows: the search and the filters, all of them in the URL."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.forms.utils import flatatt
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _

from playground.history.scopes import Scope
from playground.history.search import terms_of
from playground.recording.status import RunStatus
from playground.runs.store import LIVE

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

STATUS_WORDS: Final[Mapping[str, Promise]] = {
    "live": _("live now"),
    RunStatus.QUEUED: _("queued"),
    RunStatus.STREAMING: _("streaming"),
    RunStatus.COMPLETED: _("completed"),
    RunStatus.CANCELLED: _("stopped"),
    RunStatus.TRUNCATED: _("truncated"),
    RunStatus.FILTERED: _("filtered"),
    RunStatus.FAILED: _("failed"),
    RunStatus.INTERRUPTED: _("interrupted"),
}
REVIEW_WORDS: Final[Mapping[str, Promise]] = {"waiting": _("needs review"), "reviewed": _("reviewed")}
SCOPE_WORDS: Final[Mapping[Scope, Promise]] = {
    Scope.MINE: _("Mine"),
    Scope.WORKSPACE: _("Workspace"),
    Scope.DELETED: _("Recently deleted"),
}
_STATUSES: Final = [(str(status), words) for status, words in STATUS_WORDS.items() if status not in LIVE]
# "up", "down", "none"; or a least value on a scale of the workspace, by its id, or on any of them.
_RATING: Final = re.compile(r"up|down|none|(?:any|\d{1,9})-[1-5]")

# Shown at once; the others are behind "More filters".
PRIMARY: Final = ("author", "model", "status", "tag")
FLAGS: Final = ("has_errors", "has_notices", "has_comments")


class Menu(forms.Select):
    """As Django's, at a tenth of its cost: that renders three templates an option."""

    def render(
        self, name: str, value: Any, attrs: Mapping[str, Any] | None = None, renderer: object = None
    ) -> SafeString:
        chosen = "" if value is None else str(value)
        options = format_html_join(
            "",
            '<option value="{}"{}>{}</option>',
            ((key, mark_safe(" selected") if str(key) == chosen else "", label) for key, label in self.choices),
        )
        given = self.build_attrs(self.attrs, dict(attrs or {}))
        return format_html('<select name="{}"{}>{}</select>', name, flatatt(given), options)


class _Quick(forms.widgets.Input):
    """As Django's, without its three templates."""

    def render(
        self, name: str, value: Any, attrs: Mapping[str, Any] | None = None, renderer: object = None
    ) -> SafeString:
        shown = self.get_context(name, value, dict(attrs or {}))["widget"]
        value = "" if shown["value"] is None else format_html(' value="{}"', shown["value"])
        return format_html('<input type="{}" name="{}"{}{}>', shown["type"], name, value, flatatt(shown["attrs"]))


class Number(_Quick, forms.NumberInput):
    """A number."""


class Day(_Quick, forms.DateInput):
    """A day."""


class Tick(_Quick, forms.CheckboxInput):
    """Yes or nothing."""


def _least(label: "_StrPromise") -> forms.FloatField:
    widget = Number(attrs={"min": "0", "step": "any", "inputmode": "decimal"})
    return forms.FloatField(label=label, required=False, min_value=0, max_value=1e9, widget=widget)


class HistoryForm(forms.Form):
    """Every field may be left out. A field that does not parse is reported, and filters nothing.

    Names (of models, authors, tags) are taken as they are: one that does not occur finds nothing.
    """

    q = forms.CharField(label=_("Search prompts, answers and titles"), required=False, max_length=200)
    scope = forms.ChoiceField(required=False, choices=[(scope.value, scope.value) for scope in Scope])
    author = forms.CharField(label=_("Author"), required=False, max_length=150, widget=Menu)
    model = forms.CharField(label=_("Model"), required=False, max_length=200, widget=Menu)
    status = forms.ChoiceField(
        label=_("Status"), required=False, choices=[("", _("Any status")), *_STATUSES], widget=Menu
    )
    tag = forms.CharField(label=_("Tag"), required=False, max_length=40, widget=Menu)
    rating = forms.RegexField(_RATING, label=_("Rating"), required=False, widget=Menu)
    review = forms.ChoiceField(
        label=_("Review"), required=False, choices=[("", _("Reviewed or not")), *REVIEW_WORDS.items()], widget=Menu
    )
    since = forms.DateField(label=_("From"), required=False, widget=Day(attrs={"type": "date"}))
    until = forms.DateField(label=_("To"), required=False, widget=Day(attrs={"type": "date"}))
    ttft_min = _least(_("TTFT from (ms)"))
    ttft_max = _least(_("TTFT up to (ms)"))
    rate_min = _least(_("Tokens/s from"))
    rate_max = _least(_("Tokens/s up to"))
    has_errors = forms.BooleanField(label=_("Has errors"), required=False, widget=Tick)
    has_notices = forms.BooleanField(label=_("Has notices"), required=False, widget=Tick)
    has_comments = forms.BooleanField(label=_("Has comments"), required=False, widget=Tick)
    deleted = forms.BooleanField(required=False, widget=forms.HiddenInput)  # of old links: the scope says it now

    def __init__(self, data: Mapping[str, Any] | QueryDict) -> None:
        super().__init__(data, label_suffix="")

    @property
    def values(self) -> dict[str, Any]:
        self.is_valid()
        return self.cleaned_data

    @property
    def terms(self) -> list[str]:
        return terms_of(self.values.get("q", ""))

    @property
    def scope_chosen(self) -> Scope:
        if self.values.get("deleted"):
            return Scope.DELETED
        return Scope(self.values.get("scope") or Scope.MINE)

    @property
    def is_filtering(self) -> bool:
        return any(value not in (None, "", False) for name, value in self.values.items() if name not in _NO_FILTER)

    @property
    def has_more(self) -> bool:
        """Whether a filter that is not among the primary ones is set, or is wrong."""
        hidden = set(self.fields) - {*PRIMARY, *_NO_FILTER, "q"}
        return any(self.values.get(name) not in (None, "", False) for name in hidden) or bool(hidden & set(self.errors))

    def query(self, *, without: str = "", **changes: str) -> str:
        """What is asked for as a query string, in the fields' order, with `changes`; for the next request."""
        query = QueryDict(mutable=True)
        for name in [*self.fields, *changes]:
            value = changes.get(name, self.data.get(name, ""))
            if value and name != without:
                query[name] = value
        return query.urlencode()


_NO_FILTER: Final = frozenset({"scope", "deleted"})
