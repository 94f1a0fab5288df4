"""The template language can do nothing but fill in values."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.library.template import BadName, MissingValue, Placeholder, names_in, parse, quote

NAMES = st.from_regex(r"[a-z_äöü主题][a-z0-9_主题]{0,10}", fullmatch=True)
TEXTS = st.text(alphabet=st.one_of(st.sampled_from("{}\\ a%$#名"), st.characters(exclude_categories=["Cs"])))


def written(pieces: list[str | Placeholder]) -> str:
    """A template that holds these pieces."""
    text = ""
    for piece, following in zip(pieces, [*pieces[1:], ""], strict=True):
        if isinstance(piece, Placeholder):
            text += f"{{{{{piece.name}}}}}"
        elif isinstance(following, Placeholder):
            text += re.sub(r"(\\+)(\{?)$", r"\1\1\2", quote(piece))
        else:
            text += quote(piece)
    return text


@st.composite
def templates(draw: st.DrawFn) -> list[str | Placeholder]:
    """Texts and variables, in turn."""
    names = draw(st.lists(NAMES, max_size=5))
    pieces: list[str | Placeholder] = [draw(TEXTS)]
    for name in names:
        pieces += [Placeholder(name), draw(TEXTS)]
    return pieces


@given(templates(), st.data())
def test_the_result_is_the_texts_and_the_values_and_nothing_else(
    pieces: list[str | Placeholder], data: st.DataObject
) -> None:
    names = [piece.name for piece in pieces if isinstance(piece, Placeholder)]
    hostile = st.one_of(TEXTS, st.sampled_from(names or [""]).map(lambda name: f"{{{{{name}}}}}"))
    values = {name: data.draw(hostile) for name in names}
    template = parse(written(pieces))
    assert template.names == list(dict.fromkeys(names))
    assert template.fill(values) == "".join(values[p.name] if isinstance(p, Placeholder) else p for p in pieces)


@given(TEXTS)
def test_a_quoted_text_stands_for_itself(text: str) -> None:
    assert parse(quote(text)).fill({}) == text


@given(TEXTS)
def test_any_text_is_a_lenient_template(text: str) -> None:
    template = parse(text, lenient=True)
    assert len(template.fill(dict.fromkeys(template.names, ""))) <= len(text)


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("Hello {{name}}!", "Hello Ada!"),
        ("{{ name }}", "Ada"),
        ("{{name}}{{name}}", "AdaAda"),
        (r"\{{name}}", "{{name}}"),
        (r"\\{{name}}", "\\Ada"),
        (r"\\\{{name}}", "\\{{name}}"),
        (r"C:\dir", r"C:\dir"),
        ('{"a": {"b": "{{name}}"}}', '{"a": {"b": "Ada"}}'),
        ("{{{name}}}", "{Ada}"),
        ("}} {name}", "}} {name}"),
    ],
)
def test_spelling(text: str, result: str) -> None:
    assert parse(text).fill({"name": "Ada"}) == result


def test_names_of_any_script() -> None:
    assert parse("{{主题}} {{größe_2}}").fill({"主题": "水", "größe_2": "3"}) == "水 3"


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("{{first name}}", "first name"),
        ("{{}}", ""),
        ("{{1x}}", "1x"),
        ("{{a.b}}", "a.b"),
        ("{{ x|upper }}", "x|upper"),
        ("{{ open", "open"),
        ("{{" + "x" * 65 + "}}", "x" * 40),
    ],
)
def test_what_is_no_name_is_refused_and_named(text: str, part: str) -> None:
    with pytest.raises(BadName) as refused:
        parse(text)
    assert refused.value.part == part
    assert parse(text, lenient=True).fill({}) == text


def test_a_missing_value_is_named() -> None:
    with pytest.raises(MissingValue) as missing:
        parse("{{a}} {{b}}").fill({"a": "1"})
    assert missing.value.part == "b"


def test_the_names_of_several_texts() -> None:
    assert names_in("{{b}} {{a}}", "{{a}} {{c}} {{no name}}") == ["b", "a", "c"]


@pytest.mark.parametrize("unit", ["{", "{{", "\\", "{{a", "{{ ", "\\{{", "{{a}}", "}}"])
def test_time_grows_with_the_length_only(unit: str) -> None:
    text = unit * (400_000 // len(unit))
    began = time.perf_counter()
    parse(text, lenient=True)
    assert time.perf_counter() - began < 20  # it takes some ms; a square of the length would take hours
