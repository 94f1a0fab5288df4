"""Every snippet of docs/deploy.md is named, and run by a test of this folder."""

import re
from pathlib import Path

from tests.deploy.snippets import PAGE, snippets


def test_every_snippet_of_the_page_is_run() -> None:
    text = PAGE.read_text()
    assert text.count("```") == 2 * len(snippets()), "a snippet without a name"
    tests = "".join(path.read_text() for path in Path(__file__).parent.glob("*.py"))
    unused = [name for name in snippets() if not re.search(rf"""["']{re.escape(name)}["']""", tests)]
    assert not unused
