"""What the filters offer, and the chips that say which of them are set."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from django import forms
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from playground import rows
from playground.accounts.models import User
from playground.connections.catalogue import list_models
from playground.history.filters import FLAGS, REVIEW_WORDS, STATUS_WORDS, HistoryForm
from playground.review.models import RatingScale, Tag
from playground.runs.models import Run, Session, Turn, Visibility
from playground.workspaces.models import Membership, Workspace

_RECENT: Final = 60  # sessions
_MOST: Final = 500  # of a list
_STEPS: Final = (2, 3, 4, 5)

Choice = tuple[str, object]


class Chip(NamedTuple):
    """A filter that is set; `query` is the list without it."""

    words: str
    query: str


def offer_choices(form: HistoryForm, user: User, workspace: Workspace) -> HistoryForm:
    """Fill the menus of a form that is going to be shown."""
    members = Membership.objects.filter(workspace=workspace).order_by("user__username")
    tags = Tag.objects.filter(workspace=workspace).values_list("name", flat=True)
    authors = members.values_list("user__username", flat=True)
    _fill(form, "author", _("Anyone"), [(name, name) for name in authors[:_MOST]])
    _fill(form, "model", _("Any model"), [(model, model) for model in used_models(user, workspace)])
    _fill(form, "tag", _("Any tag"), [(name, name) for name in tags[:_MOST]])
    _fill(form, "rating", _("Rated or not"), _ratings(workspace))
    for name in form.errors:
        form.fields[name].widget.attrs["aria-invalid"] = "true"
    return form


def used_models(user: User, workspace: Workspace) -> list[str]:
    """Those that can be asked, and those of the newest sessions that the user, a member, sees: reading all would take
    long."""
    return sorted({model.id for model in list_models(workspace)} | _recent_models(user, workspace))


def _recent_models(user: User, workspace: Workspace) -> set[str]:
    """By hand: each whole page of the list asks this."""
    session, turn, run = map(rows.table_of, (Session, Turn, Run))
    newest = (
        f"SELECT id FROM (SELECT id FROM {session} WHERE workspace_id = %s AND {{}} = %s AND deleted_at IS NULL "  # noqa: S608
        f"ORDER BY {{}}updated_at DESC, id DESC LIMIT {_RECENT}) {{}}"
    )
    mine, shared = newest.format("owner_id", "pinned DESC, ", "mine"), newest.format("visibility", "", "shared")
    sql = (
        f"SELECT DISTINCT r.model_id FROM {turn} t JOIN {run} r ON r.turn_id = t.id "  # noqa: S608
        f"WHERE t.session_id IN ({mine} UNION {shared})"
    )
    found = rows.fetch(sql, [workspace.pk, user.pk, workspace.pk, Visibility.WORKSPACE.value])
    return {model for (model,) in found}


def _ratings(workspace: Workspace) -> list[Choice]:
    found: list[Choice] = [("up", "👍"), ("down", "👎"), ("none", _("Not rated"))]
    scales = list(RatingScale.objects.filter(workspace=workspace, archived_at=None)[:_MOST])
    if scales:
        found += [(f"any-{step}", _("Any scale ≥ %(value)d") % {"value": step}) for step in _STEPS]
    for scale in scales:
        found += [(f"{scale.pk}-{step}", f"{scale.name} ≥ {step}") for step in _STEPS]
    return found


def _fill(form: HistoryForm, name: str, nothing: str, choices: list[Choice]) -> None:
    """The value of the URL stays in the menu, whether it occurs or not."""
    widget = form.fields[name].widget
    assert isinstance(widget, forms.Select)  # noqa: S101  (declared so)
    value = str(form.data.get(name, ""))
    rest = [(value, value)] if value and value not in dict(choices) else []
    widget.choices = [("", nothing), *choices, *rest]


def chips(form: HistoryForm) -> list[Chip]:
    return [Chip(words, form.query(without=name)) for name, words in _set_filters(form)]


def _set_filters(form: HistoryForm) -> Iterator[tuple[str, str]]:
    values = form.values
    for name, words in _WORDS.items():
        if value := values.get(name):
            yield name, str(words(value))
    for name, pattern in _patterns().items():
        if (value := values.get(name)) is not None:
            yield name, pattern % {"value": _written(value)}
    for name in FLAGS:
        if values.get(name):
            yield name, str(form.fields[name].label)


def _patterns() -> dict[str, str]:
    return {
        "since": _("from %(value)s"),
        "until": _("to %(value)s"),
        "ttft_min": _("TTFT ≥ %(value)s ms"),
        "ttft_max": _("TTFT ≤ %(value)s ms"),
        "rate_min": _("≥ %(value)s tokens/s"),
        "rate_max": _("≤ %(value)s tokens/s"),
    }


def _written(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else date_format(value)


def _rating_words(rating: str) -> str:
    simple = {"up": "👍", "down": "👎", "none": _("Not rated")}
    if rating in simple:
        return simple[rating]
    scale, value = rating.split("-")
    if scale == "any":
        return _("Any scale ≥ %(value)d") % {"value": int(value)}
    name = RatingScale.objects.filter(pk=scale).values_list("name", flat=True).first()
    return f"{name or scale} ≥ {value}"


_WORDS: Final[Mapping[str, Callable[[str], object]]] = {
    "author": str,
    "model": str,
    "tag": lambda tag: f"#{tag}",
    "status": STATUS_WORDS.__getitem__,
    "rating": _rating_words,
    "review": REVIEW_WORDS.__getitem__,
}
