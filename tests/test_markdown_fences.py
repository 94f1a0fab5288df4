"""Whether a text ends within a block of code."""

import pytest

from playground.markdown import open_fence


@pytest.mark.parametrize(
    ("text", "fence"),
    [
        ("", ""),
        ("One, two", ""),
        ("```json\n{", "```json"),
        ("```json\n{}\n```\nDone", ""),
        ("~~~\n```\n", "~~~"),
        ("````\n```\n", "````"),
        ("```\n````", ""),
        ("```\na\n```\n  ~~~ py\nb", "~~~ py"),
        ("    ```\nindented", ""),
        ("```inline```", ""),
    ],
)
def test_the_line_that_opened_the_block(text: str, fence: str) -> None:
    assert open_fence(text) == fence
