"""Numbers as lanes and pages write them."""

from typing import Any

import pytest
from django.template.loader import render_to_string

from playground.prompts.templatetags.lanes import clock


@pytest.mark.parametrize(
    ("ms", "says"), [(283, "0.3 s"), (0, "0.0 s"), (59_940.0, "59.9 s"), (125_000, "2 min 05 s"), (None, "–")]
)
def test_the_time_of_an_answer_is_written_as_its_clock_wrote_it(ms: Any, says: str) -> None:
    """`clock` of `static/js/lib/format.js`."""
    assert clock(ms) == says


def test_many_network_reads_are_counted_with_separators() -> None:
    page = render_to_string("history/_bytes.html", {"total": 3656})
    assert "3,656 network reads, each cut" in page
    assert "1 network read, cut" in render_to_string("history/_bytes.html", {"total": 1})
