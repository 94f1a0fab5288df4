"""The marks of a report as the lab shows them: long stretches without a match are shortened."""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext

from playground.filters.analysis import Mark

MAX_MARKS: Final = 400
_KEPT: Final = 160  # characters on each side of what is left out
_VISIBLE: Final = {"\n": "↵\n", "\x1b": "␛", "\t": "⇥"}


class Stretch(NamedTuple):
    """`kind`: same, gap (of `skipped` characters), match. A match's `raw` is cut where chunks ended."""

    kind: str
    raw: tuple[str, ...]
    shown: str = ""
    skipped: int = 0


def render_marks(marks: Sequence[Mark]) -> SafeString:
    """What a rule replaced as `del`, what is shown in its place as `ins`; a bar where a chunk ended in a match."""
    return format_html_join("", "{}", ((_html(stretch),) for stretch in drawn(marks)))


def drawn(marks: Sequence[Mark]) -> Iterator[Stretch]:
    """As much as a page holds: what comes after MAX_MARKS is a gap."""
    for number, mark in enumerate(marks[:MAX_MARKS]):
        if mark.is_match:
            yield Stretch("match", tuple(map(_visible, mark.raw)), _visible(mark.shown))
        else:
            yield from _shortened(mark.raw[0], first=number == 0, last=number == len(marks) - 1)
    rest = sum(len("".join(mark.raw)) for mark in marks[MAX_MARKS:])
    if rest:
        yield Stretch("gap", (), skipped=rest)


def _shortened(text: str, *, first: bool, last: bool) -> Iterator[Stretch]:
    """What stands next to a match is kept; where there is none at all, the beginning and the end are."""
    if len(text) <= 3 * _KEPT:
        yield Stretch("same", (text,))
        return
    only = first and last
    start = _KEPT if only or not first else 0
    end = _KEPT if only or not last else 0
    if start:
        yield Stretch("same", (text[:start],))
    yield Stretch("gap", (), skipped=len(text) - start - end)
    if end:
        yield Stretch("same", (text[-end:],))


def _visible(text: str) -> str:
    """Marks in place of what would not be seen."""
    return "".join(_VISIBLE.get(character, character) for character in text)


def _html(stretch: Stretch) -> SafeString | str:
    if stretch.kind == "same":
        return stretch.raw[0]
    if stretch.kind == "gap":
        words = ngettext("… %(n)d character …", "… %(n)d characters …", stretch.skipped) % {"n": stretch.skipped}
        return format_html('<span class="lab__gap">{}</span>', words)
    told = gettext("(chunk ends)")
    bar = format_html('<span class="lab__cut"><span class="visually-hidden">{}</span></span>', told)
    removed = format_html("<del>{}</del>", SafeString(bar.join(map(conditional_escape, stretch.raw))))
    return format_html("{}<ins>{}</ins>", removed, stretch.shown) if stretch.shown else removed
