"""Cuts the passages into tokens as a model's tokeniser would, and picks those of an answer."""

import itertools
import random
import re
import zlib
from collections.abc import Iterator
from functools import cache
from typing import Literal, NamedTuple

import orjson

from playground.providers.simulator.passages import CHINESE, ENGLISH

Language = Literal["en", "zh"]
Text = Literal["en", "zh", "mixed"]

_HAN = "\u3400-\u4dbf\u4e00-\u9fff"
# In this order: Chinese runs, words and numbers and punctuation with the space before them, blank runs, anything else
# (an emoji's code points one by one, as byte-level tokenisers cut inside a grapheme too).
_PIECE = re.compile(rf"[{_HAN}]+| ?(?:(?![{_HAN}])[^\W\d_])+| ?\d{{1,3}}| ?[!-/:-@\[-`{{-~]{{1,4}}|\n+| +|.", re.DOTALL)
_SPLIT_WORDS_FROM = 9
_LOOK_AHEAD = 16  # characters of a Chinese run that decide a cut: all of a long run, at each cut, would take minutes


class Token(NamedTuple):
    """`json` is the text as it stands inside a JSON string, in UTF-8."""

    text: str
    json: bytes


def make_token(text: str) -> Token:
    return Token(text, orjson.dumps(text)[1:-1])


def cut(text: str) -> list[str]:
    """The pieces of `text`, which join to it again. The same text is always cut the same way."""
    pieces: list[str] = []
    for piece in _PIECE.findall(text):
        if "\u3400" <= piece[0] <= "\u9fff":
            pieces.extend(_cut_run(piece, longest=2))
        elif len(piece) >= _SPLIT_WORDS_FROM and piece.strip().isalpha():
            pieces.extend(_cut_word(piece))
        else:
            pieces.append(piece)
    return pieces


def _cut_run(run: str, longest: int) -> Iterator[str]:
    start = 0
    while start < len(run):
        length = 1 + zlib.crc32(run[start : start + _LOOK_AHEAD].encode()) % longest
        yield run[start : start + length]
        start += length


def _cut_word(word: str) -> tuple[str, ...]:
    """Long words come in two pieces as often as not: "Spark", "ling"."""
    hashed = zlib.crc32(word.strip().encode())
    at = len(word) - 4 + hashed % 2
    return (word[:at], word[at:]) if hashed & 4 else (word,)


@cache
def _passages(text: Language) -> tuple[tuple[Token, ...], ...]:
    return tuple(tuple(map(make_token, cut(passage))) for passage in (ENGLISH if text == "en" else CHINESE))


_BREAK = make_token("\n")


def language_of(text: str) -> Language:
    return "zh" if re.search(f"[{_HAN}]", text) else "en"


def answer_tokens(text: Text, count: int, seed: bytes, first: Language) -> list[Token]:
    """`count` tokens: the passages in an order that depends on `seed`, again and again if need be.

    `mixed` takes both languages in turn, `first` first.
    """
    chance = random.Random(seed)  # noqa: S311  (not a secret: a reproducible choice)
    languages: tuple[Language, ...] = (text,) if text != "mixed" else ("en", "zh") if first == "en" else ("zh", "en")
    orders = [chance.sample(passages, k=len(passages)) for passages in map(_passages, languages)]
    in_turn = [passage for passages in zip(*orders, strict=True) for passage in passages]
    stream = (token for passage in itertools.cycle(in_turn) for token in (*passage, _BREAK))
    return list(itertools.islice(stream, count))


def after_part(tokens: list[Token], part: str) -> list[Token]:
    """The tokens that are left after `part`, which may end inside one; all of them if it is not their beginning."""
    at = 0
    for index, token in enumerate(tokens):
        if at == len(part):
            return tokens[index:]
        if not part.startswith(token.text, at):
            inside = part[at:]
            if not token.text.startswith(inside):
                return tokens
            return [make_token(token.text[len(inside) :]), *tokens[index + 1 :]]
        at += len(token.text)
    return [] if at == len(part) else tokens


def cut_at_stop(tokens: list[Token], stops: tuple[str, ...]) -> tuple[list[Token], bool]:
    """The tokens before the first of `stops`, and whether one was found. A token that holds its start is shortened."""
    whole = "".join(token.text for token in tokens)
    at = min((found for stop in stops if (found := whole.find(stop)) >= 0), default=-1)
    if at < 0:
        return tokens, False
    kept: list[Token] = []
    for token in tokens:
        if len(token.text) >= at:
            if at:
                kept.append(make_token(token.text[:at]))
            break
        kept.append(token)
        at -= len(token.text)
    return kept, True
