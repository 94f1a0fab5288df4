"""How times and sizes are written: three significant figures and the unit. `static/js/lib/format.js` does the same."""

from typing import Final

_SECOND: Final = 1_000_000
_MINUTE: Final = 60 * _SECOND


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
