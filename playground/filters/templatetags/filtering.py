"""What the lanes of any page need to know of the filters."""

from typing import Any, NamedTuple

from django import template
from django.template import Context

from playground.filters.display import Display, display_of
from playground.runs.models import Run

register = template.Library()


class ShownAnswer(NamedTuple):
    """`is_changed`: not as it came, so that a place in it is not one of the recording."""

    text: str
    reasoning: str
    is_changed: bool


@register.simple_tag(takes_context=True)
def filtering_of(context: Context, run: Run) -> Display | None:
    """How the answer is shown; None where no rule is enabled."""
    return display_of(context.get("request"), run)


@register.simple_tag
def shown_answer(filtering: Display | None, run: Run) -> Any:
    """The answer of a run that has ended."""
    if filtering is None or not filtering.is_filtered:
        return ShownAnswer(run.text, run.reasoning, is_changed=False)
    text, reasoning = filtering.text(run.text), filtering.reasoning(run.reasoning)
    return ShownAnswer(text, reasoning, is_changed=(text, reasoning) != (run.text, run.reasoning))
