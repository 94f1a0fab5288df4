r"""The template language of prompts. It can do one thing: put a value where `{{name}}` stands.

A name is a letter or `_`, then letters, digits and `_`, of any script; spaces around it do not count. Of three or more
opening braces the last two count. `\{{` is a literal `{{`; `\\{{name}}` is a backslash and then the value. Everything
else is text. Values are put in as they are: braces in them mean nothing.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

MAX_NAME: Final = 64
_SHOWN: Final = 40

# A run of backslashes is matched from its beginning only, so that a long one costs no more than its length.
_OPENING: Final = re.compile(r"(?<!\\)(\\*)(\{\{+)")
_VARIABLE: Final = re.compile(rf"[ \t]*([^\W\d]\w{{0,{MAX_NAME - 1}}})[ \t]*\}}\}}")


class TemplateError(ValueError):
    """`part` is the beginning of what stands between braces and is no name, or the variable that has no value."""

    def __init__(self, part: str) -> None:
        super().__init__(part)
        self.part = part


class BadName(TemplateError):
    """Braces that hold no name."""


class MissingValue(TemplateError):
    """A variable without a value."""


@dataclass(frozen=True, slots=True)
class Placeholder:
    name: str


@dataclass(frozen=True, slots=True)
class Template:
    """Literal texts and variables, in order."""

    pieces: tuple[str | Placeholder, ...]

    @property
    def names(self) -> list[str]:
        """The variables, each once, in the order in which they first stand."""
        return list(dict.fromkeys(piece.name for piece in self.pieces if isinstance(piece, Placeholder)))

    def fill(self, values: Mapping[str, str]) -> str:
        """Raises MissingValue for a variable that `values` does not have."""
        return "".join(self._filled(values))

    def _filled(self, values: Mapping[str, str]) -> Iterator[str]:
        for piece in self.pieces:
            if isinstance(piece, str):
                yield piece
            elif piece.name in values:
                yield values[piece.name]
            else:
                raise MissingValue(piece.name)


def parse(text: str, *, lenient: bool = False) -> Template:
    """Takes time in proportion to the text's length.

    Raises BadName for `{{` that begins no variable; where that is to be text, as in code that someone pasted, ask for
    `lenient`.
    """
    return Template(tuple(_joined(_pieces(text, lenient=lenient))))


def names_in(*texts: str) -> list[str]:
    """The variables of several texts; braces that hold no name are text."""
    return list(dict.fromkeys(name for text in texts for name in parse(text, lenient=True).names))


def quote(text: str) -> str:
    r"""The template that stands for `text`, letter by letter: with its braces written as `\{{`."""

    def quoted(found: re.Match[str]) -> str:
        slashes, braces = found.groups()
        return slashes * 2 + "\\{{" * (len(braces) // 2) + "{" * (len(braces) % 2)

    return _OPENING.sub(quoted, text)


def _pieces(text: str, *, lenient: bool) -> Iterator[str | Placeholder]:
    at = 0
    while found := _OPENING.search(text, at):
        yield text[at : found.start()]
        slashes, braces = found.groups()
        yield "\\" * (len(slashes) // 2)
        if len(slashes) % 2:
            yield "{{"
            at = found.start(2) + 2
            continue
        yield braces[:-2]
        at = found.end()
        variable = _VARIABLE.match(text, at)
        if variable:
            yield Placeholder(variable[1])
            at = variable.end()
        elif lenient:
            yield "{{"
        else:
            raise BadName(text[at : at + _SHOWN].partition("}}")[0].strip())
    yield text[at:]


def _joined(pieces: Iterator[str | Placeholder]) -> Iterator[str | Placeholder]:
    """Neighbouring texts as one, and no empty ones."""
    literal: list[str] = []
    for piece in pieces:
        if isinstance(piece, str):
            literal.append(piece)
            continue
        if any(literal):
            yield "".join(literal)
        literal = []
        yield piece
    if any(literal):
        yield "".join(literal)
