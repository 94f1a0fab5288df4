"""The longest common subsequence of two sequences, bit-parallel: a row of the table is one integer.

After Hyyrö, "Bit-parallel LCS-length computation revisited" (2004), with the rows kept for the way back. Two sequences
of 10,000 take some 30 ms and 13 MB; `difflib` takes seconds and does not find the longest.
"""

from collections.abc import Hashable, Sequence
from typing import Final, NamedTuple

LARGEST_TABLE: Final = 400_000_000  # bits: 50 MB


class TooLarge(Exception):
    """The table of two such sequences would not fit: compare something coarser."""


class Match(NamedTuple):
    """`a[i : i + length]` equals `b[j : j + length]`."""

    i: int
    j: int
    length: int


def matches(a: Sequence[Hashable], b: Sequence[Hashable]) -> list[Match]:
    """What both have, in order, in as few pieces as their positions allow.

    Raises:
        TooLarge: the parts that differ are too long; what both begin and end with alike does not count.
    """
    head = _common(a, b)
    tail = _common(a[head:][::-1], b[head:][::-1])
    inner = _pairs(a[head : len(a) - tail], b[head : len(b) - tail])
    pairs = [(i, i) for i in range(head)]
    pairs += [(i + head, j + head) for i, j in inner]
    pairs += [(len(a) - k, len(b) - k) for k in range(tail, 0, -1)]
    return _joined(pairs)


def _common(a: Sequence[Hashable], b: Sequence[Hashable]) -> int:
    return next((k for k, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


def _pairs(a: Sequence[Hashable], b: Sequence[Hashable]) -> list[tuple[int, int]]:
    """The positions (in `a`, in `b`) of what is common, ascending."""
    if len(a) * len(b) > LARGEST_TABLE:
        raise TooLarge
    rows = _table(a, b)
    pairs = []
    i, j = len(a), len(b)
    while i and j:
        if rows[j - 1] >> (i - 1) & 1:
            i -= 1
            continue
        j -= 1
        if not j or rows[j - 1] >> (i - 1) & 1:
            i -= 1
            pairs.append((i, j))
    return pairs[::-1]


def _table(a: Sequence[Hashable], b: Sequence[Hashable]) -> list[int]:
    """For each of `b`: bit i is 0 where the common subsequence grows with `a[i]`."""
    places: dict[Hashable, int] = {}
    for index, item in enumerate(a):
        places[item] = places.get(item, 0) | 1 << index
    full = (1 << len(a)) - 1
    row = full
    rows = []
    for item in b:
        grown = row & places.get(item, 0)
        row = (row + grown | row - grown) & full
        rows.append(row)
    return rows


def _joined(pairs: Sequence[tuple[int, int]]) -> list[Match]:
    found: list[Match] = []
    for i, j in pairs:
        last = found[-1] if found else None
        if last is not None and (last.i + last.length, last.j + last.length) == (i, j):
            found[-1] = last._replace(length=last.length + 1)
        else:
            found.append(Match(i, j, 1))
    return found
