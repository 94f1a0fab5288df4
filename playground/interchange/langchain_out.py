"""A recorded run as the events of LangChain's `astream_events`, v1 or v2: see `providers.langchain_events`.

A run without steps is a model alone. Of one with steps, the outermost is the root, and a chunk belongs to the model
whose step is open, or else to the root; where none is outermost, the run is a chain around them. Each event's metadata
has `playground_t`, its time in µs since the run began; that of the first has `playground_model`, the id of the model,
and that of the last `playground_end`, the run's status and error.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

import orjson

from playground.interchange.answers import answer_chunks
from playground.providers.chunk import Chunk
from playground.providers.langchain_events import EventMaker, Kind, Version, as_json, model_metadata
from playground.providers.request import Parameters
from playground.recording.events import NOTICE, RUN_ENDED, RUN_STARTED, STEP_ENDED, STEP_STARTED
from playground.recording.session_file import RecordedRun, RecordedTurn

TIME: Final = "playground_t"
MODEL: Final = "playground_model"
END: Final = "playground_end"
OWN: Final = frozenset({TIME, MODEL, END})
_MODELS: Final = ("chat_model", "llm")
_PARAMETERS: Final = ("temperature", "max_tokens", "stop")


def langchain_lines(turn: RecordedTurn, run: RecordedRun, run_id: str, version: Version) -> Iterator[bytes]:
    """The events as lines of JSON. Of the attempts only the last, of the choices only the first is told."""
    about: dict[str, Any] = {MODEL: run.model}
    waiting: tuple[int, dict[str, Any]] | None = None
    for found in _Run(turn, run, run_id, version).events():
        if waiting is not None:
            yield _line(*waiting, about)
            about = {}
        waiting = found
    if waiting is not None:
        yield _line(*waiting, about | _end_of(run))


def _line(t: int, event: dict[str, Any], about: Mapping[str, Any]) -> bytes:
    return _json({**event, "metadata": {**event["metadata"], TIME: t, **about}}) + b"\n"


def _end_of(run: RecordedRun) -> dict[str, Any]:
    data = run.events[-1].data
    return {} if isinstance(data, str) else {END: {"status": data.get("status"), "error": data.get("error")}}


def _json(event: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps(event)
    except orjson.JSONEncodeError:  # deeper than it writes
        return json.dumps(event).encode()


class _Run:
    def __init__(self, turn: RecordedTurn, run: RecordedRun, run_id: str, version: Version) -> None:
        self._run = run
        self._version: Version = version
        self._id = run_id
        self._input = {"messages": [[dict(message) for message in run.messages]]}
        starts = [event.data for event in run.events if event.kind == STEP_STARTED]
        self._steps = {str(data.get("step")) for data in starts if not isinstance(data, str)}
        self._has_steps = bool(starts)
        tops = [data for data in starts if not isinstance(data, str) and not data.get("parents")]
        self._top: Mapping[str, Any] | None = tops[0] if tops else None
        started = run.events[0].data if run.events[0].kind == RUN_STARTED else {}
        dialect = "" if isinstance(started, str) else started.get("dialect") or ""
        self._kind: Kind = "llm" if dialect == "openai-completions" else "chat_model"
        name = run.model.partition("/")[2] or run.model
        given = {key: turn.parameters[key] for key in _PARAMETERS if key in turn.parameters}
        parameters = Parameters(**{**given, "stop": tuple(given.get("stop", ()))})
        about = model_metadata(self._kind, dialect or "playground", name, parameters)
        self._metadata = about if version == "v2" else {}
        self._name = name
        self._maker = EventMaker(version, self._kind, run_id, run.model, (), self._metadata)
        self._open: dict[str, Mapping[str, Any]] = {}  # steps by their id, in the order in which they began
        self._chunks: list[Chunk] = []

    def events(self) -> Iterator[tuple[int, dict[str, Any]]]:
        one_chunk = False
        answer = {event.seq: data for event, data in answer_chunks(self._run.events)}
        if self._top is None:
            yield 0, self._root("start", {"input": self._input})
        for event in self._run.events:
            data = event.data
            if event.seq in answer:
                yield from self._chunk(event.t, answer[event.seq], one_chunk=one_chunk)
            elif isinstance(data, str):
                continue
            elif event.kind == NOTICE and data.get("code") == "one_chunk":
                one_chunk = True
            elif event.kind == NOTICE and data.get("code") == "custom_event" and self._version == "v2":
                yield event.t, self._custom(data)
            elif event.kind == STEP_STARTED:
                self._open[str(data.get("step"))] = data
                yield event.t, self._step(data, "start", {"input": data.get("input")})
            elif event.kind == STEP_ENDED:
                yield event.t, self._ended(data)
            elif event.kind == RUN_ENDED:
                yield from self._end(event.t, data)

    def _chunk(self, t: int, data: Mapping[str, Any], *, one_chunk: bool) -> Iterator[tuple[int, dict[str, Any]]]:
        piece = self._piece(data.get("text", ""), {**data, "one_chunk": one_chunk})
        if not self._chunks and not one_chunk and not self._has_steps:
            yield from self._stream(t, self._piece("", {}))
        self._chunks.append(piece)
        yield from self._stream(t, piece)

    def _piece(self, text: str, details: Mapping[str, Any]) -> Chunk:
        return Chunk(text, details, chunk_id=f"run--{self._id}", model=self._name)

    def _stream(self, t: int, piece: Chunk) -> Iterator[tuple[int, dict[str, Any]]]:
        model = next((step for step in reversed(self._open.values()) if step.get("type") in _MODELS), None)
        if model is not None:
            chunk = piece.as_message() if model["type"] == "chat_model" else str(piece)
            yield t, self._step(model, "stream", {"chunk": chunk})
        elif self._top is not None:
            yield t, self._step(self._top, "stream", {"chunk": str(piece)})
        elif self._has_steps:
            yield t, self._root("stream", {"chunk": str(piece)})
        elif event := self._maker.stream(piece):
            yield t, dict(as_json(event))

    def _end(self, t: int, data: Mapping[str, Any]) -> Iterator[tuple[int, dict[str, Any]]]:
        """What was cut off has no end: in LangChain, the iterator raises."""
        if self._top is not None or data.get("error") or data.get("status") not in ("completed", "filtered"):
            return
        ending = {"finish_reason": data.get("finish_reason"), "usage": data.get("usage")}
        if self._has_steps:
            yield t, self._root("end", {"output": str(Chunk.total(self._chunks))})
            return
        last = self._piece("", ending)
        if not any(chunk.one_chunk for chunk in self._chunks):
            yield from self._stream(t, last)
        yield t, dict(as_json(self._maker.end(Chunk.total([*self._chunks, last]))))

    def _ended(self, data: Mapping[str, Any]) -> dict[str, Any]:
        begun = self._open.pop(str(data.get("step")), {})
        about = {**begun, **data}
        if data.get("error") is not None:
            return self._step(about, "error", {"error": data["error"], "input": begun.get("input")})
        return self._step(about, "end", {"output": data.get("output"), "input": begun.get("input")})

    def _custom(self, data: Mapping[str, Any]) -> dict[str, Any]:
        top = str(self._top.get("step")) if self._top is not None else self._id
        event = _event("custom", "event", top, str(data.get("name") or ""), {})
        return {**event, "data": data.get("data")}

    def _root(self, moment: str, data: dict[str, Any]) -> dict[str, Any]:
        if not self._has_steps and moment == "start":
            return {**as_json(self._maker.start(data["input"]))}
        return {**_event("chain", moment, self._id, self._run.model, data), "metadata": self._metadata}

    def _step(self, step: Mapping[str, Any], moment: str, data: dict[str, Any]) -> dict[str, Any]:
        event = _event(str(step.get("type") or "chain"), moment, str(step.get("step")), str(step.get("name")), data)
        event["tags"] = list(step.get("tags") or ())
        event["metadata"] = dict(step.get("metadata") or {})
        event["parent_ids"] = self._parents(step) if self._version == "v2" else []
        return event

    def _parents(self, step: Mapping[str, Any]) -> list[str]:
        """From the root to the step's own parent; where no step is the root, that has the id of the run."""
        parents = [str(parent) for parent in step.get("parents") or ([step["parent"]] if step.get("parent") else [])]
        return [*([self._id] if self._top is None else []), *(parent for parent in parents if parent in self._steps)]


def _event(kind: str, moment: str, run_id: str, name: str, data: dict[str, Any]) -> dict[str, Any]:
    told = {key: value for key, value in data.items() if value is not None}
    return {
        "event": f"on_{kind}_{moment}",
        "run_id": run_id,
        "name": name,
        "tags": [],
        "metadata": {},
        "data": told,
        "parent_ids": [],
    }
