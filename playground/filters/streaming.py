"""A rule applied to text as it comes, in whatever pieces: what comes out is the same for every way to cut it.

A match begins where the pattern first matches, spans at most `Pattern.width` characters, and what follows it is looked
at from its end on. Whether one begins at a place thus depends on that many characters after it and one on either side,
and nothing else: once they are here, or can no longer matter, the place is settled and let go. What is not is held
back. Time: a search or two of what is held back, for each piece of text; memory: what is held back.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple

from playground.filters.patterns import Pattern, compile_pattern, compile_replacement
from playground.filters.replacement import Replacement

_PIECE: Final = 512  # characters looked at in one go, for a provider may send a book in one chunk


class Piece(NamedTuple):
    """Text that is settled, and what is shown of it. `is_match`: the rule replaced it."""

    raw: str
    shown: str
    is_match: bool = False


class Rewrite(NamedTuple):
    """A rule, ready to be applied."""

    pattern: Pattern
    replacement: Replacement


def compile_rule(pattern: str, replacement: str) -> Rewrite:
    """Raises BadPattern, BadReplacement."""
    compiled = compile_pattern(pattern)
    return Rewrite(compiled, compile_replacement(compiled, replacement))


class RuleFilter:
    """One rule on one text. What `feed` and `finish` return, put together, is the whole text."""

    def __init__(self, rule: Rewrite) -> None:
        self._rule = rule
        self._buffer = b""  # what is held back, behind the character before it
        self._held_from = 0

    @property
    def held(self) -> int:
        """How many characters are held back."""
        return len(self._buffer[self._held_from :].decode())

    def feed(self, text: str) -> list[Piece]:
        pieces: list[Piece] = []
        for start in range(0, len(text), _PIECE):
            self._buffer += text[start : start + _PIECE].encode("utf-8", "replace")
            pieces += self._settled(is_end=False)
        return pieces

    def finish(self) -> list[Piece]:
        """The text ends here: what was held back."""
        return list(self._settled(is_end=True))

    def _settled(self, *, is_end: bool) -> Iterator[Piece]:
        buffer, at = self._buffer, self._held_from
        open_from = len(buffer) if is_end else self._open_from(at)
        while (match := self._find(at, open_from)) is not None:
            if match.start() > at:
                yield _unchanged(buffer[at : match.start()])
            groups = (match.group(), *match.groups())
            yield Piece(match.group().decode(), self._rule.replacement.fill(groups), is_match=True)
            at = match.end()
            if at > open_from:
                open_from = self._open_from(at)
        if open_from > at:
            yield _unchanged(buffer[at:open_from])
        before = _character_before(buffer, open_from)
        self._buffer = buffer[before:]
        self._held_from = open_from - before

    def _find(self, at: int, until: int) -> Any:
        """The first match that begins before `until`."""
        buffer, pattern = self._buffer, self._rule.pattern
        while at < until:
            match = pattern.regexp.search(buffer, at)
            if match is None or match.start() >= until:
                return None
            limit = self._after(match.start(), pattern.width)
            if match.end() > limit:  # the text allows a match that the width does not
                match = pattern.regexp.match(buffer, match.start(), limit) or match
            if match.start() < match.end() <= limit:
                return match
            at = self._after(match.start(), 1)
        return None

    def _open_from(self, at: int) -> int:
        """From where on it is open, behind `at`, whether a match begins."""
        buffer, (_, beginning, width) = self._buffer, self._rule.pattern
        if len(buffer) - at > width:
            text = buffer[at:].decode()
            at += len(text[:-width].encode())
        return at if beginning is None else beginning.search(buffer, at).start()

    def _after(self, at: int, characters: int) -> int:
        """The place that many characters after `at`, or the end."""
        part = self._buffer[at : at + 4 * characters]
        if part.isascii():
            return at + min(characters, len(part))
        return at + len(part.decode("utf-8", "ignore")[:characters].encode())


class Pipeline:
    """Rules one after the other, each on what the one before it shows."""

    def __init__(self, rules: Iterable[Rewrite]) -> None:
        self._filters = [RuleFilter(rule) for rule in rules]

    def feed(self, text: str) -> str:
        for each in self._filters:
            text = _shown(each.feed(text))
        return text

    def finish(self) -> str:
        text = ""
        for each in self._filters:
            text = _shown(each.feed(text)) + _shown(each.finish())
        return text


def apply_rules(rules: Sequence[Rewrite], text: str) -> str:
    """A whole text."""
    pipeline = Pipeline(rules)
    return pipeline.feed(text) + pipeline.finish()


def _shown(pieces: Iterable[Piece]) -> str:
    return "".join(piece.shown for piece in pieces)


def _unchanged(raw: bytes) -> Piece:
    text = raw.decode()
    return Piece(text, text)


def _character_before(buffer: bytes, at: int) -> int:
    """Where the character before `at` begins; 0 at the beginning of the text."""
    before = max(0, at - 1)
    while before > 0 and buffer[before] & 0xC0 == 0x80:
        before -= 1
    return before
