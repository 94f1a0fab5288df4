"""How the time between two chunks is shown: its step on the scale of tints, and its words."""

from bisect import bisect_right
from typing import Final

from playground.recording.units import duration

# In µs. Step 0 is below the first, step 4 from the last on. The live view uses the same steps (static/js, token tints).
STEPS: Final = (20_000, 60_000, 200_000, 1_000_000)
# Probabilities. Step 0 is "sure", step 4 "hardly".
PROBABILITIES: Final = (0.9, 0.5, 0.2, 0.05)


def gap_step(gap: int) -> int:
    """0–4 for a gap in µs."""
    return bisect_right(STEPS, gap)


def probability_step(probability: float) -> int:
    """0–4 for a probability in 0–1."""
    return next((step for step, least in enumerate(PROBABILITIES) if probability >= least), len(PROBABILITIES))


def gap_labels() -> list[str]:
    """The words of steps 0–4: "< 20 ms", …, "≥ 1 s"."""
    return [*(f"< {duration(step)}" for step in STEPS), f"≥ {duration(STEPS[-1])}"]


def probability_labels() -> list[str]:
    """The words of steps 0–4: "≥ 90 %", …, "< 5 %"."""
    return [*(f"≥ {least:.0%}" for least in PROBABILITIES), f"< {PROBABILITIES[-1]:.0%}"]
