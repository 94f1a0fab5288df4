"""The names of the simulated models."""

import pytest

from playground.providers.simulator.faults import FAULTS, PlacedFault
from playground.providers.simulator.grammar import EXAMPLES, HELP, Pause, Refusal, Script, UnknownModel, parse_model


@pytest.mark.parametrize(
    ("name", "script"),
    [
        ("sim", Script()),
        ("sim-n256-r50-d100", Script(tokens=256, rate=50, delay=0.1)),
        ("sim-d0-r0-n1", Script(tokens=1, rate=0, delay=0.0)),
        ("sim-zh-n5", Script(text="zh", tokens=5)),
        ("sim-mixed", Script(text="mixed")),
        ("sim-clock-n0", Script(text="clock", tokens=0)),
        ("sim-whole-en", Script(text="en", whole=True)),
        ("sim-e429x2", Script(refusal=Refusal(429, attempts=2, retry_after=1))),
        ("sim-e503x1a0", Script(refusal=Refusal(503, attempts=1, retry_after=0))),
        ("sim-p4000x40", Script(pause=Pause(4.0, after=40))),
        ("sim-p500", Script(pause=Pause(0.5, after=None))),
        ("sim-e401", Script(refusal=Refusal(401, attempts=None, retry_after=1))),
    ],
)
def test_a_name_is_a_script(name: str, script: Script) -> None:
    assert parse_model(name) == script


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_examples_are_names(name: str) -> None:
    parse_model(name)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("gpt-4o", "does not exist here"),
        ("", "does not exist here"),
        ("SIM", "does not exist here"),
        ("sim-", "unknown or repeated part ''"),
        ("sim-x9", "unknown or repeated part 'x9'"),
        ("sim-n5-n6", "unknown or repeated part 'n6'"),
        ("sim-en-zh", "unknown or repeated part 'zh'"),
        ("sim-n-5", "unknown or repeated part 'n'"),
        ("sim-n٣", "unknown or repeated part"),
        ("sim-n1000001", "n must be from 0 to 1000000"),
        ("sim-r" + "9" * 5000, "r must be from 0 to 100000"),
        ("sim-e200", "e must be from 400 to 599"),
        ("sim-e429x0", "x must be from 1 to 1000"),
        ("sim-fault", "unknown or repeated part 'fault'"),
        ("sim-fault-earthquake", "there is no fault earthquake"),
        ("sim-fault-eof-fault-cut", "unknown or repeated part 'fault-cut'"),
        ("sim-fault-bomx3", "the fault bom takes no xN"),
        ("sim-fault-eofx9999999", "x must be from 0 to 1000000"),
        ("sim-bytes0", "bytes must be from 1 to 1000000"),
    ],
)
def test_any_other_name_is_answered_with_what_is_wrong_in_it(name: str, reason: str) -> None:
    with pytest.raises(UnknownModel) as caught:
        parse_model(name)
    message = str(caught.value)
    assert reason in message
    assert "docs/connections.md" in message
    assert len(message) < 300


def test_a_pause_delays_what_follows_it() -> None:
    script = parse_model("sim-n10-r10-d100-p2000x4")
    assert [round(script.due(index), 3) for index in (0, 3, 4, 9)] == [0.1, 0.4, 2.5, 3.0]
    half = parse_model("sim-n10-r10-d0-p2000")
    assert [round(half.due(index), 3) for index in (4, 5)] == [0.4, 2.5]


@pytest.mark.parametrize(
    ("name", "fault", "at", "size"),
    [
        ("sim-n32-r50-fault-eof", "eof", None, 0),
        ("sim-fault-cutx0-n4", "cut", 0, 0),
        ("sim-bytes1-fault-stallx12", "stall", 12, 1),
        ("sim-fault-crlf-bytes16", "crlf", None, 16),
    ],
)
def test_a_fault_and_the_size_of_writes(name: str, fault: str, at: int | None, size: int) -> None:
    script = parse_model(name)
    assert script.fault == PlacedFault(FAULTS[fault], at)
    assert script.bytes == size


@pytest.mark.parametrize("name", FAULTS)
def test_every_fault_can_be_named(name: str) -> None:
    assert parse_model(f"sim-fault-{name}").fault == PlacedFault(FAULTS[name], None)
    assert name in HELP
