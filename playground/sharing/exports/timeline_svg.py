"""The timeline of a run as an SVG of its own, for documents and slides.

Colours are written out, since drawing programs know neither custom properties nor `light-dark()`; a browser also
takes the dark ones. Fonts are generic.
"""

from collections.abc import Iterator
from typing import Final

from django.template.loader import render_to_string

from playground.history.numbers import speed
from playground.history.timeline import Phase, build_timeline
from playground.history.timeline_drawing import draw
from playground.history.timeline_words import PHASES, description
from playground.runs.models import Run
from playground.runs.reader import RecordedLog

WIDTH: Final = 1200
_LEFT, _RIGHT, _TOP, _BOTTOM = 72, 24, 84, 52

_LIGHT: Final = {
    ".bg": "fill:#ffffff",
    "text": "fill:#1a1f2b",
    ".tl-tick,.tl-level,.tl-outcome,.note": "fill:#59606e",
    ".tl-grid": "stroke:#dfe3ea",
    ".tl-track": "fill:#f1f3f6",
    ".tl-bar--queued": "fill:#c9ccd3",
    ".tl-bar--loading": "fill:#c9b5e8",
    ".tl-bar--headers": "fill:#9fcbee",
    ".tl-bar--body": "fill:#6fb0e6",
    ".tl-bar--first": "fill:#4f8bea",
    ".tl-bar--stream": "fill:#86d3a0",
    ".tl-bar--retry": "fill:#ecd193",
    ".tl-hatch,.tl-bar--stall-key": "fill:#dc5a2a",
    ".tl-outcome--failed": "fill:#b3261e",
    ".tl-point": "fill:#ffffff;stroke:#1a1f2b",
    ".tl-point--failed": "fill:#b3261e",
    ".tl-first,.tl-first-label": "stroke:#1f5fd0",
    ".tl-first-label": "fill:#1f5fd0;stroke:none",
    ".tl-gap--0": "fill:#6bb5bd",
    ".tl-gap--1": "fill:#3fae82",
    ".tl-gap--2": "fill:#cdb023",
    ".tl-gap--3": "fill:#dd8a1c",
    ".tl-gap--4": "fill:#d5492a",
    ".tl-threshold": "stroke:#dc5a2a",
}
_DARK: Final = {
    ".bg": "fill:#14181f",
    "text": "fill:#e8ebf1",
    ".tl-tick,.tl-level,.tl-outcome,.note": "fill:#a6adba",
    ".tl-grid": "stroke:#2c323d",
    ".tl-track": "fill:#1d222b",
    ".tl-bar--queued": "fill:#4d535f",
    ".tl-bar--loading": "fill:#6b4f9b",
    ".tl-bar--headers": "fill:#2f6a97",
    ".tl-bar--body": "fill:#3f7fba",
    ".tl-bar--first": "fill:#5b8cf0",
    ".tl-bar--stream": "fill:#2f8257",
    ".tl-bar--retry": "fill:#7a6128",
    ".tl-outcome--failed": "fill:#ff8a80",
    ".tl-point": "fill:#14181f;stroke:#e8ebf1",
    ".tl-first": "stroke:#7aa8ff",
    ".tl-first-label": "fill:#7aa8ff",
}
_SHAPES: Final = """
text{font-family:system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans','PingFang SC','Microsoft YaHei',
'Noto Sans CJK SC',sans-serif;font-size:13px;font-variant-numeric:tabular-nums}
.title{font-size:20px;font-weight:600}.tl-name{font-weight:600}.tl-tick,.tl-level,.tl-label{font-size:11px}
svg{overflow:visible}.tl-first{stroke-dasharray:2 3}.tl-threshold{stroke-dasharray:4 4}.tl-point{stroke-width:1.5}
"""


def timeline_svg(run: Run, log: RecordedLog) -> str:
    """`log` as it is to be shown; `run` for its name and id."""
    timeline = build_timeline(log.events)
    drawing = draw(timeline)
    height = _TOP + drawing.height + _BOTTOM
    context = {
        "run": run,
        "drawing": drawing,
        "description": description(timeline),
        "numbers": " · ".join(f"{number.label} {number.value}" for number in speed(log.metrics())),
        "legend": list(_legend(drawing.phases)),
        "width": WIDTH,
        "height": height,
        "left": _LEFT,
        "top": _TOP,
        "inner": WIDTH - _LEFT - _RIGHT,
        "legend_y": height - 24,
        "style": _style(),
    }
    return render_to_string("sharing/export/timeline.svg", context)


def _legend(phases: frozenset[Phase]) -> Iterator[tuple[str, str, int]]:
    """Label, phase and place of each key, beside one another: no font is at hand to measure words with."""
    x = _LEFT
    for phase, label in PHASES.items():
        if phase in phases:
            yield str(label), phase.value, x
            x += 44 + sum(14 if ord(char) > 0x2E7F else 7 for char in str(label))


def _style() -> str:
    light = "".join(f"{selector}{{{rules}}}" for selector, rules in _LIGHT.items())
    dark = "".join(f"{selector}{{{rules}}}" for selector, rules in _DARK.items())
    return f"{_SHAPES}{light}@media (prefers-color-scheme:dark){{{dark}}}"
