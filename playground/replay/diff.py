"""Two texts side by side: what only one of them has is marked, what both have stands at the same height."""

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

import regex
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from playground.recording.units import duration
from playground.replay.lcs import Match, TooLarge, matches

_CRUMB: Final = 2  # characters: a match this short between two changes is chance

# A word with the spaces after it, a line end, a character of a script that puts no spaces between words, or any other
# grapheme. Han and kana are taken one by one.
_WORDS: Final = regex.compile(
    r"(?V1)(?:[[\p{L}\p{M}\p{N}_'’]--[\p{Han}\p{Hiragana}\p{Katakana}]]+|[^\S\n]|(?!\n)\X)[^\S\n]*|\n"
)
_LINES: Final = regex.compile(r"[^\n]*\n|[^\n]+")


class By(StrEnum):
    WORD = "words"
    CHUNK = "chunks"
    LINE = "lines"  # where there are too many words to compare each with each


# How many of them are shown of each text.
MOST_UNITS: Final = {By.WORD: 6_000, By.CHUNK: 2_000, By.LINE: 2_000}


class Unit(NamedTuple):
    """The smallest thing that is compared: its text decides. `seq` and `t` (µs) are a chunk's."""

    text: str
    seq: int = -1
    t: int = 0


class Row(NamedTuple):
    """What stands side by side. The texts of all rows, one after the other, are the whole."""

    a: SafeString
    b: SafeString
    is_same: bool


@dataclass(frozen=True, slots=True)
class Diff:
    """`same`: how many units both have, in order, of `total_a` and `total_b`. `is_cut`: not all of it is shown."""

    by: By
    rows: Sequence[Row]
    same: int
    total_a: int
    total_b: int
    is_cut: bool

    @property
    def is_equal(self) -> bool:
        return self.same == self.total_a == self.total_b

    @property
    def share(self) -> int:
        """How much of both is the same, in percent; 100 only where all of it is."""
        total = self.total_a + self.total_b
        return 100 if self.is_equal else min(99, 200 * self.same // total)


def words_of(text: str) -> list[Unit]:
    return [Unit(word) for word in _WORDS.findall(text)]


def diff_texts(a: str, b: str) -> Diff:
    """By word, or by line where that would take too long."""
    try:
        return _diff(By.WORD, words_of(a), words_of(b))
    except TooLarge:
        lines = ([Unit(line) for line in _LINES.findall(text)] for text in (a, b))
        return _diff(By.LINE, *lines)


def diff_chunks(a: Sequence[Unit], b: Sequence[Unit]) -> Diff:
    """Raises TooLarge for chunks that are too many to compare each with each."""
    return _diff(By.CHUNK, a, b)


def _diff(by: By, a: Sequence[Unit], b: Sequence[Unit]) -> Diff:
    texts: tuple[list[Hashable], list[Hashable]] = ([unit.text for unit in a], [unit.text for unit in b])
    found = matches(*texts)
    same = sum(match.length for match in found)
    if by is By.WORD:
        found = _without_crumbs(found, a, b)
    rows = list(_rows(a, b, found, by))
    return Diff(by, rows, same, len(a), len(b), max(len(a), len(b)) > MOST_UNITS[by])


def _without_crumbs(found: Sequence[Match], a: Sequence[Unit], b: Sequence[Unit]) -> list[Match]:
    """Without what is the same by chance: a comma in the middle of two different sentences."""
    kept: list[Match] = []
    before = Match(0, 0, 0)
    for number, match in enumerate(found):
        after = found[number + 1] if number + 1 < len(found) else Match(len(a), len(b), 0)
        text = "".join(unit.text for unit in a[match.i : match.i + match.length])
        differs_before = match.i > before.i + before.length and match.j > before.j + before.length
        differs_after = after.i > match.i + match.length and after.j > match.j + match.length
        if not (differs_before and differs_after and "\n" not in text and len(text.strip()) <= _CRUMB):
            kept.append(match)
        before = match
    return kept


def _rows(a: Sequence[Unit], b: Sequence[Unit], found: Sequence[Match], by: By) -> Iterator[Row]:
    """A row ends with a line that both have."""
    row = _Row(by)
    a, b = a[: MOST_UNITS[by]], b[: MOST_UNITS[by]]
    i = j = 0
    for match in [*found, Match(len(a), len(b), 0)]:
        row.add(a[i : match.i], b[j : match.j], same=False)
        start = 0
        for end, unit in enumerate(a[match.i : match.i + match.length], 1):
            is_line = unit.text.endswith("\n")
            if not is_line and end < match.length:
                continue
            row.add(a[match.i + start : match.i + end], b[match.j + start : match.j + end], same=True)
            if is_line:
                yield row.finished()
                row = _Row(by)
            start = end
        i, j = match.i + match.length, match.j + match.length
    if not row.is_empty:
        yield row.finished()


class _Row:
    def __init__(self, by: By) -> None:
        self._by = by
        self._a: list[str] = []
        self._b: list[str] = []
        self._is_same = True

    @property
    def is_empty(self) -> bool:
        return not (self._a or self._b)

    def add(self, a: Sequence[Unit], b: Sequence[Unit], *, same: bool) -> None:
        for side, units in ((self._a, a), (self._b, b)):
            if units:
                side.append(_render(units, self._by, differs=not same))
                self._is_same = self._is_same and same

    def finished(self) -> Row:
        a, b = "".join(self._a), "".join(self._b)
        return Row(mark_safe(a), mark_safe(b), self._is_same)  # noqa: S308  (each unit is escaped)


def _render(units: Sequence[Unit], by: By, *, differs: bool = False) -> str:
    if by is By.CHUNK:
        return "".join(_render_chunk(unit, differs=differs) for unit in units)
    text = escape("".join(unit.text for unit in units))
    return f"<mark>{text}</mark>" if differs else text


def _render_chunk(unit: Unit, *, differs: bool) -> str:
    text = escape(unit.text).replace("\n", '<span class="token__newline" aria-hidden="true">↵</span>\n')
    tag = "mark" if differs else "span"
    return f'<{tag} class="token" title="#{unit.seq} · {duration(unit.t)}">{text}</{tag}>'
