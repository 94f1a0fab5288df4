"""An answer chunk by chunk: boundaries, gaps, probabilities, pages."""

import math
import re

import pytest

from playground.history.gaps import gap_labels, gap_step, probability_labels, probability_step
from playground.history.tokens import PAGE, render_tokens, token_page
from playground.recording.events import CHUNK, EventData
from playground.recording.units import duration, size
from tests.history.factories import MS, SECOND, attempt, log, start, stream


def spans(chunks: list[EventData]) -> str:
    return render_tokens(token_page(stream(chunks)))


@pytest.mark.parametrize(
    ("gap", "step"),
    [(0, 0), (19_999, 0), (20_000, 1), (59_999, 1), (60_000, 2), (199_999, 2), (200_000, 3), (999_999, 3), (SECOND, 4)],
)
def test_gap_steps(gap: int, step: int) -> None:
    assert gap_step(gap) == step


@pytest.mark.parametrize(("probability", "step"), [(1, 0), (0.9, 0), (0.89, 1), (0.5, 1), (0.2, 2), (0.05, 3), (0, 4)])
def test_probability_steps(probability: float, step: int) -> None:
    assert probability_step(probability) == step


def test_legends_name_every_step() -> None:
    assert gap_labels() == ["< 20 ms", "< 60 ms", "< 200 ms", "< 1 s", "≥ 1 s"]
    assert probability_labels() == ["≥ 90%", "≥ 50%", "≥ 20%", "≥ 5%", "< 5%"]


def test_each_chunk_is_a_token_tinted_by_the_gap_before_it() -> None:
    times = [100 * MS, 105 * MS, 140 * MS, 300 * MS, 800 * MS, 3 * SECOND]
    html = render_tokens(token_page(log([*start(), *((t, CHUNK, "x") for t in times)])))

    assert re.findall(r"token--gap-(\d)", html) == ["0", "0", "1", "2", "3", "4"]
    assert 'title="#9 · 3 s · +2.2 s"' in html


def test_text_is_escaped_and_new_lines_show() -> None:
    html = spans(["<b>", "a\nb", ""])

    assert "&lt;b&gt;" in html
    assert 'a<span class="token__newline" aria-hidden="true">↵</span>\nb' in html
    assert html.count("token--empty") == 1


def test_probabilities() -> None:
    likely = {"text": "a", "logprobs": [{"token": "a", "logprob": math.log(0.95)}]}
    unlikely = {"text": "bc", "logprobs": [{"token": "b", "logprob": math.log(0.9)}, {"token": "c", "logprob": -4.0}]}
    broken = {"text": "d", "logprobs": [{"token": "d"}]}

    page = token_page(stream([likely, unlikely, broken]))
    html = render_tokens(page)

    assert page.has_logprobs
    assert re.findall(r"token--lp-(\d)", html) == ["0", "4"]
    assert "95.0%" in html
    assert "1.8%" in html


def test_other_parts_are_told_apart() -> None:
    html = spans(
        [
            {"reasoning": "hm"},
            {"refusal": "no"},
            {"tool_call": {"index": 0, "name": "f", "arguments": "{}"}},
            {"text": "second", "choice": 1},
        ]
    )

    for kind in ("token--reasoning", "token--refusal", "token--tool", "token--choice"):
        assert html.count(kind) == 1
    assert ">f{}<" in html
    assert "choice 2" in html


def test_another_attempt_begins_a_row_of_its_own() -> None:
    events = log(
        [
            *start(),
            (120 * MS, CHUNK, "a"),
            *attempt(2, SECOND, SECOND, SECOND),
            (5 * SECOND, CHUNK, {"text": "b", "attempt": 2}),
        ]
    )

    html = render_tokens(token_page(events))

    assert "Attempt 2" in html
    assert "token--gap-4" not in html  # the wait between attempts is no gap between chunks


def test_rows_end_only_where_the_text_has_a_line_break() -> None:
    family = ["👩", "\u200d", "👩", "\u200d", "👧"]
    chunks: list[EventData] = [*["x"] * 62, *family, *["y"] * 100, "end\n", *["z"] * 10, "\n", "z"]

    rows = spans(chunks).split("\n<li")

    assert [row.count('class="token ') for row in rows] == [168, 12]
    assert re.findall(r'tokens__start">(\d+)<', "".join(rows)) == ["0", "168"]


def test_pages_hold_2000_tokens_and_no_token_twice() -> None:
    events = stream([f"t{number}" for number in range(PAGE + 10)])

    first = token_page(events)
    assert first.next is not None
    second = token_page(events, first.next)

    assert (len(first.tokens), len(second.tokens), second.next) == (PAGE, 10, None)
    assert second.total == PAGE + 10
    assert second.tokens[0].text == f"t{PAGE}"
    assert f'<span class="tokens__start">{PAGE}</span>' in render_tokens(second)
    assert second.tokens[0].gap == 20 * MS


def test_no_tokens() -> None:
    page = token_page([])

    assert page.total == 0
    assert render_tokens(page) == ""


@pytest.mark.parametrize(
    ("us", "words"),
    [
        (0, "0 ms"),
        (840, "0.84 ms"),
        (12_300, "12.3 ms"),
        (212_400, "212 ms"),
        (999_499, "999 ms"),
        (999_500, "1 s"),
        (1_234_000, "1.23 s"),
        (59_960_000, "60 s"),
        (125_400_000, "2 min 05 s"),
    ],
)
def test_durations(us: int, words: str) -> None:
    assert duration(us) == words


@pytest.mark.parametrize(("count", "words"), [(0, "0 B"), (1023, "1023 B"), (1536, "1.5 KiB"), (3 << 20, "3 MiB")])
def test_sizes(count: int, words: str) -> None:
    assert size(count) == words
