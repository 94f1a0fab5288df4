"""A rule gives the same text however the stream is cut, holds back no more than it must, and takes linear time."""

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from playground.filters import patterns
from playground.filters.patterns import WINDOW
from playground.filters.presets import PRESETS, Preset
from playground.filters.streaming import Pipeline, Rewrite, RuleFilter, apply_rules, compile_rule

RULES = [
    (r"(?s)<t>.*?</t>\s*", ""),
    (r"(?is)<T>(.*?)</T>|<T>.*\z", r"[\1]"),
    (r"\bab\b", "X"),
    (r"a+b?|b", r"<\0>"),
    (r"(a|ab)(c|bcd)?", r"\2\1"),
    (r"ab{2,3}?c{0,2}", "-"),
    (r"(?m)^a", "A"),
    (r"(?m)a$", "Z"),
    (r"\Aa|b\z", "!"),
    (r"\Ba\B", "i"),
    (r"[^a\]b]{2}", "."),
    (r"[[:space:]]+b", "_"),
    (r"\x{e9}|\pL\d", "é"),
    (r"(?i:é)(?:b(?i)c)?", "E"),
    (r"(?U)a+<", ""),
    (r"\Qab\E", "q"),  # is not read a second time: held back to the end
    (r"(?P<x>.)(?P<y>.)", r"\g<y>\g<x>"),
]
TEXTS = st.text(alphabet="aabbcdé \n<t>/]1中T", max_size=60)


@st.composite
def cut_texts(draw: st.DrawFn) -> tuple[str, list[str]]:
    text = draw(TEXTS)
    cuts = sorted(draw(st.sets(st.integers(0, len(text)), max_size=8)) | {0, len(text)})
    return text, [text[start:end] for start, end in pairwise(cuts)] or [text]


def by_definition(rule: Rewrite, text: str) -> str:
    """Every place of the whole text, one after the other."""
    raw, shown, at = text.encode(), "", 0
    while at < len(raw):
        rest = raw[at:].decode()
        end = at + len(rest[: rule.pattern.width].encode())
        match = rule.pattern.regexp.match(raw, at, end)
        if match and match.end() > at:
            shown += rule.replacement.fill((match.group(), *match.groups()))
            at = match.end()
        else:
            shown += rest[0]
            at += len(rest[0].encode())
    return shown


def fed(rule: Rewrite, pieces: list[str]) -> str:
    each = RuleFilter(rule)
    settled = [piece for text in pieces for piece in each.feed(text)] + each.finish()
    assert "".join(piece.raw for piece in settled) == "".join(pieces)
    return "".join(piece.shown for piece in settled)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule[0])
@given(cut=cut_texts())
@example(cut=("aab <t>é</t> \n<t>ab", ["a", "a", "b <", "t>é</t> ", "\n<t>a", "b"]))
def test_every_way_to_cut_a_text_gives_what_the_definition_says(
    rule: tuple[str, str], cut: tuple[str, list[str]]
) -> None:
    text, pieces = cut
    compiled = compile_rule(*rule)
    assert fed(compiled, pieces) == by_definition(compiled, text)
    assert fed(compiled, list(text)) == by_definition(compiled, text)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule[0])
@given(cut=cut_texts())
def test_a_match_that_is_too_wide_is_none_however_it_is_cut(rule: tuple[str, str], cut: tuple[str, list[str]]) -> None:
    compiled = compile_rule(*rule)
    narrow = Rewrite(compiled.pattern._replace(width=min(4, compiled.pattern.width)), compiled.replacement)
    text, pieces = cut
    assert fed(narrow, pieces) == by_definition(narrow, text)
    assert fed(narrow, list(text)) == by_definition(narrow, text)


@given(cut=cut_texts(), chosen=st.lists(st.sampled_from(RULES), max_size=4))
def test_rules_one_after_the_other(cut: tuple[str, list[str]], chosen: list[tuple[str, str]]) -> None:
    text, pieces = cut
    rules = [compile_rule(*rule) for rule in chosen]
    pipeline = Pipeline(rules)
    shown = "".join(map(pipeline.feed, pieces)) + pipeline.finish()
    for rule in rules:
        text = by_definition(rule, text)
    assert shown == text == apply_rules(rules, "".join(pieces))


@pytest.mark.parametrize(
    ("pattern", "text", "held"),
    [
        ("<think>.*?</think>", "an answer without any", 0),
        ("<think>.*?</think>", "a < b", 0),
        ("<think>.*?</think>", "a <thi", 4),
        ("<think>.*?</think>", "a <this", 0),
        ("cat", "a concat", 0),  # a match, and nothing more can change it
        (r"\bcat\b", "a cat", 3),
        (r"\s+$", "word  ", 2),
        (r"colou?r", "colo", 4),
        (r"(?i)STOP", "please sto", 3),
        (r"[0-9]{4}", "x 123", 3),
        (r"\Qa.b\E", "anything", 8),
    ],
)
def test_only_what_may_yet_be_part_of_a_match_is_held_back(pattern: str, text: str, held: int) -> None:
    each = RuleFilter(compile_rule(pattern, ""))
    for character in text:
        each.feed(character)
    assert each.held == held


@pytest.mark.parametrize("pattern", [r"<.*?>", r"\Qa\E|<[^>]*>"])
def test_what_is_held_back_has_a_bound(pattern: str) -> None:
    each = RuleFilter(compile_rule(pattern, ""))
    for _ in range(20):
        each.feed("<" + "a" * 999)
    assert each.held <= WINDOW
    assert len(each._buffer) <= WINDOW + 4


def test_what_no_pattern_says_twice_is_compiled_once() -> None:
    assert patterns.compile_pattern("a+") is patterns.compile_pattern("a+")


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.key)
def test_the_presets_do_what_they_show(preset: Preset) -> None:
    rule = compile_rule(preset.pattern, preset.replacement)
    assert apply_rules([rule], preset.before) == preset.after
    assert rule.pattern.beginning is not None  # so nothing is held back without need
