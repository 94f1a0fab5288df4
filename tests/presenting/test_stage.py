"""The steps of a show, one after the other."""

from dataclasses import replace

import pytest

from playground.presenting.stage import (
    LONG_AGO,
    Lane,
    Stage,
    fall_back,
    go_to,
    is_due,
    perform,
    toggle,
    turn_after,
    turn_before,
    turn_mode,
    turn_theme,
)

TURNS = ["one", "two", "three"]
LIVE = Lane(0, "sim/a", "run-1", "live")
RECORDING = Lane(1, "sim/b", "run-2", "recording", started_at=5000)


def on(turn: str, *lanes: Lane) -> Stage:
    stage = go_to(Stage(), turn)
    return perform(stage, turn, lanes) if lanes else stage


def test_a_show_opens_before_the_first_prompt() -> None:
    assert Stage().turn == ""
    assert not is_due(Stage())
    assert turn_after(Stage(), TURNS) == "one"


def test_a_prompt_is_shown_first_and_its_answers_are_due_then() -> None:
    assert is_due(on("one"))
    assert not is_due(on("one", LIVE))


def test_steps_lead_from_turn_to_turn_and_stay_at_the_ends() -> None:
    assert [turn_after(on(turn), TURNS) for turn in TURNS] == ["two", "three", "three"]
    assert [turn_before(on(turn), TURNS) for turn in TURNS] == ["", "one", "two"]
    assert turn_before(Stage(), TURNS) == ""


def test_a_turn_that_was_deleted_leads_back_to_the_first() -> None:
    assert turn_after(on("gone"), TURNS) == "one"
    assert turn_before(on("gone"), TURNS) == ""
    assert turn_after(Stage(), []) == ""


def test_going_back_finds_what_was_shown_and_recordings_have_played() -> None:
    stage = go_to(on("one", LIVE, RECORDING), "two")
    assert stage.lanes == ()
    back = go_to(stage, "one")
    assert back.lanes == (LIVE, replace(RECORDING, started_at=LONG_AGO))


def test_the_audience_may_read_what_was_shown_and_nothing_else() -> None:
    stage = go_to(on("one", LIVE, RECORDING, Lane(2, "sim/c", failure="no_recording")), "two")
    assert stage.runs == {"run-1", "run-2"}


def test_an_answer_for_a_turn_that_is_left_is_not_shown() -> None:
    stage = go_to(on("one"), "two")
    assert perform(stage, "one", [LIVE]) == stage


def test_a_recording_takes_the_place_of_a_failed_answer() -> None:
    recording = Lane(0, "sim/a", "run-0", "fallback", started_at=7000, failure="refused")
    stage = fall_back(on("one", LIVE, RECORDING), "one", "run-1", recording)
    assert stage.lanes == (recording, RECORDING)


def test_it_does_so_for_a_turn_that_is_left_but_not_for_an_answer_that_was_replaced() -> None:
    recording = Lane(0, "sim/a", "run-0", "fallback", failure="refused")
    left = fall_back(go_to(on("one", LIVE), "two"), "one", "run-1", recording)
    assert left.turn == "two"
    assert left.performances["one"] == (recording,)
    again = on("one", replace(LIVE, run="run-9"))
    assert fall_back(again, "one", "run-1", recording) == again


@pytest.mark.parametrize("flag", ["metrics", "blank", "qr"])
def test_flags_turn_on_and_off(flag: str) -> None:
    stage = toggle(on("one", LIVE), flag)  # type: ignore[arg-type]
    assert getattr(stage, flag)
    assert stage.lanes == (LIVE,)
    assert not getattr(toggle(stage, flag), flag)  # type: ignore[arg-type]


def test_whoever_moves_on_is_seen_and_numbers_stay_revealed() -> None:
    stage = toggle(toggle(toggle(on("one"), "blank"), "qr"), "metrics")
    moved = go_to(stage, "two")
    assert (moved.blank, moved.qr, moved.metrics) == (False, False, True)
    performed = perform(toggle(moved, "blank"), "two", [LIVE])
    assert not performed.blank


def test_theme_and_mode_go_round() -> None:
    themes, stage = [], Stage()
    for _ in range(4):
        themes.append(stage.theme)
        stage = turn_theme(stage)
    assert themes == ["auto", "dark", "light", "auto"]
    assert turn_mode(Stage()).mode == "live"
    assert turn_mode(turn_mode(Stage())).mode == "replay"


def test_every_step_has_a_newer_version() -> None:
    stage = on("one", LIVE)
    later = [
        go_to(stage, "two"),
        perform(stage, "one", [RECORDING]),
        toggle(stage, "blank"),
        turn_theme(stage),
        turn_mode(stage),
        fall_back(stage, "one", "run-1", RECORDING),
    ]
    assert all(step.version == stage.version + 1 for step in later)


def test_it_is_kept_as_json() -> None:
    stage = toggle(on("one", LIVE, RECORDING), "metrics")
    assert Stage.from_json(stage.as_json()) == stage
