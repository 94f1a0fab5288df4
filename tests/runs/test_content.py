"""What a message's content may be: text, in one of the ways that OpenAI's API has."""

from typing import Any

import pytest

from playground.errors import InvalidField
from playground.runs.conversation import text_of_content


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("Hi", "Hi"),
        ("", ""),
        (None, ""),
        ([], ""),
        ([{"type": "text", "text": "a"}, {"type": "input_text", "text": "b"}], "ab"),
    ],
)
def test_text(content: Any, text: str) -> None:
    assert text_of_content(content, "messages[0].content") == text


@pytest.mark.parametrize(
    ("content", "field", "says"),
    [
        ([{"type": "text", "text": "a"}, {"type": "image_url", "image_url": {"url": "x"}}], "c[1]", "image_url"),
        ([{"type": "input_audio"}], "c[0]", "Only text can be sent"),
        (["a"], "c[0]", "Only text can be sent"),
        ([{"type": "text"}], "c[0].text", "needs a text"),
        (5, "c", "a text, or a list"),
        ({"type": "text", "text": "a"}, "c", "a text, or a list"),
    ],
)
def test_what_is_no_text_is_refused_with_its_place(content: Any, field: str, says: str) -> None:
    with pytest.raises(InvalidField, match=says) as refused:
        text_of_content(content, "c")
    assert refused.value.field == field
