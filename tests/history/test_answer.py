"""What a run answered, put together from its chunks."""

from playground.history.answer import Source, ToolCall, assemble
from playground.recording.events import CHUNK
from tests.history.factories import MS, attempt, log, start, stream


def test_text_and_reasoning() -> None:
    answer = assemble(stream([{"reasoning": "Hm"}, {"reasoning": "m."}, "Yes", {"text": ", sure"}, ""]))

    assert answer.text == "Yes, sure"
    assert answer.reasoning == "Hmm."
    assert not answer.is_empty


def test_nothing() -> None:
    assert assemble([]).is_empty
    assert assemble(stream([])).is_empty
    assert assemble(stream(["", {"text": None}])).is_empty


def test_a_retry_never_merges_into_the_text_of_the_attempt_before() -> None:
    events = log(
        [
            *start(),
            (120 * MS, CHUNK, "first try"),
            (130 * MS, CHUNK, {"reasoning": "first thought"}),
            *attempt(2, 200 * MS, 210 * MS, 220 * MS),
            (230 * MS, CHUNK, {"text": "second", "attempt": 2}),
            (240 * MS, CHUNK, {"text": " try", "attempt": 2}),
        ]
    )

    answer = assemble(events)

    assert answer.text == "second try"
    assert answer.reasoning == ""


def test_tool_calls_are_joined_by_their_index() -> None:
    answer = assemble(
        stream(
            [
                {"tool_call": {"index": 1, "id": "b", "name": "second"}},
                {"tool_call": {"index": 0, "id": "a", "name": "first", "arguments": ""}},
                {"tool_call": {"index": 0, "arguments": '{"a":'}},
                {"tool_call": {"index": 1, "arguments": "{}"}},
                {"tool_call": {"index": 0, "arguments": "1}"}},
            ]
        )
    )

    assert answer.tool_calls == (ToolCall("first", '{"a":1}'), ToolCall("second", "{}"))


def test_choices_and_refusals() -> None:
    answer = assemble(
        stream([{"text": "b", "choice": 1}, "a", {"text": "B", "choice": 1}, {"refusal": "I "}, {"refusal": "cannot."}])
    )

    assert answer.text == "a"
    assert answer.choices == {1: "bB"}
    assert answer.refusal == "I cannot."


def test_what_is_cited_is_named_once_with_its_address() -> None:
    web = {"web": {"uri": "https://a.example/x", "title": "A"}}
    others = [
        web,
        {"url": "javascript:alert(1)", "title": "Bad"},
        {"cited_text": "The sky", "document_title": "Sky"},
        {"text": "blue", "sources": [{"document": {"title": "Blue", "url": "http://b.example"}}]},
        {"type": "unknown"},
    ]
    answer = assemble(stream([{"text": "Hi", "citations": [web]}, {"citations": others}]))

    assert answer.sources == (
        Source("A", "https://a.example/x"),
        Source("Bad"),
        Source("Sky"),
        Source("Blue", "http://b.example"),
    )
