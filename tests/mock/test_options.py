"""What can be asked of a replay, and how what cannot is refused."""

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.mock.attempts import Attempts
from playground.mock.errors import BadOption
from playground.mock.options import (
    AS_RECORDED,
    Fault,
    MockOptions,
    Refusal,
    Seek,
    parse_fault,
    read_options,
    with_faults,
    with_options,
)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("cut@3", Fault("cut", 3)),
        ("stall@0:2.5", Fault("stall", 0, 2.5)),
        ("error@12", Fault("error", 12)),
        (" double@1 ", Fault("double", 1)),
        ("split@1", Fault("split", 1, 0.05)),
        ("split@1:0.2", Fault("split", 1, 0.2)),
        ("no-end", Fault("no-end")),
        ("crlf", Fault("crlf")),
        ("429", Refusal(429)),
        ("429:7", Refusal(429, 7)),
        ("fail:2", Refusal(503, None, 2)),
        ("fail:2:429:1", Refusal(429, 1, 2)),
    ],
)
def test_a_fault_is_read(text: str, meant: Fault | Refusal) -> None:
    assert parse_fault(text) == meant


@pytest.mark.parametrize(
    "text",
    [
        "",
        7,
        "cut",
        "cut@",
        "cut@-1",
        "cut@1:2",
        "stall@1",
        "stall@1:",
        "stall@1:1.2.3",
        "stall@1:100000",
        "CUT@1",
        "429:a",
    ],
)
def test_what_is_no_fault_is_refused_by_its_field(text: Any) -> None:
    with pytest.raises(BadOption) as caught:
        read_options({"playground": {"faults": [text or None]}}, {})
    assert caught.value.field == "playground.faults"


def test_fields_win_over_headers_and_these_over_the_server() -> None:
    server = with_faults(with_options(AS_RECORDED, {"speed": "4", "loop": "2"}), ["crlf"])
    headers = {"x-playground-speed": "2", "x-playground-seek": "1.5", "x-playground-fault": "cut@1; stall@0:1,no-end"}
    assert read_options({}, {}, server) == server
    found = read_options({}, headers, server)
    faults = (Fault("cut", 1), Fault("stall", 0, 1.0), Fault("no-end"))
    assert found == MockOptions(2.0, Seek(1_500_000), 2, faults)
    found = read_options({"playground": {"speed": 0.5, "seek": "#7", "loop": True, "faults": "429"}}, headers, server)
    assert found == MockOptions(0.5, Seek(chunk=7), 10_000, (), (Refusal(429),))


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"speed": -1}, "speed"),
        ({"speed": "fast"}, "speed"),
        ({"speed": 0.001}, "speed"),
        ({"speed": True}, "speed"),
        ({"speed": float("nan")}, "speed"),
        ({"speed": 10**400}, "speed"),
        ({"seek": "#x"}, "seek"),
        ({"seek": -1}, "seek"),
        ({"seek": {}}, "seek"),
        ({"loop": 0}, "loop"),
        ({"loop": 1.5}, "loop"),
        ({"loop": 10_001}, "loop"),
        ({"faults": {"cut": 1}}, "faults"),
        ({"faults": ["crlf"] * 33}, "faults"),
        ({"pace": 2}, "pace"),
    ],
)
def test_a_wrong_value_is_refused_by_its_field(fields: dict[str, Any], field: str) -> None:
    with pytest.raises(BadOption) as caught:
        read_options({"playground": fields}, {})
    assert caught.value.field == f"playground.{field}"
    assert caught.value.message.endswith(".")


def test_a_wrong_header_is_refused_by_its_name() -> None:
    with pytest.raises(BadOption) as caught:
        read_options({}, {"x-playground-speed": "fast"})
    assert caught.value.field == "x-playground-speed"
    with pytest.raises(BadOption) as caught:
        read_options({"playground": "fast"}, {})
    assert caught.value.field == "playground"


@given(st.text(max_size=30))
def test_any_text_is_a_fault_or_refused(text: str) -> None:
    with contextlib.suppress(BadOption):
        assert isinstance(parse_fault(text), Fault | Refusal)


def test_the_first_attempts_are_refused_and_then_again() -> None:
    attempts, refusals = Attempts(), [Refusal(503, None, 1), Refusal(429, 3, 2)]
    asked = [attempts.refusal(refusals, "run", "me") for _ in range(5)]
    assert asked == [Refusal(503, None, 1), Refusal(429, 3, 2), None, Refusal(503, None, 1), Refusal(429, 3, 2)]
    assert attempts.refusal(refusals, "run", "you") == Refusal(503, None, 1)
    assert attempts.refusal([*refusals, Refusal(500)], "run", "you") == Refusal(500)
    assert attempts.refusal([], "run", "you") is None
