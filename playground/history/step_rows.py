"""The steps of a run as rows beside its timeline: a bar each, and what went in and came out."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from playground.recording.steps import Step
from playground.recording.units import duration

ROWS: Final = 200
DEEPEST: Final = 8  # further indentation would leave no room
PREVIEW: Final = 2_000  # characters; the event has the rest
_STOPPED: Final = "CancelledError"
_LEAST: Final = 0.3  # percent: a narrower bar is not seen

TYPES: Final[Mapping[str, Promise]] = {
    "chain": gettext_lazy("chain"),
    "chat_model": gettext_lazy("chat model"),
    "llm": gettext_lazy("LLM"),
    "tool": gettext_lazy("tool"),
    "retriever": gettext_lazy("retriever"),
    "prompt": gettext_lazy("prompt"),
    "parser": gettext_lazy("parser"),
}


class Value(NamedTuple):
    """`cut`: there is more of it in the event."""

    name: str
    text: str
    cut: bool
    seq: int


class StepRow(NamedTuple):
    """`state` is ended, failed, stopped or open (nobody said that it ended). `x`, `width`: percentages of the run."""

    name: str
    type: str
    type_name: str
    tags: Sequence[str]
    depth: int
    state: str
    start: str
    length: str
    x: str
    width: str
    error: str
    values: Sequence[Value]
    first: int
    last: int | None


def step_rows(steps: Sequence[Step], end: int, start: int = 0) -> tuple[list[StepRow], int]:
    """The rows of the first steps, and how many more there are. The timeline is from `start` to `end`, in µs."""
    return [_row(step, start, end) for step in steps[:ROWS]], max(0, len(steps) - ROWS)


def said(error: Mapping[str, Any] | None) -> str:
    if not error:
        return ""
    kind, message = str(error.get("type") or ""), str(error.get("message") or "")
    if kind == _STOPPED:
        return _("stopped")
    return ": ".join(part for part in (kind, message) if part)


def _row(step: Step, start: int, end: int) -> StepRow:
    stop = end if step.end is None else step.end
    length = max(1, end - start)
    x = min(100 * max(0, step.start - start) / length, 100 - _LEAST)
    return StepRow(
        name=step.name,
        type=step.type,
        type_name=str(TYPES.get(step.type, step.type)),
        tags=step.tags,
        depth=min(step.depth, DEEPEST),
        state=_state(step),
        start=duration(step.start),
        length=duration(max(0, stop - step.start)),
        x=f"{x:.2f}%",
        width=f"{max(_LEAST, min(100 * (stop - max(start, step.start)) / length, 100 - x)):.2f}%",
        error=said(step.error),
        values=_values(step),
        first=step.first,
        last=step.last,
    )


def _state(step: Step) -> str:
    if step.end is None:
        return "open"
    if step.error:
        return "stopped" if step.error.get("type") == _STOPPED else "failed"
    return "ended"


def _values(step: Step) -> list[Value]:
    last = step.first if step.last is None else step.last
    given = [(_("Input"), step.input, step.first), (_("Output"), step.output, last)]
    given.append((_("Metadata"), step.metadata or None, step.first))
    return [_value(name, value, seq) for name, value, seq in given if value is not None]


def _value(name: str, value: Any, seq: int) -> Value:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2)
    return Value(name, text[:PREVIEW], len(text) > PREVIEW, seq)
