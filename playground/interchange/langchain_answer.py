"""Which of LangChain's events are the answer: the rule of the driver of Runnables, for what stands in a file.

See `providers.runnables.translator`: the answer is what the root streams; that of a graph what its models stream,
except those that work inside a tool, with an empty line between the texts of two calls. What did not stream is one
chunk. Where the root's events are not in the file, its models answer. In a file of our own, all that streams does.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from playground.interchange.langchain_event import LangChainEvent
from playground.interchange.langchain_messages import Piece, answer_in, is_message, piece_of
from playground.interchange.lines import object_of, text_of
from playground.providers.runnables.pieces import ANSWERS


class Saying(NamedTuple):
    """What an event adds to the answer. `is_whole`: it did not stream; `is_apart`: an empty line comes before it."""

    piece: Piece
    is_whole: bool = False
    is_apart: bool = False


class Answer:
    """Takes the events of a file one by one, in their order."""

    def __init__(self, events: Sequence[LangChainEvent]) -> None:
        first = events[0]
        self.root = first.run_id
        self._tools = {event.run_id for event in events if event.kind == "tool"}
        self._all_streams = first.is_own and any(event.moment == "stream" for event in events)
        inside = next((e for e in events if e.run_id != self.root and e.parents in ([], [self.root]) and e.kind), None)
        is_graph = inside is not None and any(
            event.is_of_graph and event.parents == inside.parents for event in events if event.run_id != self.root
        )
        has_no_root = bool(first.parents) or (first.is_model and inside is not None)
        self._by_models = is_graph or has_no_root
        self._streamed: set[str] = set()
        self._spoke = False
        self._texts_of = ""  # whose text came last

    def in_tool(self, event: LangChainEvent) -> bool:
        return not self._tools.isdisjoint(event.parents)

    def said(self, event: LangChainEvent) -> Saying | None:
        if event.moment == "stream":
            return self._stream(event)
        return self._end(event) if event.moment == "end" and not self._all_streams else None

    def _stream(self, event: LangChainEvent) -> Saying | None:
        if self._all_streams:
            return Saying(_chunk(event.data.get("chunk")))
        self._streamed.add(event.run_id)
        return self._saying(event, _chunk(event.data.get("chunk"))) if self._speaks(event) else None

    def _end(self, event: LangChainEvent) -> Saying | None:
        is_late = self._speaks(event) and event.run_id not in self._streamed
        if not is_late and (event.run_id != self.root or self._spoke):
            return None
        output = event.data.get("output")
        return self._saying(event, piece_of(output) if event.is_model else answer_in(output), is_whole=True)

    def _speaks(self, event: LangChainEvent) -> bool:
        if self._by_models:
            return event.is_model and not self.in_tool(event)
        return event.run_id == self.root

    def _saying(self, event: LangChainEvent, piece: Piece, *, is_whole: bool = False) -> Saying | None:
        if not (piece.text or piece.reasoning or piece.tool_calls):
            return None
        self._spoke = True
        is_apart = bool(piece.text) and self._texts_of not in ("", event.run_id)
        self._texts_of = event.run_id if piece.text else self._texts_of
        return Saying(piece, is_whole, is_apart)


def _chunk(chunk: Any) -> Piece:
    """Chains over documents stream objects with the answer under one of some names, graphs those of their state."""
    if isinstance(chunk, str) or is_message(chunk) or "text" in object_of(chunk):
        return piece_of(chunk)
    named = (object_of(chunk)[name] for name in ANSWERS if name in object_of(chunk))
    value = next(named, None)
    return piece_of(value) if is_message(value) else Piece(text_of(value))
