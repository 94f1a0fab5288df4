"""The events of LangChain's `astream_events`, v1 or v2, as lines of JSON, made into a recording.

The answer is what the models streamed; where none did, what the root streamed; where that did not either, the output
of a model or of the root, as one chunk. Where there is more than a model, every run is a step. Times are those of `ts`
at the start of the lines, or those that our own export put into the metadata.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import orjson

from playground.interchange.drafts import UNKNOWN_MODEL, Draft, Imported, openai_usage
from playground.interchange.errors import NotARecording
from playground.interchange.langchain_messages import Piece, messages_in, piece_of
from playground.interchange.langchain_out import TIME
from playground.interchange.lines import json_of, list_of, object_of, text_of
from playground.interchange.timing import timed_lines
from playground.providers.errors import NoEndMarker
from playground.providers.sink import ErrorInfo, Outcome
from playground.recording.events import CHUNK, NOTICE, STEP_ENDED, STEP_STARTED, USAGE
from playground.recording.session_file import RecordedRun, RecordedSession, RecordedTurn
from playground.recording.shapes import MOST, is_count
from playground.recording.status import RunStatus

FORMAT: Final = "langchain"
_MODELS: Final = ("chat_model", "llm")
_CUT: Final = "The events stop before the end of the run: the program that wrote them was stopped, or the run failed."


def read_langchain(raw: bytes, *, title: str = "") -> Imported:
    """Raises NotARecording: it names the line."""
    timed = timed_lines(raw)
    lines = timed if timed is not None else [(-1, line) for line in raw.split(b"\n")]
    events = [_Event(value, number, t) for number, t, value in _objects(lines)]
    if not events:
        raise NotARecording("The file holds no event.")
    told = _Told(events)
    return Imported(RecordedSession(title, [told.turn()]), FORMAT)


def is_langchain(value: object) -> bool:
    return isinstance(value, dict) and str(value.get("event", "")).startswith("on_") and "data" in value


def _objects(lines: Sequence[tuple[int, bytes]]) -> Iterator[tuple[int, int, Any]]:
    for number, (t, line) in enumerate(lines, 1):
        if line.strip():
            yield number, t, json_of(line, f"Line {number}")


class _Event:
    """One line. `moment` is start, stream, end or error, `kind` the type of what runs; "" and "" for a custom event."""

    def __init__(self, value: Any, number: int, t: int) -> None:
        if not is_langchain(value):
            raise NotARecording(f"Line {number} is no event of astream_events: it needs “event”, “run_id” and “data”.")
        self.value: Mapping[str, Any] = value
        self.data: Mapping[str, Any] = object_of(value["data"])  # that of a custom event is anything
        self.name = str(value.get("name") or "")
        self.run_id = str(value.get("run_id") or "")
        self.metadata: Mapping[str, Any] = object_of(value.get("metadata"))
        self.parents = [str(parent) for parent in list_of(value.get("parent_ids"))]
        kind, _mark, moment = str(value["event"]).removeprefix("on_").rpartition("_")
        known = moment in ("start", "stream", "end", "error")
        self.kind, self.moment = (kind, moment) if known else ("", "")
        own = self.metadata.get(TIME)
        self.t: int | None = t if t >= 0 else own if is_count(own, MOST) else None

    @property
    def is_model(self) -> bool:
        return self.kind in _MODELS

    @property
    def has_text(self) -> bool:
        """Whether its chunk is text or a message: a graph's are objects of its state."""
        chunk = self.data.get("chunk")
        return isinstance(chunk, str) or not {"content", "kwargs"}.isdisjoint(object_of(chunk))


