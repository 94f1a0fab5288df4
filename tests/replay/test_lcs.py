"""The longest common subsequence: against the textbook's, and at sizes that a person waits for."""

import itertools
import time
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.replay.lcs import LARGEST_TABLE, Match, TooLarge, matches

LETTERS = st.lists(st.sampled_from("abcd"), max_size=30)


def longest(a: Sequence[str], b: Sequence[str]) -> int:
    """By the table of the textbook."""
    row = [0] * (len(b) + 1)
    for x in a:
        before = row
        row = [0]
        for j, y in enumerate(b):
            row.append(before[j] + 1 if x == y else max(row[j], before[j + 1]))
    return row[-1]


@given(LETTERS, LETTERS)
def test_what_matches_is_common_in_order_and_longest(a: list[str], b: list[str]) -> None:
    found = matches(a, b)

    assert sum(match.length for match in found) == longest(a, b)
    for i, j, length in found:
        assert a[i : i + length] == b[j : j + length]
    for one, following in itertools.pairwise(found):
        assert one.i + one.length <= following.i
        assert one.j + one.length <= following.j


def test_neighbours_are_one_match() -> None:
    assert matches(["the", "big", "sea"], ["the", "sea"]) == [Match(0, 0, 1), Match(2, 1, 1)]
    assert matches("abc", "abc") == [Match(0, 0, 3)]
    assert matches("", "abc") == []


def test_what_would_not_fit_is_refused_unless_it_is_common() -> None:
    size = int(LARGEST_TABLE**0.5) + 1
    with pytest.raises(TooLarge):
        matches(range(size), range(size, 2 * size))
    assert matches(range(size), range(size)) == [Match(0, 0, size)]


def test_ten_thousand_different_words_take_a_fraction_of_a_second() -> None:
    a = [n * n % 997 for n in range(10_000)]
    b = [n * 7 % 991 for n in range(10_000)]
    began = time.process_time()
    matches(a, b)
    assert time.process_time() - began < 1  # some 0.05 s on a machine of its own
