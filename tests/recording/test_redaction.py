import itertools
from collections.abc import Sequence

from hypothesis import example, given
from hypothesis import strategies as st

from playground.recording.events import ATTEMPT_STARTED, CHUNK, RUN_ENDED, Event, EventData, chunk_text
from playground.recording.redaction import MASK, Hidden, Span, merged, redact_events, redact_text

pieces = st.lists(st.text(st.sampled_from("ab水é🙂 \n"), max_size=6), max_size=12)
spans = st.lists(st.builds(Span, st.integers(0, 60), st.integers(0, 60)), max_size=5)


def log(chunks: Sequence[EventData]) -> list[Event]:
    return [
        Event(0, 0, ATTEMPT_STARTED, {"attempt": 1}),
        *(Event(seq, seq * 10, CHUNK, data, seq * 7) for seq, data in enumerate(chunks, 1)),
        Event(len(chunks) + 1, 999, RUN_ENDED, {"status": "completed"}),
    ]


def shown(chunks: Sequence[EventData], hidden: Hidden) -> list[EventData]:
    events = log(chunks)
    return [event.data for event in map(redact_events(events, hidden), events) if event.kind == CHUNK]


@given(texts=pieces, hide=spans, plain=st.booleans())
@example(texts=["ab", "", "cd"], hide=[Span(1, 3)], plain=True)
def test_redacted_chunks_join_to_the_redacted_text(texts: list[str], hide: list[Span], plain: bool) -> None:
    events = log(texts if plain else [{"text": text, "logprobs": []} for text in texts])
    seen = list(map(redact_events(events, Hidden(answer=hide)), events))
    assert "".join(chunk_text(event) for event in seen if event.kind == CHUNK) == redact_text("".join(texts), hide)
    assert [event._replace(data="") for event in seen] == [event._replace(data="") for event in events]


@given(texts=pieces, hide=spans)
def test_reasoning_is_hidden_as_text_is(texts: list[str], hide: list[Span]) -> None:
    seen = shown([{"reasoning": text, "text": "kept"} for text in texts], Hidden(reasoning=hide))
    parts = [data for data in seen if not isinstance(data, str)]
    assert "".join(data["reasoning"] for data in parts) == redact_text("".join(texts), hide)
    assert all(data["text"] == "kept" for data in parts)


@given(text=st.text(max_size=60), hide=spans)
def test_what_is_hidden_is_gone_and_the_rest_stays(text: str, hide: list[Span]) -> None:
    parts = merged(hide)
    kept = "".join(char for at, char in enumerate(text) if not any(a <= at < b for a, b in parts))
    marks = sum(span.start < len(text) for span in parts)
    assert redact_text(text, hide).replace(MASK, "") == kept.replace(MASK, "")
    assert len(redact_text(text, hide)) == len(kept) + marks * len(MASK)


@given(hide=spans)
def test_merged_spans_cover_the_same_and_neither_overlap_nor_touch(hide: list[Span]) -> None:
    parts = merged(hide)
    assert {at for a, b in parts for at in range(a, b)} == {at for a, b in hide for at in range(a, b)}
    assert all(a.end < b.start for a, b in itertools.pairwise(parts))


def test_a_span_is_masked_where_it_begins_and_empty_where_it_goes_on() -> None:
    assert shown(["my key", " is s", "3cret", ". Bye"], Hidden(answer=[Span(10, 16)])) == [
        "my key",
        " is " + MASK,
        "",
        ". Bye",
    ]


def test_only_chunks_that_a_span_touches_lose_their_logprobs() -> None:
    chunks = [{"text": text, "logprobs": [{"token": text}]} for text in ("one", " two", "", " three")]
    assert shown(chunks, Hidden(answer=[Span(4, 8)])) == [
        {"text": "one", "logprobs": [{"token": "one"}]},
        {"text": " " + MASK},
        {"text": ""},
        {"text": "three"},
    ]


def test_an_empty_chunk_inside_a_span_loses_its_logprobs_too() -> None:
    assert shown(["one", {"text": "", "logprobs": [{"token": "two"}]}, "x"], Hidden(answer=[Span(1, 4)])) == [
        "o" + MASK,
        {"text": ""},
        "",
    ]


def test_tool_calls_and_refusals_stay() -> None:
    chunk = {"text": "secret", "tool_call": {"index": 0, "arguments": "{}"}, "refusal": "no"}
    assert shown([chunk], Hidden(answer=[Span(0, 6)])) == [{**chunk, "text": MASK}]


def test_other_choices_and_earlier_attempts_are_hidden_whole() -> None:
    chunks: list[EventData] = [
        "first try, ",
        "secret",
        {"text": "no ", "attempt": 2},
        {"text": "secret", "attempt": 2},
        {"text": "choice two", "attempt": 2, "choice": 1},
        {"text": " secret", "attempt": 2, "choice": 1, "logprobs": [{"token": " secret"}]},
    ]
    assert shown(chunks, Hidden(answer=[Span(3, 9)])) == [
        MASK,
        "",
        {"text": "no ", "attempt": 2},
        {"text": MASK, "attempt": 2},
        {"text": MASK, "attempt": 2, "choice": 1},
        {"text": "", "attempt": 2, "choice": 1},
    ]


def test_nothing_hidden_changes_nothing() -> None:
    events = log(["a", {"reasoning": "b", "logprobs": []}])
    assert list(map(redact_events(events, Hidden(answer=[Span(4, 4)])), events)) == events


def test_text_and_reasoning_of_one_chunk_are_both_hidden() -> None:
    hidden = Hidden(answer=[Span(0, 2)], reasoning=[Span(1, 2)])
    assert shown([{"text": "abc", "reasoning": "xyz"}], hidden) == [{"text": MASK + "c", "reasoning": "x" + MASK + "z"}]


def test_citations_may_quote_what_is_hidden() -> None:
    cited: list[EventData] = ["secret", {"text": " and more", "citations": [{"cited_text": "secret"}]}]
    assert shown(cited, Hidden(answer=(Span(0, 6),))) == [MASK, {"text": " and more"}]
    assert shown(cited, Hidden()) == cited
