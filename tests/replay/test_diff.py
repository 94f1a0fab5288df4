"""Texts side by side: by word, by chunk, by line, and in scripts without spaces."""

import re
from html import unescape

from hypothesis import given
from hypothesis import strategies as st

from playground.replay.diff import MOST_UNITS, By, Diff, Unit, diff_chunks, diff_texts, words_of


def shown(diff: Diff, side: str) -> str:
    """What one side says, without marks."""
    return unescape(re.sub("<[^>]*>", "", "".join(getattr(row, side) for row in diff.rows)))


def marked(diff: Diff, side: str) -> list[str]:
    return re.findall("<mark>(.*?)</mark>", "".join(getattr(row, side) for row in diff.rows), re.DOTALL)


@given(st.text(max_size=60))
def test_words_are_the_whole_text(text: str) -> None:
    assert "".join(unit.text for unit in words_of(text)) == text


@given(st.text(alphabet="ab \n,北京", max_size=60), st.text(alphabet="ab \n,北京", max_size=60))
def test_both_texts_are_shown_whole(a: str, b: str) -> None:
    diff = diff_texts(a, b)
    assert (shown(diff, "a"), shown(diff, "b")) == (a, b)
    assert diff.is_equal == (a == b)


def test_only_what_differs_is_marked() -> None:
    diff = diff_texts("The sea is wide.\nIt is blue.", "The sea is deep.\nIt is blue.")

    assert (marked(diff, "a"), marked(diff, "b")) == (["wide"], ["deep"])
    assert [row.is_same for row in diff.rows] == [False, True]


def test_han_is_compared_character_by_character() -> None:
    diff = diff_texts("北京是中国的首都。", "南京是中国的古都。")

    assert marked(diff, "a") == ["北", "首"]
    assert marked(diff, "b") == ["南", "古"]


def test_an_emoji_of_several_code_points_is_one_unit() -> None:
    assert [unit.text for unit in words_of("👩‍🚀👩‍🚀")] == ["👩‍🚀", "👩‍🚀"]


def test_a_comma_between_two_different_sentences_is_no_match() -> None:
    diff = diff_texts("red apples, ripe", "old boats, gone")

    assert marked(diff, "a") == ["red apples, ripe"]


def test_what_a_model_wrote_stays_text() -> None:
    diff = diff_texts("<b>bold</b>", "<i>lean</i>")
    by_chunk = diff_chunks([Unit("<script>", 4, 20)], [])

    assert "<b>" not in diff.rows[0].a
    assert "<script>" not in by_chunk.rows[0].a
    assert "&lt;script&gt;" in by_chunk.rows[0].a


def test_chunks_are_compared_as_they_were_cut() -> None:
    diff = diff_chunks([Unit("ab", 4), Unit("c", 5)], [Unit("a", 4), Unit("bc", 5)])
    same = diff_chunks([Unit("ab", 4), Unit("c", 5)], [Unit("ab", 9), Unit("c", 10)])

    assert diff.same == 0
    assert same.is_equal
    assert 'title="#4' in same.rows[0].a
    assert 'title="#9' in same.rows[0].b


def test_texts_with_too_many_words_are_compared_by_line() -> None:
    a = "\n".join(f"{n} {n + 1}" for n in range(12_000))
    b = "\n".join(f"x{n} x{n + 1}" for n in range(12_000))

    assert diff_texts(a, b).by is By.LINE


def test_a_long_text_is_shown_from_its_beginning() -> None:
    text = "word " * (MOST_UNITS[By.WORD] + 1)

    assert diff_texts(text, text).is_cut
    assert not diff_texts("word", "word").is_cut
