"""What differs between two texts, by word."""

import time

from hypothesis import given
from hypothesis import strategies as st

from playground.library.differences import differences, one_side

TEXTS = st.text(alphabet=st.sampled_from("ab \n水火,."), max_size=60)


@given(TEXTS, TEXTS)
def test_both_texts_are_in_it_whole(old: str, new: str) -> None:
    pieces = differences(old, new)
    assert "".join(piece.text for piece in one_side(pieces, "removed")) == old
    assert "".join(piece.text for piece in one_side(pieces, "added")) == new


def test_a_changed_word_is_marked_alone() -> None:
    pieces = differences("One line.\nA bold word here.\n", "One line.\nA quiet word here.\n")
    assert pieces == [
        ("same", "One line.\nA "),
        ("removed", "bold"),
        ("added", "quiet"),
        ("same", " word here.\n"),
    ]


def test_chinese_is_compared_by_character() -> None:
    assert differences("写一首水的诗", "写一首火的诗") == [
        ("same", "写一首"),
        ("removed", "水"),
        ("added", "火"),
        ("same", "的诗"),
    ]


def test_long_texts_without_a_common_word_take_no_long_time() -> None:
    began = time.perf_counter()
    pieces = differences("a b " * 50_000, "c d " * 50_000)
    assert [piece.kind for piece in pieces] == ["removed", "added"]
    assert time.perf_counter() - began < 20
