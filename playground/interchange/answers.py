"""What a recorded run says on the whole: the answer of its last attempt, its first choice, and how it ended."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from playground.recording.events import CHUNK, RUN_ENDED, RUN_STARTED, Event


@dataclass(frozen=True, slots=True)
class Answer:
    """`tool_calls` are whole: `{id?, name?, arguments?}`, where `arguments` is a JSON text. `error`: code, message."""

    dialect: str
    status: str
    text: str
    reasoning: str
    tool_calls: Sequence[Mapping[str, Any]]
    finish_reason: str | None
    error: Mapping[str, str] | None
    usage: Mapping[str, Any] | None


def answer_of(events: Sequence[Event]) -> Answer:
    """`events` are all of a run's, its end included."""
    chunks = answer_chunks(events)
    started = next((e.data for e in events if e.kind == RUN_STARTED and not isinstance(e.data, str)), {})
    ended = next((e.data for e in events if e.kind == RUN_ENDED and not isinstance(e.data, str)), {})
    return Answer(
        started.get("dialect") or "",
        ended.get("status") or "",
        "".join(chunk.get("text") or "" for _event, chunk in chunks),
        "".join(chunk.get("reasoning") or "" for _event, chunk in chunks),
        _calls([chunk["tool_call"] for _event, chunk in chunks if chunk.get("tool_call")]),
        ended.get("finish_reason"),
        ended.get("error"),
        ended.get("usage"),
    )


def answer_chunks(events: Sequence[Event]) -> list[tuple[Event, dict[str, Any]]]:
    """The chunks of the answer, each with its data as an object."""
    chunks = [(event, chunk_data(event)) for event in events if event.kind == CHUNK]
    last = max((data.get("attempt", 1) for _event, data in chunks), default=1)
    return [(e, data) for e, data in chunks if not data.get("choice") and (data.get("attempt", 1)) == last]


def chunk_data(event: Event) -> dict[str, Any]:
    """A chunk's data without what is null; a tool call has an index."""
    if isinstance(event.data, str):
        return {"text": event.data}
    data = {name: value for name, value in event.data.items() if value is not None}
    if call := data.get("tool_call"):
        data["tool_call"] = {"index": 0, **{name: value for name, value in call.items() if value is not None}}
    return data


def _calls(pieces: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    calls: dict[Any, dict[str, Any]] = {}
    for piece in pieces:
        call = calls.setdefault(piece["index"], {})
        for name in ("id", "name"):
            if piece.get(name):
                call.setdefault(name, piece[name])
        call["arguments"] = call.get("arguments", "") + (piece.get("arguments") or "")
    return list(calls.values())
