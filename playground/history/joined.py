"""A continued answer as one text: where the part that it goes on from was cut within an item of a list, a table or the
like, both are rendered together, and the seam is marked inside of the block that was cut."""

import re
from typing import Final, NamedTuple

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from playground.markdown import LIMIT, render_markdown

_SEAM: Final = "\ue0f5"  # a character for private use: no text has it that is joined
_BLOCK: Final = re.compile(r"^[ \t]*(?:[-*+]|\d{1,9}[.)]|>|#{1,6})(?:[ \t]|$)|^.*\|", re.MULTILINE)
_TAG: Final = re.compile(r'<(?P<close>/?)(?P<name>[a-z0-9]+)(?:[^">]|"[^"]*")*>')
_EMPTY: Final = frozenset({"br", "hr", "input"})


class Joined(NamedTuple):
    """What stands before the block that was cut, the block up to the seam and from it on, and what follows it.

    `has_places`: the words from the seam on are those of the run's own text, as it is rendered alone.
    """

    earlier: SafeString
    before: SafeString
    after: SafeString
    later: SafeString
    has_places: bool


def join(part: str, own: str, *, has_places: bool = True) -> Joined | None:
    """`has_places`: `own` is as it came.

    None where both can be rendered one after the other, or where a mark between them would change what is read.
    """
    if not _is_cut_in_a_block(part) or not own.strip() or _SEAM in part + own or len(part) + len(own) >= LIMIT:
        return None
    marked = render_markdown(f"{part}{_SEAM}{own}")
    if marked.replace(_SEAM, "") != render_markdown(part + own):
        return None
    at = marked.find(_SEAM)
    found = _block_around(marked, at)
    if found is None:
        return None
    start, end = found
    after, later = marked[at + 1 : end], marked[end:]
    has_places = has_places and _letters(after + later) == _letters(render_markdown(own))
    return Joined(
        mark_safe(marked[:start]),  # noqa: S308  (sanitised, and cut between blocks)
        _each_text(marked[start:at], format_html('<span class="{}">', "prose__part--earlier")),
        _each_text(after, format_html("<span{}>", mark_safe(' data-text="answer"') if has_places else "")),
        mark_safe(later),  # noqa: S308  (the same)
        has_places,
    )


def _is_cut_in_a_block(part: str) -> bool:
    if part.endswith("\n"):
        return False
    last = re.split(r"\n[ \t]*\n", part)[-1]
    return _BLOCK.search(last) is not None or last[:2] in ("  ", "\t")


def _block_around(html: str, at: int) -> tuple[int, int] | None:
    """Where the outermost element begins and ends that holds the place; None if that is inside of a tag."""
    depth = start = 0
    for tag in _TAG.finditer(html):
        if tag.start() < at < tag.end():
            return None
        if tag["name"] in _EMPTY:
            continue
        if not tag["close"]:
            start = tag.start() if depth == 0 else start
            depth += 1
            continue
        depth -= 1
        if depth == 0 and tag.end() > at:
            return (start, tag.end()) if start < at else None
    return None


def _each_text(html: str, opening: SafeString) -> SafeString:
    """Sanitised HTML with each of its texts in an element of its own."""
    pieces, end = [], 0
    for tag in [*_TAG.finditer(html), None]:
        text = html[end : tag.start() if tag else len(html)]
        pieces.append(f"{opening}{text}</span>" if text.strip() else text)
        if tag:
            pieces.append(tag[0])
            end = tag.end()
    return mark_safe("".join(pieces))  # noqa: S308  (sanitised before)


def _letters(html: str) -> str:
    return re.sub(r"\s", "", _TAG.sub("", html))
