"""How the time between two chunks is shown: its step on the scale of tints, and its words."""

from bisect import bisect_right
from typing import Final

# In µs. Step 0 is below the first, step 4 from the last on. The live view uses the same steps (static/js, token tints).
STEPS: Final = (20_000, 60_000, 200_000, 1_000_000)
# Probabilities. Step 0 is "sure", step 4 "hardly".
PROBABILITIES: Final = (0.9, 0.5, 0.2, 0.05)

_SECOND: Final = 1_000_000
_MINUTE: Final = 60 * _SECOND


def gap_step(gap: int) -> int:
    """0–4 for a gap in µs."""
    return bisect_right(STEPS, gap)


def probability_step(probability: float) -> int:
    """0–4 for a probability in 0–1."""
    return next((step for step, least in enumerate(PROBABILITIES) if probability >= least), len(PROBABILITIES))


def duration(us: int) -> str:
    """A duration in µs in three significant figures: "0.84 ms", "212 ms", "1.23 s", "2 min 05 s"."""
    if us < 0:
        return f"−{duration(-us)}"
    if us >= _MINUTE:
        minutes, rest = divmod(round(us / _SECOND), 60)
        return f"{minutes} min {rest:02} s"
    if us >= 999_500:
        return f"{_three_figures(us / _SECOND)} s"
    return f"{_three_figures(us / 1000)} ms"


def _three_figures(value: float) -> str:
    if value == 0:
        return "0"
    decimals = 0 if value >= 99.95 else 1 if value >= 9.995 else 2
    text = f"{value:.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def size(count: int) -> str:
    """A number of bytes: "512 B", "1.5 KiB", "3.2 MiB"."""
    if count < 1024:
        return f"{count} B"
    if count < 1024 * 1024:
        return f"{_three_figures(count / 1024)} KiB"
    return f"{_three_figures(count / 1024 / 1024)} MiB"


def gap_labels() -> list[str]:
    """The words of steps 0–4: "< 20 ms", …, "≥ 1 s"."""
    return [*(f"< {duration(step)}" for step in STEPS), f"≥ {duration(STEPS[-1])}"]


def probability_labels() -> list[str]:
    """The words of steps 0–4: "≥ 90 %", …, "< 5 %"."""
    return [*(f"≥ {least:.0%}" for least in PROBABILITIES), f"< {PROBABILITIES[-1]:.0%}"]
