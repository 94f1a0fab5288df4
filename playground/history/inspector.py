"""One event from its text to its bytes: what the inspector beside a run's views shows."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from playground.history.alignment import Alignment, chunk_at
from playground.history.answer import attempt_of
from playground.history.event_rows import as_json
from playground.history.origins import DumpRow, Origin, PlacedRead, dump, origin
from playground.history.tokens import Token, tokens
from playground.markdown import render_markdown
from playground.recording.events import CHUNK, Event, chunk_text
from playground.recording.units import duration, size

_CODE_POINTS: Final = 64
# Signs that the common fonts have.
_SHOWN: Final = {
    " ": "·",
    "\t": "→\t",
    "\n": "↵\n",
    "\r": "\\r",
    "\u00a0": "[NBSP]",
    "\u200b": "[ZWSP]",
    "\u200d": "[ZWJ]",
}


class CodePoint(NamedTuple):
    """For example `U+0041`, `LATIN CAPITAL LETTER A`, `A`."""

    code: str
    name: str
    shown: str


@dataclass(frozen=True, slots=True)
class Inspected:
    """`text` has its white space made visible. `before` and `after`: the seqs of the chunks around a chunk.

    `rendered`: the characters of the rendered answer that came from it, white space not counted.
    """

    event: Event
    json: str
    t: str
    token: Token | None
    gap: str
    text: str
    code_points: Sequence[CodePoint]
    more_code_points: int
    before: int | None
    after: int | None
    origin: Origin | None
    rows: Sequence[DumpRow]
    left_out: str
    read_size: str
    read_t: str
    rendered: tuple[int, int] | None


def inspect(events: Sequence[Event], reads: Sequence[PlacedRead], seq: int) -> Inspected:
    """`seq` is one of the events'."""
    event = events[seq]
    chunks = list(tokens(events))
    place = next((index for index, token in enumerate(chunks) if token.seq == seq), None)
    token = chunks[place] if place is not None else None
    text = token.text if token else ""
    found = origin(events, reads, seq)
    rows, left = dump(found.read, found.span) if found else ([], 0)
    return Inspected(
        event=event,
        json=as_json(event),
        t=duration(event.t),
        token=token,
        gap=duration(token.gap) if token and token.gap is not None else "",
        text=visible(text),
        code_points=[_code_point(character) for character in text[:_CODE_POINTS]],
        more_code_points=max(0, len(text) - _CODE_POINTS),
        before=chunks[place - 1].seq if place else None,
        after=chunks[place + 1].seq if place is not None and place + 1 < len(chunks) else None,
        origin=found,
        rows=rows,
        left_out=size(left) if left else "",
        read_size=size(len(found.read.raw)) if found else "",
        read_t=duration(found.read.t) if found else "",
        rendered=_rendered(events, event) if token else None,
    )


def chunk_of_rendered(events: Sequence[Event], place: int) -> int | None:
    """The seq of the chunk that holds the rendered answer's character `place`, white space not counted."""
    chunks = _answer_chunks(events)
    texts = [chunk_text(chunk) for chunk in chunks]
    source = "".join(texts)
    at = Alignment(render_markdown(source), source).source_at(place)
    index = chunk_at(texts, at) if at is not None else None
    return chunks[index].seq if index is not None else None


def visible(text: str) -> str:
    """White space and what does not show as signs that do."""
    return "".join(_SHOWN.get(c) or (c if c.isprintable() or unicodedata.combining(c) else _code(c)) for c in text)


def _rendered(events: Sequence[Event], event: Event) -> tuple[int, int] | None:
    chunks = _answer_chunks(events)
    if event not in chunks:
        return None
    texts = [chunk_text(chunk) for chunk in chunks]
    start = sum(len(text) for text in texts[: chunks.index(event)])
    source = "".join(texts)
    return Alignment(render_markdown(source), source).rendered(start, start + len(chunk_text(event)))


def _answer_chunks(events: Sequence[Event]) -> list[Event]:
    """Those of the last attempt's first choice."""
    chunks = [event for event in events if event.kind == CHUNK]
    last = max((attempt_of(event) for event in chunks), default=1)
    return [event for event in chunks if attempt_of(event) == last and chunk_text(event)]


def _code_point(character: str) -> CodePoint:
    return CodePoint(_code(character), unicodedata.name(character, ""), _SHOWN.get(character, character).strip())


def _code(character: str) -> str:
    return f"U+{ord(character):04X}"
