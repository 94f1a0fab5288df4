"""Patterns, compiled by RE2: in time proportional to the text, whatever the pattern and the text."""

import re
from functools import lru_cache
from typing import Any, Final, NamedTuple

import re2

from playground.filters.replacement import Replacement, read_replacement
from playground.filters.syntax import Unreadable, read_pattern

WINDOW: Final = 8_000
"""Characters that a match may span where the pattern sets no bound."""

MAX_LENGTH: Final = 1_000
"""Of a pattern, in characters."""

_MAX_MEMORY: Final = 1 << 20  # of a compiled pattern, its caches too
_KEPT: Final = 128


class BadPattern(ValueError):
    """`code`: long, empty, lookaround, backreference, large, or syntax, with RE2's words as `detail`."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code, detail)
        self.code = code
        self.detail = detail


class Pattern(NamedTuple):
    """`regexp` and `beginning` are RE2's, of UTF-8 bytes. `width`: how many characters a match may span.

    `beginning` finds where the first match may begin that more text could complete or lengthen: every text has such a
    place, if only its end. None where that is not known: then it may be anywhere.
    """

    regexp: Any
    beginning: Any
    width: int


@lru_cache(_KEPT)
def compile_pattern(pattern: str) -> Pattern:
    """Raises BadPattern."""
    if len(pattern) > MAX_LENGTH:
        raise BadPattern("long")
    regexp = _compile(pattern)
    try:
        shape = read_pattern(pattern)
    except Unreadable:
        shape = None
    if not pattern or (shape is not None and shape.least == 0):
        raise BadPattern("empty")
    if shape is None or shape.beginning is None:
        return Pattern(regexp, None, WINDOW)
    width = WINDOW if shape.most is None else min(shape.most, WINDOW)
    try:
        beginning = _compile(rf"(?:{shape.beginning})\z")
    except BadPattern:  # it is several times as large
        beginning = None
    return Pattern(regexp, beginning, width)


def compile_replacement(pattern: Pattern, text: str) -> Replacement:
    """Raises BadReplacement."""
    names = {name.decode(): number for name, number in pattern.regexp.groupindex.items()}
    return read_replacement(text, pattern.regexp.groups, names)


def _compile(pattern: str) -> Any:
    options = re2.Options()
    options.max_mem = _MAX_MEMORY
    options.log_errors = False
    try:
        return re2.compile(pattern.encode("utf-8", "replace"), options)
    except re2.error as error:
        raise _told(error, pattern) from None


def _told(error: Exception, pattern: str) -> BadPattern:
    said = error.args[0] if error.args else b""
    detail = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    if any(f"(?{sign}" in detail for sign in ("=", "!", "<=", "<!")) and "perl operator" in detail:
        return BadPattern("lookaround", detail)
    if re.match(r"invalid escape sequence: \\\d", detail) or "(?P=" in pattern:
        return BadPattern("backreference", detail)
    if "too large" in detail or "repetition size" in detail:
        return BadPattern("large", detail)
    return BadPattern("syntax", detail)
