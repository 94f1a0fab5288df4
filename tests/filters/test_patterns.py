"""What is refused of a rule, and why: with a word for it that the form has a sentence for."""

import pytest

from playground.filters.patterns import WINDOW, BadPattern, compile_pattern
from playground.filters.replacement import BadReplacement
from playground.filters.streaming import apply_rules, compile_rule


@pytest.mark.parametrize(
    ("pattern", "code"),
    [
        ("", "empty"),
        ("x*", "empty"),
        (r"\b", "empty"),
        ("(?:a?)*", "empty"),
        ("a" * 1001, "long"),
        ("(?=x)y", "lookaround"),
        ("(?!x)y", "lookaround"),
        ("(?<=x)y", "lookaround"),
        ("(?<!x)y", "lookaround"),
        (r"(a)\1", "backreference"),
        (r"(?P<n>a)(?P=n)", "backreference"),
        ("(", "syntax"),
        ("[a", "syntax"),
        ("*a", "syntax"),
        ("a{1001}", "large"),
        ("(?:a{100}){100}", "large"),
        (r"\pL{1000}", "large"),
    ],
)
def test_a_pattern_is_refused(pattern: str, code: str) -> None:
    with pytest.raises(BadPattern) as caught:
        compile_pattern(pattern)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("pattern", "width"),
    [
        ("abc", 3),
        (r"\bcat\b", 3),
        ("a|bcd?", 3),
        (r"[a-z]{2,5}\.", 6),
        (r"(?i:(x)(?:yy)?)", 3),
        (r"\x1b\[[0-9;]{0,20}m", 23),
        ("a.*b", WINDOW),
        ("(?:abc){0}x", 1),
        ("(?:^)*x", 1),
    ],
)
def test_the_widest_match_of_a_pattern_is_known(pattern: str, width: int) -> None:
    assert compile_pattern(pattern).width == width


@pytest.mark.parametrize(
    ("replacement", "reference", "is_group"),
    [(r"\2", r"\2", True), (r"\g<no>", r"\g<no>", True), (r"\q", r"\q", False), ("a\\", "\\", False)],
)
def test_a_replacement_is_refused(replacement: str, reference: str, is_group: bool) -> None:
    with pytest.raises(BadReplacement) as caught:
        compile_rule("(?P<word>a)", replacement)
    assert (caught.value.reference, caught.value.is_group) == (reference, is_group)


@pytest.mark.parametrize(
    ("replacement", "shown"),
    [
        (r"\1\g<word>", "éé"),
        (r"[\0]", "[é!]"),
        (r"\n\t\\", "\n\t\\"),
        ("中", "中"),
        (r"\g<2>", ""),  # a group that took no part
        (r"\\1", r"\1"),
    ],
)
def test_groups_and_escapes_are_filled_in(replacement: str, shown: str) -> None:
    assert apply_rules([compile_rule(r"(?P<word>é)!(x)?", replacement)], "é!") == shown
