"""What the history shows: the search and the filters, all of them in the URL."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from django import forms
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from playground.accounts.models import User
from playground.history.access import restorable_sessions
from playground.history.search import search, terms_of
from playground.recording.status import RunStatus
from playground.runs.access import visible_runs, visible_sessions
from playground.runs.models import Run, Session
from playground.runs.store import LIVE

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
_CHOICES: Final = [(str(status), words) for status, words in STATUS_WORDS.items() if status not in LIVE]
_MODELS: Final = 200


class HistoryForm(forms.Form):
    """Every field may be left out. A field that does not parse is reported, and filters nothing."""

    q = forms.CharField(label=_("Search prompts, answers and titles"), required=False, max_length=200)
    model = forms.ChoiceField(label=_("Model"), required=False)
    status = forms.ChoiceField(label=_("Status"), required=False, choices=[("", _("Any status")), *_CHOICES])
    since = forms.DateField(label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label=_("To"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    deleted = forms.BooleanField(label=_("Recently deleted"), required=False)

    def __init__(self, *args: Any, models: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})
        model = self.fields["model"]
        assert isinstance(model, forms.ChoiceField)  # noqa: S101  (declared so above)
        model.choices = [("", _("Any model")), *((name, name) for name in models)]

    @property
    def values(self) -> dict[str, Any]:
        self.is_valid()
        return self.cleaned_data

    @property
    def terms(self) -> list[str]:
        return terms_of(self.values.get("q", ""))

    @property
    def is_filtering(self) -> bool:
        return any(value for name, value in self.values.items() if name != "deleted")


def used_models(user: User) -> list[str]:
    """The ids of the models that the user's runs name."""
    return list(visible_runs(user).order_by("model_id").values_list("model_id", flat=True).distinct()[:_MODELS])


def matching_sessions(user: User, form: HistoryForm) -> QuerySet[Session]:
    """The user's sessions that the form asks for, in no order yet. Dates are those of the last activity."""
    values = form.values
    sessions = restorable_sessions(user) if values.get("deleted") else visible_sessions(user)
    if model := values.get("model"):
        sessions = sessions.filter(pk__in=_sessions_with(Run.objects.filter(model_id=model)))
    if status := values.get("status"):
        wanted = LIVE if status == "live" else (status,)
        sessions = sessions.filter(pk__in=_sessions_with(Run.objects.filter(status__in=wanted)))
    if since := values.get("since"):
        sessions = sessions.filter(updated_at__gte=_midnight(since))
    if until := values.get("until"):
        sessions = sessions.filter(updated_at__lt=_midnight(until) + timedelta(days=1))
    return search(sessions, form.terms)


def _sessions_with(runs: QuerySet[Run]) -> QuerySet[Run, Any]:
    return runs.order_by().values("turn__session_id")


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
