"""What the templates of a comparison show."""

from typing import Any

from playground.history.gaps import gap_labels
from playground.history.timeline_drawing import draw
from playground.history.timeline_words import PHASES, description
from playground.recording.units import duration
from playground.replay.comparison import Side, answers, asked, facts, long_gaps, numbers
from playground.replay.diff import Diff
from playground.replay.lcs import TooLarge
from playground.runs.models import Run


def comparison(run_a: Run, run_b: Run, *, by_chunk: bool = False) -> dict[str, Any]:
    """The context of `replay/_comparison.html`. Who asks must be allowed to see both."""
    a, b = Side.of("A", run_a), Side.of("B", run_b)
    known = facts(a, b)
    drawings = draw(a.timeline, beside=[b.timeline]), draw(b.timeline, beside=[a.timeline])
    phases = drawings[0].phases | drawings[1].phases
    return {
        "a": a,
        "b": b,
        "by_chunk": by_chunk,
        "diff": _diff(a, b, by_chunk=by_chunk),
        "numbers": numbers(a, b),
        "differing": [fact for fact in known if fact.differs],
        "same": [fact for fact in known if not fact.differs and fact.a],
        "asked": list(asked(a, b)),
        "both_asked": a.run.turn.prompt if a.run.turn.prompt == b.run.turn.prompt else "",
        "lanes": [
            {
                "side": side,
                "drawing": drawing,
                "description": description(side.timeline),
                "gaps": long_gaps(side),
                "stall_from": duration(side.timeline.stall_from),
            }
            for side, drawing in zip((a, b), drawings, strict=True)
        ],
        "legend": [(phase.value, label) for phase, label in PHASES.items() if phase in phases],
        "gap_labels": gap_labels(),
    }


def _diff(a: Side, b: Side, *, by_chunk: bool) -> Diff | None:
    """None: there are too many chunks."""
    try:
        return answers(a, b, by_chunk=by_chunk)
    except TooLarge:
        return None
