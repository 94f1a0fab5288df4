"""Whatever bytes come, in whatever pieces: no parser of a dialect raises, and every answer has a typed end.

Damaged fixtures of every dialect: bytes changed, left out, doubled, swapped with those of another answer, and cut at
random. `hypothesis` looks for small counterexamples in tests/providers; this is for the number of them.
"""

import itertools
import random
import time
from collections import Counter
from collections.abc import Callable
from typing import Final

import pytest

from playground.providers.dialects import DIALECTS, dialect
from playground.providers.dialects.base import Parser, Part
from playground.providers.errors import ProviderError
from playground.recording.shapes import misshapen
from tests.providers.dialect_fixtures import FOLDER, fixtures
from tests.providers.faults import ASK
from tests.reliability.sizes import say, seeded, size

SHARES: Final = 4  # as many tests, so that two workers share them
LONGEST: Final = 12_000  # bytes of a fixture: the cases are many, not long
SPLICES: Final = (
    b"\n\n", b"\r", b"\r\n\r\n", b"\xef\xbb\xbf", b"\xff", b"\xc3", b"\xe2\x80\xa8", b"\0",
    b"data: ", b"data: [DONE]\n\n", b"event: error\n", b"id: 1\n", b": ping\n\n",
    b'"', b"{", b"}", b"[", b"]", b"null", b"true", b"NaN", b"-Infinity", b"1e999", b"\\ud83d", b"[[[[[[[[",
    b'{"error":""}', b'"choices":null,', b'"index":-1,', b'"index":99999999999999999999,',
)  # fmt: skip

Damage = Callable[[bytearray, random.Random, list[bytes]], None]


def flip(raw: bytearray, chance: random.Random, others: list[bytes]) -> None:
    raw[chance.randrange(len(raw))] = chance.randrange(256)


def leave_out(raw: bytearray, chance: random.Random, others: list[bytes]) -> None:
    at = chance.randrange(len(raw))
    del raw[at : at + chance.randrange(1, 40)]


def double(raw: bytearray, chance: random.Random, others: list[bytes]) -> None:
    at = chance.randrange(len(raw))
    raw[at:at] = raw[at : at + chance.randrange(1, 200)]


def splice(raw: bytearray, chance: random.Random, others: list[bytes]) -> None:
    raw[(at := chance.randrange(len(raw))) : at] = chance.choice(SPLICES)


def swap(raw: bytearray, chance: random.Random, others: list[bytes]) -> None:
    """The rest is that of another answer, of any dialect."""
    other = chance.choice(others)
    raw[chance.randrange(len(raw)) :] = other[chance.randrange(len(other)) :]


def end(raw: bytearray, chance: random.Random, others: list[bytes]) -> None:
    del raw[chance.randrange(len(raw)) :]


DAMAGES: Final[tuple[Damage, ...]] = (flip, leave_out, double, splice, splice, swap, end)


def damaged(sound: bytes, chance: random.Random, others: list[bytes]) -> bytes:
    raw = bytearray(sound)
    for _ in range(chance.choice((1, 1, 2, 5))):
        chance.choice(DAMAGES)(raw, chance, others)
        if not raw:
            break
    return bytes(raw)


def cut(raw: bytes, chance: random.Random) -> list[bytes]:
    """In pieces: one, a few, or of a byte each around one place."""
    if len(raw) < 2 or chance.random() < 0.25:
        return [raw]
    edges = {chance.randrange(1, len(raw)) for _ in range(chance.randrange(1, 9))}
    if chance.random() < 0.3:
        start = chance.randrange(len(raw))
        edges |= set(range(max(start, 1), min(start + 40, len(raw))))
    places = [0, *sorted(edges), len(raw)]
    return [raw[start:stop] for start, stop in itertools.pairwise(places)]


def read(name: str, pieces: list[bytes]) -> tuple[list[Part], Parser]:
    parser = dialect(name).parser(ASK)
    parts = [part for piece in pieces for part in parser.feed(piece)]
    return parts + parser.close(), parser


def check(name: str, pieces: list[bytes]) -> str:
    """Read a case; what it ended with. Raises what the parser should not, and AssertionError."""
    parts, parser = read(name, pieces)
    assert parser.done != (parser.error is not None)
    assert parser.error is None or isinstance(parser.error, ProviderError)
    total, last = sum(map(len, pieces)), 0
    for part in parts:
        assert misshapen(part.kind, part.data) == "", part
        assert last <= part.end <= total
        last = part.end
    return parser.error.code if parser.error else "done"


@pytest.mark.parametrize("share", range(SHARES))
def test_no_bytes_raise(share: int) -> None:
    chance = seeded(f"fuzz {share}")
    sound = [(name, f.raw[:LONGEST]) for name in DIALECTS if (FOLDER / name).is_dir() for f in fixtures(name)]
    others = [raw for _, raw in sound]
    ended, began = Counter[str](), time.monotonic()
    for number in range(size(20_000, 1_000_000) // SHARES):
        name, raw = sound[number % len(sound)]
        pieces = cut(damaged(raw, chance, others), chance)
        try:
            ended[check(name, pieces)] += 1
        except Exception as error:
            error.add_note(f"case {number} of {name}: {pieces!r}")
            raise
    kinds = ", ".join(f"{count} {code}" for code, count in ended.most_common())
    say(f"fuzz {share}", f"{ended.total()} cases in {time.monotonic() - began:.0f} s, 0 untyped errors: {kinds}")


@pytest.mark.parametrize("name", [name for name in DIALECTS if (FOLDER / name).is_dir()])
def test_the_cuts_of_damaged_bytes_make_no_difference(name: str) -> None:
    """Read whole, or in pieces: the same events at the same places, the same end."""
    chance = seeded(f"cuts {name}")
    sound = [f.raw[:LONGEST] for f in fixtures(name)]
    for number in range(size(300, 10_000)):
        raw = damaged(sound[number % len(sound)], chance, sound)
        (one, whole), (many, pieces) = read(name, [raw]), read(name, cut(raw, chance))
        told = [(parser.done, parser.error and parser.error.code, parser.finish_reason) for parser in (whole, pieces)]
        assert told[0] == told[1], raw
        assert one == many, raw
