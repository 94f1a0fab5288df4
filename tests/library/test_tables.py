"""Tables of values: what is taken, what is refused and named, and what is written out."""

import csv
import io

import pytest

from playground.library.tables import MAX_BYTES, MAX_ROWS, BadTable, decoded, read_table
from playground.library.variables import Variable
from playground.spreadsheets import write_table
from tests.library.factories import LINES, TONE, TOPIC

VARIABLES = [TOPIC, LINES, TONE]


def refusal(text: str) -> str:
    with pytest.raises(BadTable) as refused:
        read_table(text, VARIABLES)
    return " ".join(refused.value.problems)


def test_rows_are_read_by_the_names_in_the_header() -> None:
    rows = read_table('tone,topic,lines\ncalm,"goldfish,\r\non the ""moon""",3\n', VARIABLES)
    assert rows == [{"tone": "calm", "topic": 'goldfish,\non the "moon"', "lines": "3"}]


def test_a_byte_order_mark_and_semicolons_are_taken() -> None:
    raw = "\ufefftopic;lines;tone\n水;2;calm\n".encode()
    assert read_table(decoded(raw), VARIABLES) == [{"topic": "水", "lines": "2", "tone": "calm"}]


def test_an_empty_cell_takes_the_default_and_empty_lines_do_not_count() -> None:
    rows = read_table("topic,lines,tone\n\nx,,\n,,\n", VARIABLES)
    assert rows == [{"topic": "x", "lines": "4", "tone": "calm"}]


def test_columns_that_are_missing_extra_or_double_are_named() -> None:
    words = refusal("topic,topic,colour\na,b,c\n")
    assert "missing: lines, tone" in words
    assert "names: colour" in words
    assert "twice: topic" in words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "missing: topic, lines, tone"),
        ("topic,lines,tone\n", "no row of values"),
        ("topic,lines,tone\na,1\n", "Row 1 has 2 cells; the header has 3"),
        ("topic,lines,tone\na,1,calm\nb,many,calm\n", "Row 2, column “lines”: Enter a number"),
        ("topic,lines,tone\na,1,loud\n", "Row 1, column “tone”: Choose one of: calm, cheerful"),
        ('topic,lines,tone\n"a,1,calm\n', "Line 2 cannot be read as CSV"),
        ("topic,lines,tone\na\0,1,calm\n", "NUL"),
        ("topic,lines,tone\n" + "a,1,calm\n" * (MAX_ROWS + 1), "1001 rows"),
        ("topic,lines,tone\n" + "a" * MAX_BYTES, "1 MiB"),
    ],
)
def test_what_does_not_fit_is_refused(text: str, words: str) -> None:
    assert words in refusal(text)


def test_of_many_problems_the_first_are_told() -> None:
    words = refusal("topic,lines,tone\n" + "a,x,calm\n" * 20)
    assert words.count("Enter a number") == 5
    assert "And 15 more problems." in words


def test_a_file_that_is_not_utf_8_is_refused() -> None:
    with pytest.raises(BadTable, match="byte 4"):
        decoded("abcé".encode("latin-1"))


def test_a_spreadsheet_gets_no_formula() -> None:
    written = write_table([["=cmd()", "+1", "-1", "@x", "\tx", "ok", None, 1.5, "a\nb"]])
    assert written.startswith("\ufeff")
    (row,) = csv.reader(io.StringIO(written.removeprefix("\ufeff"), newline=""))
    assert row == ["'=cmd()", "'+1", "'-1", "'@x", "'\tx", "ok", "", "1.5", "a\nb"]


def test_a_variable_without_type_takes_any_text() -> None:
    assert read_table("x\n 1 \n", [Variable("x")]) == [{"x": " 1 "}]
