"""What a reader selects on the page is found in the text as it is stored."""

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.markdown import LIMIT, render_markdown
from playground.recording.redaction import Span
from playground.review.shown_text import ShownText

fragments = st.sampled_from(
    [
        *(
            "a",
            "bc",
            "水",
            "🙂",
            " ",
            "\n",
            "\n\n",
            "*",
            "**",
            "`",
            "_",
            "~~",
            "# ",
            "> ",
            "- ",
            "1. ",
            "- [x] ",
            "\\*",
        ),
        *(
            "&amp;",
            "&copy;",
            "&",
            "<b>",
            "[a](http://b.io)",
            "![a](http://b.io/c)",
            "![](d)",
            "```py\n",
            "```\n",
            "    ",
        ),
        *("    ", "|a|b|\n|-|-|\n|c|d|\n", "<http://e.io>", "\t", "\u00a0", "\x85", '"', "'"),
    ]
)


def marks_of(page: str) -> str:
    """What a browser shows of HTML, without white space."""
    return re.sub(r"[\t\n\v\f\r ]", "", html.unescape(re.sub(r"<[^>]*>", "", page)))


@given(st.lists(fragments, max_size=40).map("".join))
def test_the_marks_are_what_the_page_shows(text: str) -> None:
    assert ShownText.of_markdown(text).marks == marks_of(render_markdown(text))


@given(st.lists(fragments, max_size=40).map("".join), st.data())
def test_a_stored_span_is_found_again_from_where_it_is_shown(text: str, data: st.DataObject) -> None:
    shown = ShownText.of_markdown(text)
    start = data.draw(st.integers(0, len(text)))
    marks = shown.place(Span(start, data.draw(st.integers(start, len(text)))))
    if marks is None:
        return
    found = shown.locate(shown.marks[marks.start : marks.end], marks.start)
    if found is not None:
        assert shown.place(found) is not None
        assert 0 <= found.start < found.end <= len(text)


def test_a_selection_over_markup_takes_the_markup_along() -> None:
    text = "See **the [docs](http://x.io)** now"
    span = ShownText.of_markdown(text).locate("the docs now", 3)
    assert span is not None
    assert text[span.start : span.end] == "the [docs](http://x.io)** now"


@pytest.mark.parametrize(
    ("text", "quote", "written"),
    [
        ("a **bold** word", "bold", "bold"),
        ("1. one\n2. two", "two", "two"),
        ("```py\nx = 1\nprint(x)\n```\n", "1\nprint", "1\nprint"),
        ("> ```\n> quoted\n> code\n> ```", "quoted code", "quoted\n> code"),
        ("a &amp; b", "& b", "&amp; b"),
        ("5 \\* 3", "* 3", "\\* 3"),
        ("|a|b|\n|-|-|\n|c|d|", "c", "c"),
        ("[near](http://near.io) near", "near near", "near](http://near.io) near"),
        ("北**京**是", "京是", "京**是"),
        ("a 🙂 b", "🙂 b", "🙂 b"),
    ],
)
def test_what_is_selected_is_found_as_it_was_written(text: str, quote: str, written: str) -> None:
    span = ShownText.of_markdown(text).locate(quote, 0)
    assert span is not None
    assert text[span.start : span.end] == written


def test_the_occurrence_next_to_the_selection_is_meant() -> None:
    shown = ShownText.verbatim("one two one two one")
    assert shown.locate("one", 0) == Span(0, 3)
    assert shown.locate("one", 6) == Span(8, 11)
    assert shown.locate("one", 100) == Span(16, 19)


@pytest.mark.parametrize("quote", ["", "  \n", "no such words"])
def test_what_the_text_does_not_say_is_not_found(quote: str) -> None:
    assert ShownText.of_markdown("some words").locate(quote, 0) is None


def test_the_plain_end_of_a_very_long_answer_is_found() -> None:
    text = "word " * (LIMIT // 5 + 10) + "the end"
    shown = ShownText.of_markdown(text)
    assert shown.locate("the end", len(shown.marks)) == Span(len(text) - 7, len(text))
