"""How a run is shown in its lane."""

import secrets
from collections.abc import Mapping, Sequence
from typing import Any, Final

from django import template
from django.template import Context
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from playground.connections.problems import explain
from playground.prompts.texts import TEXTS, texts
from playground.recording import units
from playground.recording.status import RunStatus
from playground.runs.access import changeable_runs
from playground.runs.continuing import may_continue
from playground.runs.models import Run

register = template.Library()

TABS: Final = (
    ("answer", _("Answer")),
    ("characters", _("Characters")),
    ("tokens", _("Tokens")),
    ("timeline", _("Timeline")),
    ("events", _("Events")),
)
_SHOWN: Final = 8000  # characters
_BLOCK: Final = 2000
_NO_PROBLEM: Final = frozenset({RunStatus.COMPLETED, RunStatus.CANCELLED})


@register.simple_tag
def lane_texts() -> Mapping[str, Promise]:
    """For the scripts."""
    return texts()


@register.filter
def beginning(text: str) -> str:
    """As much of a long text as a page shows at once."""
    return text[:_SHOWN]


@register.filter
def rest(text: str) -> list[str]:
    """What comes after `beginning`, in blocks that a browser lays out one by one, cut at line breaks if it can."""
    blocks, at = [], _SHOWN
    while at < len(text):
        end = text.rfind("\n", at + _BLOCK // 2, at + _BLOCK) + 1 or at + _BLOCK
        blocks.append(text[at:end])
        at = end
    return blocks


@register.simple_tag
def lane_tabs() -> Sequence[tuple[str, Promise]]:
    """The views of an answer, each the name of a partial of the history."""
    return TABS


@register.inclusion_tag("prompts/_once.html")
def once() -> Mapping[str, str]:
    """The mark of a form that starts runs: see `prompts.sent_once`."""
    return {"mark": secrets.token_urlsafe(16)}


@register.filter
def continuable(run: Run) -> bool:
    """Whether there is more of its answer to ask for."""
    return may_continue(run)


@register.simple_tag(takes_context=True)
def may_change_run(context: Context, run: Run) -> bool:
    """Whether who asks may retry and continue the run. One query."""
    user = context["request"].user
    return bool(user.is_authenticated and changeable_runs(user).filter(pk=run.pk).exists())


@register.filter
def state(run: Run) -> str:
    """The run's status; what still runs is "waiting" until the scripts know more."""
    return run.status if run.is_final else "waiting"


@register.filter
def state_text(run: Run) -> Promise:
    return TEXTS[state(run)]


@register.filter
def problem(run: Run) -> str:
    """What is to be said about a run that did not end well; "" for the others."""
    if not run.is_final or run.status in _NO_PROBLEM:
        return ""
    said = explain(run.error_code, run.error_message, has_part=may_continue(run))
    return said or str(TEXTS[f"{run.status}.detail"])


@register.filter
def duration(ms: Any) -> str:
    """A duration given in ms; "–" for None."""
    return units.duration(round(ms * 1000)) if isinstance(ms, int | float) else "–"


@register.filter
def clock(ms: Any) -> str:
    """A time given in ms as `clock` of `static/js/lib/format.js` writes it, so that a reload changes nothing."""
    return f"{ms / 1000:.1f} s" if isinstance(ms, int | float) and ms < 60_000 else duration(ms)


@register.filter
def rate(per_second: Any) -> str:
    if not isinstance(per_second, int | float):
        return "–"
    return f"{per_second:.0f}" if per_second >= 100 else f"{per_second:.1f}"
