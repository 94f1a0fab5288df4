"""An answer that goes on within a block is rendered with what it goes on from, as one text."""

import re

import pytest

from playground.history.joined import join
from playground.markdown import render_markdown

TEXT = """Please remember:

- *feed it* before the long burn, not after;
- keep the lamp below **40 %**; see [the log](https://example.org/a?b=c&d)
  - a nested one

1. first
2. second

| a | b |
|---|---|
| one | two |

> a quote
> of two lines

## A heading

The end.
"""


def whole(part: str, own: str) -> str | None:
    joined = join(part, own)
    return None if joined is None else "".join(joined[:4])


def text_of(html: str) -> str:
    return re.sub(r"\s", "", re.sub(r"<[^>]*>", "", html))


def test_an_item_that_was_cut_goes_on_in_its_own_line() -> None:
    joined = join("Remember:\n\n- feed it, not after", "; or else\n- keep **calm**.\n\nThe end.")
    assert joined is not None
    assert joined.earlier == "<p>Remember:</p>"
    assert joined.before == '<ul><li><span class="prose__part--earlier">feed it, not after</span>'
    assert joined.after == (
        '<span data-text="answer">; or else</span></li><li><span data-text="answer">keep </span>'
        '<strong><span data-text="answer">calm</span></strong><span data-text="answer">.</span></li></ul>'
    )
    assert joined.later.strip() == "<p>The end.</p>"
    assert joined.has_places


@pytest.mark.parametrize("cut", range(1, len(TEXT)))
def test_wherever_it_was_cut_the_same_is_read(cut: int) -> None:
    html = whole(TEXT[:cut], TEXT[cut:])
    if html is not None:
        assert text_of(html) == text_of(render_markdown(TEXT))
        assert [m[0] for m in re.finditer("<(?!span|/span)[^>]*>", html)] == [
            m[0] for m in re.finditer("<(?!span|/span)[^>]*>", render_markdown(TEXT))
        ]


@pytest.mark.parametrize("word", ["not after", "below", "nested", "second", "| one", "a quote", "heading"])
def test_a_cut_within_a_block_is_joined(word: str) -> None:
    cut = TEXT.index(word) + len(word) - 1
    assert join(TEXT[:cut], TEXT[cut:]) is not None


@pytest.mark.parametrize(
    ("part", "own"),
    [
        ("In prose", " it goes on."),
        ("- an item\n", "- another"),
        ("- an item", ""),
        ("- an *", "*item** of two marks"),
        ("- see [the log](https://exa", "mple.org)"),
        ("- a \ue0f5", " b"),
        ("- " + "long " * 20_000, "text"),
    ],
)
def test_what_a_mark_would_change_is_not_joined(part: str, own: str) -> None:
    assert join(part, own) is None


def test_what_reads_otherwise_alone_has_no_places() -> None:
    joined = join("- *feed", " it* now")
    assert joined is not None
    assert not joined.has_places
    assert "data-text" not in joined.after


def test_hostile_text_stays_text() -> None:
    html = whole('- a "<b>"', ' > <script>alert(1)</script> <img src="x">') or ""
    assert "&lt;script&gt;" in html
    assert not re.search(r"<(script|img|b)\b", html)
