"""A model's answer in any page's template."""

from typing import Final, NamedTuple

from django import template
from django.template import Context
from django.utils.safestring import SafeString, mark_safe

from playground.filters.display import display_of
from playground.history.joined import Joined, join
from playground.markdown import open_fence, render_markdown
from playground.runs.continuing import part_before
from playground.runs.models import Run

register = template.Library()
LONG_TEXT: Final = 100_000  # characters


@register.filter
def markdown(text: str) -> SafeString:
    """The text as sanitised HTML."""
    return render_markdown(text)


@register.filter
def is_long(text: str) -> bool:
    """Whether a page shows only the beginning of an answer, and the run's own page all of it, in parts."""
    return len(text) > LONG_TEXT


@register.filter
def opening(text: str) -> str:
    """The text, or of a long one the beginning, cut where a line ends if one does."""
    if len(text) <= LONG_TEXT:
        return text
    return text[: text.rfind("\n", LONG_TEXT // 2, LONG_TEXT) + 1 or LONG_TEXT]


@register.filter
def answer_trigger(run: Run) -> str:
    """When a lane asks for the answer as its events tell it: at the end, and on a page that was opened after it where
    there is more than the text that the page shows at once."""
    return "run-ended, load" if run.is_final and run.has_other_parts is not False else "run-ended"


class Part(NamedTuple):
    """What an answer goes on from. `is_open`: it ends within a paragraph, which the answer goes on with.

    `fence`: the line that opened the block of code that it ends in; "" if it ends in none. `text`: as it was written.
    """

    html: SafeString
    is_open: bool
    characters: int
    fence: str
    text: str


@register.simple_tag(takes_context=True)
def part_of(context: Context, run: Run) -> Part | None:
    """As the workspace's filters show it. None for a run that goes on from nothing; empty where it is not shown."""
    if not run.continues_id:
        return None
    part = part_before(run)
    filtering = display_of(context.get("request"), run) if part else None
    shown = filtering.text(part) if filtering is not None else part
    fence = open_fence(shown)
    return Part(render_markdown(shown), not fence and not shown.endswith("\n"), len(part), fence, shown)


@register.filter
def trimmed(html: SafeString) -> SafeString:
    """Without the white space around it, which counts where line ends are kept."""
    return mark_safe(html.strip())  # noqa: S308  (it is safe already)


@register.simple_tag
def joined(part: Part | None, own: str, place: bool) -> Joined | None:
    """The answer together with what it goes on from, where that was cut within a block."""
    return None if part is None or part.fence else join(part.text, own, has_places=place)


@register.filter
def markdown_in(text: str, fence: str) -> SafeString:
    """The text as sanitised HTML, where it begins within a block of code that `fence` opened."""
    return render_markdown(f"{fence}\n{text}")
