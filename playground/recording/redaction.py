"""Hiding spans of what a model wrote: in a text, and in the events that it came in.

Spans are (start, end) in code points, `end` excluded. A hidden span reads `MASK` whatever its length was.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
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
    chunks = [event for event in events if event.kind == CHUNK]
    last = max(map(_attempt, chunks), default=1)
    changed: dict[int, EventData] = {}
    for part, spans in (("text", merged(hidden.answer)), ("reasoning", merged(hidden.reasoning))):
        if spans:
            changed.update(_changes(chunks, part, spans, last, changed))
            changed.update(_uncited(chunks, changed))

    def shown(event: Event) -> Event:
        data = changed.get(event.seq)
        return event if data is None else event._replace(data=data)

    return shown


def _changes(
    chunks: Iterable[Event], part: str, spans: Sequence[Span], last: int, before: Mapping[int, EventData]
) -> Iterator[tuple[int, EventData]]:
    """The data of the chunks that change, by seq. `before`: data that another part has changed already."""
    ends: dict[tuple[int, int], int] = {}
    for event in chunks:
        stream = (_attempt(event), _choice(event))
        data = before.get(event.seq, event.data)
        text = data if isinstance(data, str) else data.get(part) or ""
        if part != "text" and isinstance(data, str):
            continue
        start = ends.get(stream, 0)
        ends[stream] = end = start + len(text)
        whole = stream != (last, 0)
        if whole or any(a < end and start < b for a, b in spans) or (start == end and _inside(start, spans)):
            left = (MASK if start == 0 and text else "") if whole else _part(text, start, spans)
            yield event.seq, _with(data, part, left)


def _uncited(chunks: Iterable[Event], before: Mapping[int, EventData]) -> Iterator[tuple[int, EventData]]:
    for event in chunks:
        data = before.get(event.seq, event.data)
        if not isinstance(data, str) and "citations" in data:
            yield event.seq, {name: value for name, value in data.items() if name != "citations"}


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
