"""Hiding spans of what a model wrote: in a text, and in the events that it came in.

Spans are (start, end) in code points, `end` excluded. A hidden span reads `MASK` whatever its length was.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from playground.recording.events import CHUNK, Event, EventData

MASK: Final = "█████"


class Span(NamedTuple):
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Hidden:
    """What is hidden of one run. Spans count in the last attempt's first choice, as the run's `text` does."""

    answer: Sequence[Span] = ()
    reasoning: Sequence[Span] = ()


def merged(spans: Iterable[Span]) -> list[Span]:
    """The same code points as sorted spans that neither overlap nor touch; empty ones are left out."""
    out: list[Span] = []
    for start, end in sorted(spans):
        if start >= end:
            continue
        if out and start <= out[-1].end:
            out[-1] = Span(out[-1].start, max(end, out[-1].end))
        else:
            out.append(Span(start, end))
    return out


def redact_text(text: str, spans: Iterable[Span]) -> str:
    """`text` with each span as one `MASK`. Spans that touch count as one; what lies past the end hides nothing."""
    return _part(text, 0, merged(spans))


def redact_events(events: Sequence[Event], hidden: Hidden) -> Callable[[Event], Event]:
    """A function that shows each of a run's `events` without what is hidden: the same seq, time, kind and offset.

    A span reads `MASK` in the chunk where it begins, and nothing in the chunks where it goes on. Chunks that it touches
    lose their logprobs. Once anything of a part is hidden, its other choices and earlier attempts are hidden whole,
    since a span cannot name them, and citations, which may quote it, are left out. Tool calls and refusals stay as they
    are.
    """
    parts = [("text", merged(hidden.answer)), ("reasoning", merged(hidden.reasoning))]
    changed = dict(_changes(events, [part for part in parts if part[1]])) if any(spans for _, spans in parts) else {}

    def shown(event: Event) -> Event:
        data = changed.get(event.seq)
        return event if data is None else event._replace(data=data)

    return shown


def _changes(events: Sequence[Event], parts: Sequence[tuple[str, Sequence[Span]]]) -> Iterator[tuple[int, EventData]]:
    """The data of the chunks that change, by seq. The events are read twice, and none of them is kept."""
    last = max((_attempt(event) for event in events if event.kind == CHUNK), default=1)
    ends: dict[tuple[str, int, int], int] = {}
    for event in events:
        if event.kind != CHUNK:
            continue
        attempt, choice = _attempt(event), _choice(event)
        data = event.data
        for part, spans in parts:
            stream = (part, attempt, choice)
            start = ends.get(stream, 0)
            data, ends[stream] = _hide(data, part, spans, start, whole=(attempt, choice) != (last, 0))
        if not isinstance(data, str) and "citations" in data:
            data = {name: value for name, value in data.items() if name != "citations"}
        if data is not event.data:
            yield event.seq, data


def _hide(data: EventData, part: str, spans: Sequence[Span], start: int, *, whole: bool) -> tuple[EventData, int]:
    """The data of a chunk without what is hidden of a part of it, and where that part ends: it begins at `start`."""
    if isinstance(data, str) and part != "text":
        return data, start
    text = data if isinstance(data, str) else data.get(part) or ""
    end = start + len(text)
    if whole:
        return _with(data, part, MASK if start == 0 and text else ""), end
    if any(a < end and start < b for a, b in spans) or (start == end and _inside(start, spans)):
        return _with(data, part, _part(text, start, spans)), end
    return data, end


def _part(text: str, offset: int, spans: Iterable[Span]) -> str:
    """What is shown of `text`, whose first code point is `offset` of the whole. `spans` as `merged` makes them."""
    out: list[str] = []
    at, end = offset, offset + len(text)
    for span in spans:
        if span.end <= at or span.start >= end:
            continue
        if span.start >= at:
            out.append(text[at - offset : span.start - offset] + MASK)
        at = min(span.end, end)
    return "".join([*out, text[at - offset :]])


def _inside(at: int, spans: Iterable[Span]) -> bool:
    return any(start < at < end for start, end in spans)


def _with(data: EventData, part: str, text: str) -> EventData:
    if isinstance(data, str):
        return text
    kept: dict[str, Any] = {key: value for key, value in data.items() if key != "logprobs"}
    return {**kept, part: text} if part in data else kept


def _attempt(event: Event) -> int:
    return 1 if isinstance(event.data, str) else int(event.data.get("attempt", 1))


def _choice(event: Event) -> int:
    return 0 if isinstance(event.data, str) else int(event.data.get("choice", 0))
