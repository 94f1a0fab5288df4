"""A run's events seen through the rules: the same events, and beside what came what is shown of it."""

import pytest

from playground.filters.rulesets import Ruleset, compile_rules
from playground.recording.events import ATTEMPT_STARTED, CHUNK, RUN_ENDED, Event, EventData
from tests.filters.factories import shown_part

CAT = ("text", r"\bcat\b", "dog")
THOUGHT = ("reasoning", "hm+", "")


def ruleset(*rules: tuple[str, str, str]) -> Ruleset:
    made = compile_rules(rules)
    assert made is not None
    return made


def through(rules: Ruleset, *told: tuple[str, EventData]) -> list[Event]:
    lens = rules.lens()
    return [lens(Event(seq, seq * 10, kind, data)) for seq, (kind, data) in enumerate(told)]


def test_what_came_stays_beside_what_is_shown() -> None:
    events = through(ruleset(CAT), (CHUNK, "a c"), (CHUNK, "at"), (CHUNK, "."), (RUN_ENDED, {"status": "completed"}))
    assert [event.data for event in events] == [
        {"text": "a c", "shown": {"text": "a "}},
        {"text": "at", "shown": {"text": ""}},
        {"text": ".", "shown": {"text": "dog."}},
        {"status": "completed"},
    ]
    assert [(event.seq, event.t) for event in events] == [(0, 0), (1, 10), (2, 20), (3, 30)]


def test_what_is_held_back_at_the_end_comes_with_the_end() -> None:
    events = through(
        ruleset(CAT, THOUGHT), (CHUNK, {"reasoning": "so hmm"}), (CHUNK, "a cat"), (RUN_ENDED, {"status": "x"})
    )
    assert events[-1].data == {"status": "x", "tail": {"text": "dog"}}
    told = [(event.kind, event.data) for event in events]
    assert shown_part(told) == "a dog"
    assert shown_part(told, "reasoning") == "so "


@pytest.mark.parametrize("data", [{"text": "cat ", "choice": 1}, {"refusal": "cat "}, {"tool_call": {"index": 0}}, ""])
def test_other_chunks_are_left_alone(data: EventData) -> None:
    (event,) = through(ruleset(CAT), (CHUNK, data))
    assert event.data is data


def test_text_that_no_rule_changes_is_sent_as_it_came() -> None:
    (event,) = through(ruleset(CAT), (CHUNK, "a bird "))
    assert event.data == "a bird "


def test_an_attempt_begins_with_nothing_held_back() -> None:
    events = through(
        ruleset(CAT), (CHUNK, "c"), (ATTEMPT_STARTED, {"attempt": 2}), (CHUNK, {"text": "at ", "attempt": 2})
    )
    assert events[-1].data == {"text": "at ", "attempt": 2}


def test_a_rule_that_the_engine_does_not_take_any_more_is_left_out() -> None:
    rules = ruleset(CAT, ("text", "(?=x)", ""), ("text", "a", r"\9"))
    assert rules.count == 1


def test_the_version_follows_what_the_rules_say() -> None:
    assert ruleset(CAT, THOUGHT).version == ruleset(CAT, THOUGHT).version
    assert len({ruleset(CAT, THOUGHT).version, ruleset(THOUGHT, CAT).version, ruleset(CAT).version}) == 3
