from typing import Any

import pytest

from playground.errors import InvalidField
from playground.runs.parameters import clean_parameters, to_request_parameters


def test_what_is_set_is_kept_and_none_is_left_out() -> None:
    raw = {
        "temperature": 0,
        "top_p": None,
        "max_tokens": 5,
        "stop": "END",
        "seed": -3,
        "logprobs": True,
        "top_logprobs": 2,
    }
    cleaned = clean_parameters(raw)
    assert cleaned == {
        "temperature": 0.0, "max_tokens": 5, "stop": ["END"], "seed": -3, "logprobs": True, "top_logprobs": 2,
    }  # fmt: skip
    parameters = to_request_parameters(cleaned)
    assert parameters.stop == ("END",)
    assert parameters.top_p is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("temperature", 2.1),
        ("temperature", "hot"),
        ("temperature", True),
        ("temperature", float("nan")),
        ("top_p", -0.1),
        ("max_tokens", 0),
        ("max_tokens", 1.5),
        ("stop", ["a", "b", "c", "d", "e"]),
        ("stop", [""]),
        ("stop", [1]),
        ("seed", 2**63),
        ("logprobs", 1),
        ("top_logprobs", 21),
        ("top_logprobs", 2),
        ("nonsense", 1),
    ],
)
def test_what_is_wrong_is_named(name: str, value: object) -> None:
    with pytest.raises(InvalidField) as caught:
        clean_parameters({name: value})
    assert caught.value.field == name
    assert name in caught.value.message


@pytest.mark.parametrize("levels", [250, 900])
@pytest.mark.parametrize("name", ["tools", "tool_choice", "extra"])
def test_what_is_nested_too_deeply_for_an_event_is_refused(name: str, levels: int) -> None:
    value: Any = {}
    for _ in range(levels):
        value = {"deep": value}
    with pytest.raises(InvalidField) as raised:
        clean_parameters({name: [value] if name == "tools" else value})
    assert raised.value.field == name


@pytest.mark.parametrize("name", ["tools", "extra"])
def test_a_nul_is_refused_since_no_database_holds_one(name: str) -> None:
    value: Any = {"note": ["a \\u0000 that is none", {"deep": "one\0"}]}
    with pytest.raises(InvalidField, match="NUL") as raised:
        clean_parameters({name: [value] if name == "tools" else value})
    assert raised.value.field == name
    del value["note"][1]
    assert clean_parameters({name: [value] if name == "tools" else value})