class _Told:
    """What the events tell of the run."""

    def __init__(self, events: Sequence[_Event]) -> None:
        self._events = events
        self._root = events[0].run_id
        self._has_steps = any(event.run_id != self._root or not event.is_model for event in events)
        self._tools = {event.run_id for event in events if event.kind == "tool"}
        streams = [event for event in events if event.moment == "stream"]
        self._models_stream = any(self._answers(event) for event in streams)
        self._root_streams = any(event.run_id == self._root and event.has_text for event in streams)
        self._model_ends = any(self._answers(event) and event.moment == "end" for event in events)
        self._usage: dict[str, tuple[int | None, int | None]] = {}  # by the id of the model's run
        self._finish_reason: str | None = None
        self._calls = 0
        self._ended = False

    def turn(self) -> RecordedTurn:
        model = self._model()
        messages = messages_in(self._events[0].data.get("input"))
        prompt = next((m["content"] for m in reversed(messages) if m["role"] == "user"), "")
        system = "\n\n".join(m["content"] for m in messages if m["role"] == "system")
        draft = Draft(model, "langchain", messages_count=len(messages), parameters={})
        if all(event.t is None for event in self._events):
            draft.notice("no_times", "Imported from events without times: everything is at 0.")
        for event in self._events:
            self._add(draft, event)
        draft.end(self._outcome())
        return RecordedTurn(prompt, system, runs=[RecordedRun(0, model, messages, draft.events)])

    def _model(self) -> str:
        for event in self._events:
            if event.is_model and (name := text_of(event.metadata.get("ls_model_name"))):
                return name
        return self._events[0].name or UNKNOWN_MODEL

    def _add(self, draft: Draft, event: _Event) -> None:
        t = event.t or 0
        if not event.kind:
            told = {"code": "custom_event", "message": event.name, "name": event.name, "data": event.value["data"]}
            draft.emit(t, NOTICE, told)
            return
        if event.moment == "start" and self._has_steps:
            draft.emit(t, STEP_STARTED, self._step(event, input=event.data.get("input")))
        if self._is_answer(event):
            whole = event.moment == "end"
            if whole:
                draft.emit(t, NOTICE, {"code": "one_chunk", "message": "The answer came as one chunk."})
            self._chunk(draft, t, piece_of(event.data.get("output" if whole else "chunk")))
        if event.is_model:
            self._note(draft, event)
        if event.moment in ("end", "error"):
            if event.run_id == self._root:
                self._ended = event.moment == "end"
            if self._has_steps:
                told = {"output": event.data.get("output"), "error": _error(event)}
                draft.emit(t, STEP_ENDED, self._step(event, **told))

    def _answers(self, event: _Event) -> bool:
        """A model that a tool asked does not answer."""
        return event.is_model and not self._tools.intersection(event.parents)

    def _is_answer(self, event: _Event) -> bool:
        if self._models_stream:
            return self._answers(event) and event.moment == "stream"
        if self._root_streams:
            return event.run_id == self._root and event.moment == "stream" and event.has_text
        return event.moment == "end" and (self._answers(event) if self._model_ends else event.run_id == self._root)

    def _chunk(self, draft: Draft, t: int, piece: Piece) -> None:
        if piece.text and not piece.reasoning:
            draft.emit(t, CHUNK, piece.text)
        elif piece.reasoning:
            data = {"text": piece.text, "reasoning": piece.reasoning}
            draft.emit(t, CHUNK, {name: text for name, text in data.items() if text})
        for call in piece.tool_calls:
            draft.emit(t, CHUNK, {"tool_call": call})

    def _note(self, draft: Draft, event: _Event) -> None:
        piece = piece_of(event.data.get("chunk") or event.data.get("output"))
        self._finish_reason = piece.finish_reason or self._finish_reason
        if piece.usage is not None and self._usage.get(event.run_id) != piece.usage:
            self._usage[event.run_id] = piece.usage
            if usage := openai_usage(*piece.usage):
                draft.emit(event.t or 0, USAGE, usage)

    def _step(self, event: _Event, **told: Any) -> dict[str, Any]:
        parents = event.parents or ([] if event.run_id == self._root else [self._root])
        step = {
            "step": event.run_id,
            "parent": parents[-1] if parents else None,
            "parents": parents,
            "name": event.name,
            "type": event.kind,
            "tags": [str(tag) for tag in list_of(event.value.get("tags"))],
            "metadata": {name: value for name, value in event.metadata.items() if name != TIME},
        }
        return step | {name: value for name, value in told.items() if value is not None}

    def _outcome(self) -> Outcome:
        counts = list(self._usage.values())
        usage = openai_usage(_sum(given for given, _made in counts), _sum(made for _given, made in counts))
        if not self._ended:
            error = ErrorInfo(NoEndMarker.code, _CUT)
            return Outcome(RunStatus.TRUNCATED, self._finish_reason, error, usage, 1)
        ended = RunStatus.FILTERED if self._finish_reason == "content_filter" else RunStatus.COMPLETED
        return Outcome(ended, self._finish_reason, None, usage, 1)


def _error(event: _Event) -> dict[str, str] | None:
    if event.moment != "error":
        return None
    error = event.data.get("error")
    if not isinstance(error, dict):
        return {"type": "Error", "message": error if isinstance(error, str) else orjson.dumps(error).decode()}
    return {"type": text_of(error.get("type")) or "Error", "message": text_of(error.get("message"))}


def _sum(counts: Iterable[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if known else None
