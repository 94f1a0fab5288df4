"""What was going on at one moment of a run."""

from collections.abc import Sequence
from dataclasses import dataclass

from playground.recording.events import CHUNK, Event
from playground.recording.units import duration


@dataclass(frozen=True, slots=True)
class AtMoment:
    """`before` and `after` are the chunks around it, `waited` the time between them; `last` the event before it."""

    t: str
    before: Event | None
    after: Event | None
    last: Event | None
    waited: str


def at_moment(events: Sequence[Event], t: int) -> AtMoment:
    """`t` in µs since the run began; the events are the run's, or those of a part of it and the chunks around it."""
    chunks = [event for event in events if event.kind == CHUNK]
    before = next((event for event in reversed(chunks) if event.t <= t), None)
    after = next((event for event in chunks if event.t > t), None)
    last = next((event for event in reversed(events) if event.t <= t), None)
    waited = duration(after.t - before.t) if before and after else ""
    return AtMoment(duration(t), before, after, last, waited)


def cursor_at(t: int, start: int, end: int) -> str:
    """Where a line across a timeline from `start` to `end` stands: a percentage of its width."""
    return f"{100 * (min(max(t, start), end) - start) / max(end - start, 1):.2f}%"
