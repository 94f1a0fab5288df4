import pytest

from playground.runs.conversation import conversation, prompt_of, system_of
from playground.runs.models import Run
from tests.runs.factories import make_run, make_session, make_turn

pytestmark = pytest.mark.django_db


def said(*pairs: tuple[str, str]) -> list[dict[str, str]]:
    return [{"role": role, "content": content} for role, content in pairs]


def test_each_lane_is_sent_its_own_earlier_answers() -> None:
    session = make_session()
    turn = make_turn(session, "first")
    make_run(turn, lane=0, text="zero")
    make_run(turn, lane=1, text="one")
    for lane, answer in ((0, "zero"), (1, "one"), (2, "zero")):
        assert conversation(session, lane=lane, system="be kind", prompt="next") == said(
            ("system", "be kind"), ("user", "first"), ("assistant", answer), ("user", "next")
        )


def test_the_newest_answer_of_a_lane_counts_and_an_empty_one_does_not() -> None:
    session = make_session()
    turn = make_turn(session, "first")
    old = make_run(turn, text="old")
    make_run(turn, text="new", retries=old)
    make_run(turn, text="", status="failed", retries=old)
    make_turn(session, "nobody answered this")
    assert conversation(session, lane=0, system="", prompt="next") == said(
        ("user", "first"), ("assistant", "new"), ("user", "next")
    )


def test_an_edited_prompt_is_sent_after_what_came_before_it() -> None:
    session = make_session()
    for prompt in ("one", "two", "three"):
        make_run(make_turn(session, prompt), text=f"answer to {prompt}")
    assert Run.objects.count() == 3
    assert conversation(session, lane=0, system="", prompt="two, better", before=1) == said(
        ("user", "one"), ("assistant", "answer to one"), ("user", "two, better")
    )


def test_what_a_given_conversation_asks() -> None:
    messages = said(("system", "a"), ("user", "b"), ("assistant", "c"), ("user", "d"))
    assert prompt_of(messages) == "d"
    assert system_of(messages) == "a"
    assert prompt_of([]) == ""
