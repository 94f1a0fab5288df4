"""Where a place in a rendered answer stands in its Markdown, and back."""

import pytest

from playground.history.alignment import Alignment, chunk_at
from playground.markdown import render_markdown


def aligned(source: str) -> Alignment:
    return Alignment(render_markdown(source), source)


def place_of(word: str, rendered: str) -> int:
    """Of the word's first character, white space not counted."""
    return len("".join(rendered[: rendered.index(word)].split()))


@pytest.mark.parametrize(
    ("source", "rendered", "word"),
    [
        ("Plain words here.", "Plain words here.", "here"),
        ("A **bold** word and _more_.", "A bold word and more.", "more"),
        ("# A heading\n\n- one\n- two", "A heading one two", "two"),
        ("See [the link](https://example.org/the) then.", "See the link then.", "then"),
        ("Use `code` & go", "Use code & go", "go"),
        ("```py\nprint(1)\n```\nAfter", "print(1) After", "After"),
        ("北京是**首都**。你好", "北京是首都。你好", "你好"),
        ("an e\u0301 and 👩\u200d🚀 up", "an e\u0301 and 👩\u200d🚀 up", "up"),
        ("the cat and the dog and the cow", "the cat and the dog and the cow", "cow"),
    ],
)
def test_a_word_is_found_in_the_source(source: str, rendered: str, word: str) -> None:
    alignment = aligned(source)
    place = place_of(word, rendered)

    assert alignment.source_at(place) == source.rindex(word)
    assert alignment.rendered(source.rindex(word), source.rindex(word) + len(word)) == (place, place + len(word))


def test_a_mark_within_a_word_does_not_lose_it() -> None:
    source = "un**believ**able stays"

    assert aligned(source).source_at(place_of("stays", "unbelievable stays")) == source.index("stays")
    assert aligned(source).source_at(2) == source.index("believ")


def test_an_entity_is_the_character_before_it() -> None:
    source = "a &copy; b"

    assert aligned(source).source_at(2) == source.index("b")
    assert aligned(source).source_at(1) == 0


def test_only_marks_have_no_place() -> None:
    assert aligned("a **b**").rendered(2, 4) is None


def test_past_the_end() -> None:
    assert aligned("ab").source_at(500) is None
    assert chunk_at(["ab", "", "c"], 3) is None
    assert chunk_at(["ab", "", "c"], 2) == 2
