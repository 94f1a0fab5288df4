"""What the simulator writes, and how it is cut into tokens."""

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.providers.simulator.passages import CHINESE, ENGLISH
from playground.providers.simulator.tokens import answer_tokens, cut, cut_at_stop, make_token


@given(st.text())
def test_the_pieces_join_to_the_text(text: str) -> None:
    assert "".join(cut(text)) == text
    assert all(cut(text))


def test_tokens_look_like_a_models() -> None:
    assert cut("Sparkling water, oh so clear,\n\n") == [
        "Spark",
        "ling",
        " water",
        ",",
        " oh",
        " so",
        " clear",
        ",",
        "\n\n",
    ]


def test_an_emoji_of_several_code_points_is_cut_inside() -> None:
    assert cut("👩‍🚀") == ["👩", "\u200d", "🚀"]


@pytest.mark.parametrize("passages", [ENGLISH, CHINESE])
def test_the_passages_hold_what_streams_get_wrong(passages: tuple[str, ...]) -> None:
    text = "".join(passages)
    for mark in ("# ", "\n- ", "\n1. ", "\n|--", "```python\n", "**", "\u200d", "\n\n"):
        assert mark in text
    assert any(ord(character) > 0xFFFF for character in text)
    assert text == unicodedata.normalize("NFC", text)


def test_the_same_seed_gives_the_same_tokens_and_another_gives_others() -> None:
    first = answer_tokens("en", 300, b"a", "en")
    assert answer_tokens("en", 300, b"a", "en") == first
    assert len(first) == 300
    assert any(answer_tokens("en", 300, bytes([seed]), "en") != first for seed in range(8))


def test_the_mixed_text_starts_in_the_language_of_the_prompt() -> None:
    assert answer_tokens("mixed", 1000, b"a", "zh")[:50] == answer_tokens("zh", 1000, b"a", "zh")[:50]
    both = "".join(token.text for token in answer_tokens("mixed", 1000, b"a", "en"))
    assert both.isascii() is False
    assert "的" in both
    assert " the " in both


def test_a_stop_ends_before_itself_wherever_tokens_are_cut() -> None:
    tokens = [make_token(text) for text in ("ab", "cd", "ef")]
    assert cut_at_stop(tokens, ("de",)) == ([make_token("ab"), make_token("c")], True)
    assert cut_at_stop(tokens, ("cd", "b")) == ([make_token("a")], True)
    assert cut_at_stop(tokens, ("cd",)) == ([make_token("ab")], True)
    assert cut_at_stop(tokens, ("ab",)) == ([], True)
    assert cut_at_stop(tokens, ("x",)) == (tokens, False)


def test_cutting_a_long_run_of_chinese_takes_time_in_proportion() -> None:
    text = "春眠不觉晓处处闻啼鸟" * 40_000
    began = time.process_time()
    assert "".join(cut(text)) == text
    assert time.process_time() - began < 20  # about 0.5; in proportion to the square of the length, minutes
