"""Finish reasons in OpenAI's words."""

import re
from pathlib import Path

import pytest

from playground.providers.dialects import DIALECTS
from playground.recording.reasons import COMMON, common

SAME = {"stop", "length", "tool_calls", "content_filter"}


@pytest.mark.parametrize("name", DIALECTS)
def test_every_dialect_says_the_same_of_its_own(name: str) -> None:
    told = {own: word for own, word in DIALECTS[name].finish_reasons.items() if word in SAME}
    assert {own: common(own) for own in told} == told


def test_one_that_has_no_word_is_its_own() -> None:
    assert [common(reason) for reason in ("stop", "length", "unload", "", None)] == ["stop", "length", "unload", "", ""]


def test_the_page_knows_the_words_for_the_token_limit() -> None:
    script = (Path(__file__).parents[2] / "static/js/lib/lane-status.js").read_text()
    (listed,) = re.findall(r"const LENGTH = new Set\(\[([^\]]+)\]\)", script)
    assert set(re.findall(r'"(\w+)"', listed)) == {own for own, word in COMMON.items() if word == "length"} | {"length"}
