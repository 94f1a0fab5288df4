"""What the composer's form takes, and the draft it makes of it."""

from typing import Any

import pytest
from django.http import QueryDict

from playground.errors import Busy, InvalidField
from playground.prompts.forms import TurnForm, values_of
from playground.runs.turns import TurnDraft
from tests.runs.factories import make_run, make_turn


def form(*models: str, **values: Any) -> TurnForm:
    data = QueryDict(mutable=True)
    data.update({"prompt": "Hello", **values})
    data.setlist("model", models or ("sim/sim-n5-r0",))
    return TurnForm(data)


def draft(*models: str, **values: Any) -> TurnDraft:
    valid = form(*models, **values)
    assert valid.is_valid(), valid.errors
    return valid.draft()


def test_only_what_was_set_is_sent() -> None:
    made = draft("a/b", "a/b", temperature="0", seed="", logprobs="on", top_logprobs="0")
    assert made.model_ids == ["a/b", "a/b"]
    assert made.parameters == {"temperature": 0.0, "logprobs": True, "top_logprobs": 0}
    assert made.before is None


def test_text_is_kept_as_typed_but_for_the_browser_s_line_breaks() -> None:
    made = draft(prompt="  one\r\n\ttwo\n ", system=" s ")
    assert made.prompt == "  one\n\ttwo\n "
    assert made.system == " s "


def test_stop_texts_are_lines() -> None:
    assert draft(stop="END\r\n\r\n\\n\\n\r\n 。").parameters["stop"] == ["END", "\n\n", " 。"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("prompt", ""),
        ("prompt", " \r\n "),
        ("temperature", "2.1"),
        ("temperature", "-1"),
        ("temperature", "warm"),
        ("temperature", "nan"),
        ("top_p", "1.01"),
        ("max_tokens", "0"),
        ("max_tokens", "1000001"),
        ("seed", "1.5"),
        ("seed", str(2**63)),
        ("stop", "1\n2\n3\n4\n5"),
        ("top_logprobs", "21"),
        ("top_logprobs", "3"),  # without logprobs
    ],
)
def test_a_wrong_value_is_named_at_its_field(field: str, value: str) -> None:
    assert list(form(**{field: value}).errors) == [field]


@pytest.mark.parametrize("models", [("",), ("a/b",) * 9])
def test_there_are_one_to_eight_lanes(models: tuple[str, ...]) -> None:
    assert list(form(*models).errors) == ["model"]


def test_what_the_engine_refuses_is_shown_at_its_field() -> None:
    refused = form()
    refused.refuse(InvalidField("model", "There is no such model."))
    assert refused.errors == {"model": ["There is no such model."]}
    refused = form()
    refused.refuse(Busy("Try again in 3 s.", retry_after=3))
    assert refused.non_field_errors() == ["Try again in 3 s."]


@pytest.mark.django_db
def test_the_values_of_a_turn_make_the_same_draft_again() -> None:
    parameters = {"temperature": 0.5, "stop": ["a", "\n"], "logprobs": True}
    turn = make_turn(prompt="Hello", system="Be brief.", parameters=parameters)
    make_run(turn, lane=1, model_id="a/second")
    make_run(turn, lane=0, model_id="a/first")
    make_run(turn, lane=0, model_id="a/first")
    values = values_of(turn)
    models = values.pop("model")
    made = draft(*models, **{**values, "logprobs": "on"})
    assert made.model_ids == ["a/first", "a/second"]
    assert made.system == "Be brief."
    assert made.parameters == parameters
