"""Two runs side by side, as somebody without an account sees them."""

from typing import Any

from playground.replay.comparison import Side, answers, numbers
from playground.replay.diff import Diff
from playground.replay.lcs import TooLarge
from playground.runs.models import Run
from playground.sharing.contents import Contents
from playground.sharing.page import SharedTurn
from playground.sharing.public import public_log, public_run, public_turn, redactions_of


def shared_comparison(left: Run, right: Run, contents: Contents, *, by_chunk: bool = False) -> dict[str, Any]:
    """The context of `sharing/comparison.html`: the two with their turns, and how they differ."""
    redactions = redactions_of({left.turn_id, right.turn_id})
    runs = [public_run(run, contents, redactions) for run in (left, right)]
    turns = [public_turn(run.turn, contents, redactions) for run in (left, right)]
    a, b = (Side(letter, run, public_log(run, contents, redactions)) for letter, run in zip("AB", runs, strict=True))
    return {
        "sides": [SharedTurn(turn, [run]) for turn, run in zip(turns, runs, strict=True)],
        "both_asked": turns[0].prompt == turns[1].prompt,
        "numbers": numbers(a, b) if contents.timeline else (),
        "by_chunk": by_chunk,
        "diff": _difference(a, b, by_chunk=by_chunk),
    }


def _difference(a: Side, b: Side, *, by_chunk: bool) -> Diff | None:
    """None: there are too many chunks to compare each with each."""
    try:
        return answers(a, b, by_chunk=by_chunk)
    except TooLarge:
        return None
