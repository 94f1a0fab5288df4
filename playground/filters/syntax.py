"""What can be known of a pattern from how it is written: how wide its matches are, and how they begin.

RE2 tells where a match is, and not where one may still come. So the pattern is read here a second time, as RE2 reads it
(https://github.com/google/re2/wiki/Syntax), and turned into a second one that matches the *beginnings* of its matches.
A single character (a literal, an escape, a class) is copied as it stands, so nothing need be known of what it means.
"""

import re
from collections.abc import Callable
from typing import Final, NamedTuple

_REPEAT: Final = re.compile(r"[*+?]|\{(\d+)(,?)(\d*)\}")
_GROUP: Final = re.compile(r"\?P?<\w+>|\?([imsU]*)(?:-([imsU]+))?([:)])")
_ESCAPE: Final = re.compile(r"\\(?:[pP](?:\{[^}]*\}|.)|x\{[0-9A-Fa-f]+\}|x[0-9A-Fa-f]{2}|[0-7]{1,3}|.)", re.DOTALL)
_NAMED_CLASS: Final = re.compile(r"\[:\^?\w+:\]")
_WIDTHLESS: Final = frozenset((r"\A", r"\z", r"\b", r"\B"))


class Unreadable(Exception):
    """The pattern says something that this reader does not follow, be it valid or not."""


class Shape(NamedTuple):
    """A part of a pattern. `most` is None where a match may be of any length.

    `beginning` matches the texts after which a match of the part needs more: another character, or to see what follows
    where it asserts something. None: there is no such text, for the part matches nothing but "".
    """

    text: str
    least: int
    most: int | None
    beginning: str | None


_NOTHING: Final = Shape("", 0, 0, None)


def read_pattern(pattern: str) -> Shape:
    """Raises Unreadable."""
    reader = _Reader(pattern)
    shape = reader.alternatives()
    if not reader.at_end:
        raise Unreadable(f"“)” at {reader.at}")
    return shape


def _sequence(first: Shape, then: Shape) -> Shape:
    most = None if first.most is None or then.most is None else first.most + then.most
    later = None if then.beginning is None else first.text + then.beginning
    return Shape(first.text + then.text, first.least + then.least, most, _either(first.beginning, later))


def _choice(one: Shape, other: Shape) -> Shape:
    most = None if one.most is None or other.most is None else max(one.most, other.most)
    text = f"(?:{one.text}|{other.text})"
    return Shape(text, min(one.least, other.least), most, _either(one.beginning, other.beginning))


def _either(one: str | None, other: str | None) -> str | None:
    return f"(?:{one}|{other})" if one is not None and other is not None else one if other is None else other


def _repeated(part: Shape, least: int, most: int | None) -> Shape:
    if most == 0:
        return _NOTHING
    times = f"{{{least},{'' if most is None else most}}}"
    widest = None if part.most is None or (most is None and part.most) else part.most * (most or 0)
    beginning = part.beginning
    if beginning is not None and most != 1:
        before = "*" if most is None else f"{{0,{most - 1}}}"
        beginning = f"(?:{part.text}){before}{beginning}"
    return Shape(f"(?:{part.text}){times}", part.least * least, widest, beginning)


class _Reader:
    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self.at = 0
        self._flags: frozenset[str] = frozenset()

    @property
    def at_end(self) -> bool:
        return self.at >= len(self._pattern)

    def alternatives(self) -> Shape:
        """What stands between two brackets; flags that it sets end with it."""
        flags = self._flags
        found = self._one_alternative()
        while not self.at_end and self._pattern[self.at] == "|":
            self.at += 1
            found = _choice(found, self._one_alternative())
        self._flags = flags
        return found

    def _one_alternative(self) -> Shape:
        parts = []
        while not self.at_end and self._pattern[self.at] not in "|)":
            parts.append(self._repeats(self._part()))
        found = _NOTHING
        for part in reversed(parts):
            found = _sequence(part, found)
        return found

    def _repeats(self, part: Shape) -> Shape:
        while match := _REPEAT.match(self._pattern, self.at):
            self.at = match.end()
            if self._pattern.startswith("?", self.at):  # prefers few: matches the same texts
                self.at += 1
            least, most = _counts(match)
            part = _repeated(part, least, most)
        return part

    def _part(self) -> Shape:
        sign = self._pattern[self.at]
        others: dict[str, Callable[[], Shape]] = {"(": self._group, "[": self._class, "\\": self._escape}
        if sign in others:
            return others[sign]()
        self.at += 1
        return self._widthless(sign) if sign in "^$" else self._character(sign)

    def _group(self) -> Shape:
        self.at += 1
        flags = self._flags
        if match := _GROUP.match(self._pattern, self.at):
            self.at = match.end()
            self._flags = (flags | set(match[1] or "")) - set(match[2] or "")
            if match[3] == ")":  # flags for what follows
                return _NOTHING
        elif self._pattern.startswith("?", self.at):
            raise Unreadable(f"“(?” at {self.at}")
        inside = self.alternatives()
        if self.at_end:
            raise Unreadable("“(” without “)”")
        self.at += 1
        self._flags = flags
        return inside._replace(text=f"(?:{inside.text})")

    def _class(self) -> Shape:
        start = self.at
        self.at += 2 if self._pattern.startswith("[^", self.at) else 1
        first = self.at
        while not self.at_end and (self._pattern[self.at] != "]" or self.at == first):
            named = _NAMED_CLASS.match(self._pattern, self.at) or _ESCAPE.match(self._pattern, self.at)
            self.at = named.end() if named else self.at + 1
        if self.at_end:
            raise Unreadable("“[” without “]”")
        self.at += 1
        return self._character(self._pattern[start : self.at])

    def _escape(self) -> Shape:
        match = _ESCAPE.match(self._pattern, self.at)
        if match is None or match[0] in (r"\Q", r"\C"):
            raise Unreadable(f"an escape at {self.at}")
        self.at = match.end()
        return self._widthless(match[0]) if match[0] in _WIDTHLESS else self._character(match[0])

    def _character(self, text: str) -> Shape:
        return Shape(self._flagged(text), 1, 1, "")

    def _widthless(self, text: str) -> Shape:
        return Shape(self._flagged(text), 0, 0, "")

    def _flagged(self, text: str) -> str:
        flags = "".join(sorted(self._flags - {"U"}))  # U only swaps what is preferred
        return f"(?{flags}:{text})" if flags else text


def _counts(match: re.Match[str]) -> tuple[int, int | None]:
    if match[1] is None:
        return {"*": (0, None), "+": (1, None), "?": (0, 1)}[match[0]]
    least = int(match[1])
    if not match[2]:
        return least, least
    return least, int(match[3]) if match[3] else None
