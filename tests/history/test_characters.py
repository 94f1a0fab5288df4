"""An answer character by character: a cell a grapheme, a row a line."""

import re
import time
from html import unescape

from playground.history.characters import chunk_texts, render_characters
from tests.history.factories import stream


def cells(html: str) -> list[list[str]]:
    """The text of each cell of each line."""
    lines = re.findall(r"<li[^>]*>(.*?)</li>", html, re.DOTALL)
    return [[unescape(cell) for cell in re.findall(r"<span[^>]*>(.*?)</span>", line, re.DOTALL)] for line in lines]


def numbers(html: str) -> list[int]:
    return [int(number) for number in re.findall(r'<li[^>]*value="(\d+)"', html)]


def test_a_line_for_each_line() -> None:
    html, count = render_characters(["床前明月光，\n疑是地上霜。\r\n", "\r", "ab"])

    assert cells(html) == [[*"床前明月光，", "↵"], [*"疑是地上霜。", "↵"], ["↵"], ["a", "b"]]
    assert numbers(html) == [1, 2, 3, 4]
    assert count == 17


def test_a_grapheme_is_one_cell_whatever_chunks_it_came_in() -> None:
    family, flag, accented = "👩‍👩‍👧", "🇨🇳", "e\u0301"

    html, count = render_characters([family[:2], family[2:], flag[:1], flag[1:] + "e", "\u0301", "\r", "\n"])

    assert cells(html) == [[family, flag, accented, "↵"]]
    assert count == 4


def test_a_bar_stands_where_a_chunk_began() -> None:
    html, _count = render_characters(["ab", "", "cd"])

    assert re.findall(r'class="character( character--first)?"', html) == [
        " character--first",
        "",
        " character--first",
        "",
    ]


def test_what_cannot_be_seen_is_named() -> None:
    html, _count = render_characters(["a\u200bb\u202ec\x00\ue000"])

    assert cells(html) == [["a", "U+200B", "b", "U+202E", "c", "U+0000", "U+E000"]]
    assert 'title="U+200B ZERO WIDTH SPACE"' in html


def test_spaces_keep_their_width_and_have_a_ground() -> None:
    html, _count = render_characters(["a \t\u3000"])

    assert html.count("character--space") == 3
    assert 'title="U+3000 IDEOGRAPHIC SPACE"' in html


def test_text_is_escaped() -> None:
    html, _count = render_characters(["<b>&\"'"])

    assert "<b>" not in html
    assert cells(html) == [[*"<b>&\"'"]]


def test_pages() -> None:
    text = "ab\ncd\nef"

    first, count = render_characters([text], 0, 4)
    second, _ = render_characters([text], 4, 4)

    assert count == 8
    assert cells(first) == [["a", "b", "↵"], ["c"]]
    assert cells(second) == [["d", "↵"], ["e", "f"]]
    assert numbers(second) == [2, 3]
    assert render_characters([text], 8, 4)[0] == ""


def test_a_crowd_of_combining_marks_has_a_short_title() -> None:
    html, count = render_characters(["a" + "\u0300" * 500])

    assert count == 1
    assert html.count("GRAVE") == 7


def test_chunks_of_the_last_attempt_only() -> None:
    events = stream(["no", {"text": "y", "attempt": 2}, {"reasoning": "r", "attempt": 2}, {"text": "es", "attempt": 2}])

    assert chunk_texts(events) == ["y", "es"]
    assert chunk_texts([]) == []


def test_a_megabyte_takes_no_seconds() -> None:
    started = time.process_time()

    _html, count = render_characters(["word 北京 "] * 125_000, 500_000)

    assert count == 1_000_000
    assert time.process_time() - started < 5  # about 0.6 s on an idle machine
