"""What changed between two texts, by word: first the lines that differ, then the words in them."""

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Final, Literal, NamedTuple

Kind = Literal["same", "removed", "added"]

# Comparing words takes time in proportion to their product: beyond this the passage is shown as replaced.
_MOST_WORDS: Final = 1500
# A word, a Chinese, Japanese or Korean character, a run of spaces, or any other character.
_WORD: Final = re.compile(
    r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+|\s+|."
)


class Piece(NamedTuple):
    kind: Kind
    text: str


def differences(old: str, new: str) -> list[Piece]:
    """The texts in one: all pieces but the added ones make up `old`, all but the removed ones `new`."""
    pieces: list[Piece] = []
    old_lines, new_lines = old.splitlines(keepends=True), new.splitlines(keepends=True)
    for same, before, after in _compared(old_lines, new_lines):
        if same:
            pieces.append(Piece("same", "".join(before)))
        else:
            pieces += _by_word("".join(before), "".join(after))
    return _joined(pieces)


def one_side(pieces: Sequence[Piece], kind: Kind) -> list[Piece]:
    """The old text (`removed`) or the new one (`added`), with its changes marked."""
    return [piece for piece in pieces if piece.kind in ("same", kind)]


def _by_word(old: str, new: str) -> Iterator[Piece]:
    old_words, new_words = _WORD.findall(old), _WORD.findall(new)
    if max(len(old_words), len(new_words)) > _MOST_WORDS:
        yield from _replaced(old, new)
        return
    for same, before, after in _compared(old_words, new_words):
        if same:
            yield Piece("same", "".join(before))
        else:
            yield from _replaced("".join(before), "".join(after))


def _replaced(old: str, new: str) -> Iterator[Piece]:
    if old:
        yield Piece("removed", old)
    if new:
        yield Piece("added", new)


def _compared(old: list[str], new: list[str]) -> Iterator[tuple[bool, list[str], list[str]]]:
    for tag, a, b, c, d in SequenceMatcher(None, old, new).get_opcodes():
        yield tag == "equal", old[a:b], new[c:d]


def _joined(pieces: Sequence[Piece]) -> list[Piece]:
    joined: list[Piece] = []
    for piece in pieces:
        if joined and joined[-1].kind == piece.kind:
            joined[-1] = Piece(piece.kind, joined[-1].text + piece.text)
        elif piece.text:
            joined.append(piece)
    return joined
