"""What a run that goes on from another is sent, and what is read of it."""

from typing import Any

import pytest
from django.db import transaction
from django.template.loader import render_to_string

from playground.errors import Conflict
from playground.prompts.templatetags.lanes import problem
from playground.providers.continuation import INSTRUCTION, way_of
from playground.runs.continuing import hold_continuation, may_continue, messages_to_continue, part_before
from playground.runs.conversation import conversation
from playground.runs.models import Run, Turn
from playground.runs.requests import generation_request
from tests.runs.factories import make_run, make_session, make_turn

pytestmark = pytest.mark.django_db

PREFILL = way_of("ollama")
INSTRUCT = way_of("openai-chat")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"status": "truncated"}, True),
        ({"status": "interrupted"}, True),
        ({"status": "cancelled"}, True),
        ({"status": "failed", "error_code": "between_chunks_timeout"}, True),
        ({"status": "completed", "finish_reason": "length"}, True),
        ({"status": "completed", "finish_reason": "MAX_TOKENS"}, True),
        ({"status": "completed", "finish_reason": "stop"}, False),
        ({"status": "filtered"}, False),
        ({"status": "streaming"}, False),
        ({"status": "failed", "text": ""}, False),
    ],
)
def test_what_can_be_continued(fields: dict[str, Any], expected: bool) -> None:
    assert may_continue(make_run(**{"text": "One, two", **fields})) is expected


def test_nothing_is_left_to_continue_of_a_turn_that_was_not_recorded() -> None:
    assert not may_continue(make_run(make_turn(is_recorded=False), status="cancelled", text="One"))


def goes_on(run: Run, text: str, way: Any = PREFILL, **fields: Any) -> Run:
    return make_run(
        run.turn,
        messages=messages_to_continue(run, way),
        continues=run,
        text=text,
        **{"status": "cancelled", **fields},
    )


@pytest.fixture
def turn() -> Turn:
    return make_turn(make_session(), "Count.")


def test_a_run_goes_on_from_all_that_came_before_it(turn: Turn) -> None:
    first = make_run(turn, status="truncated", text="One, ")
    second = goes_on(first, "two, ")
    third = goes_on(second, "three.", status="completed")
    assert third.messages == [
        {"role": "user", "content": "Count."},
        {"role": "assistant", "content": "One, two, "},
    ]
    assert [part_before(run) for run in (first, second, third)] == ["", "One, ", "One, two, "]
    assert Run.objects.get(pk=third.pk).text == "three."


def test_a_model_that_is_asked_in_words_is_asked_once(turn: Turn) -> None:
    first = make_run(turn, status="truncated", text="One, tw")
    second = goes_on(first, "two, thr", INSTRUCT)
    third = goes_on(second, "three.", INSTRUCT)
    assert [message["content"] for message in third.messages] == ["Count.", "One, two, ", INSTRUCTION]
    assert part_before(third) + third.text == "One, two, three."


def test_the_request_says_that_it_goes_on(turn: Turn) -> None:
    first = make_run(turn, status="truncated", text="One, two")
    vllm = way_of("openai-chat", "prefill-vllm")
    told = generation_request(goes_on(first, "", vllm), "m", vllm)
    assert told.continues == len("One, two")
    assert told.parameters.extra == {"continue_final_message": True, "add_generation_prompt": False}
    asked = generation_request(goes_on(first, "", INSTRUCT), "m", INSTRUCT)
    assert (asked.continues, asked.parameters.extra) == (len("One, "), {})
    assert generation_request(first, "m", vllm).continues == 0
    assert generation_request(first, "m", vllm).parameters.extra == {}


def test_an_answer_is_continued_once_unless_nothing_came_of_it(turn: Turn) -> None:
    cut = make_run(turn, text="One, ", status="truncated")
    goes_on(cut, "", status="failed")
    with transaction.atomic():
        hold_continuation(cut)
        goes_on(cut, "", status="streaming")
        with pytest.raises(Conflict):
            hold_continuation(cut)


def test_a_later_turn_is_sent_what_was_read(turn: Turn) -> None:
    goes_on(make_run(turn, status="truncated", text="One, "), "two.", status="completed")
    assert conversation(turn.session, lane=0, system="", prompt="And then?")[1:] == [
        {"role": "assistant", "content": "One, two."},
        {"role": "user", "content": "And then?"},
    ]


def test_a_continuation_that_brought_nothing_leaves_the_part(turn: Turn) -> None:
    goes_on(make_run(turn, status="truncated", text="One, "), "", status="failed")
    assert conversation(turn.session, lane=0, system="", prompt="And then?")[1]["content"] == "One, "


@pytest.mark.parametrize(("length", "is_said"), [(100, False), (5000, True)])
def test_why_a_long_answer_ended_is_said_beside_the_buttons_too(length: int, is_said: bool) -> None:
    run = make_run(text="x" * length, status="interrupted", error_code="interrupted", error_message="It was stopped.")
    shown = render_to_string("runs/_continue.html", {"run": run, "may_change": True})
    assert (problem(run) in shown) is is_said
    assert "Continue" in shown
