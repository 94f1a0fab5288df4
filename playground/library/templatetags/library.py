"""How prompts and batches are shown."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from django import template

from playground.library.template import Placeholder, parse

register = template.Library()


class ShownPiece(NamedTuple):
    text: str
    is_variable: bool


class Column(NamedTuple):
    """A column that the grid can be sorted by. `next`: the order that a click asks for."""

    label: str
    next: str
    direction: str
    arrow: str


@register.filter
def pieces(text: str) -> Iterator[ShownPiece]:
    """The literal texts and the variables of a prompt."""
    for piece in parse(text, lenient=True).pieces:
        yield ShownPiece(piece.name, True) if isinstance(piece, Placeholder) else ShownPiece(piece, False)


@register.filter
def at(items: Sequence[str], index: int) -> str:
    return items[index]


@register.simple_tag
def sortable(kind: str, label: str, sort: str, number: int | None = None) -> Column:
    """The column `kind`, or `kind-number`, where the grid is sorted by `sort`."""
    name = kind if number is None else f"{kind}-{number}"
    if sort == name:
        return Column(label, f"-{name}", "ascending", " ↑")
    if sort == f"-{name}":
        return Column(label, name, "descending", " ↓")
    return Column(label, name, "none", "")
