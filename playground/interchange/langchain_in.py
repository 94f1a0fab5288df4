"""The events of LangChain's `astream_events`, v1 or v2, as lines of JSON, made into a recording.

Which of them are the answer: see `langchain_answer`. Where there is more than a model, every run is a step. Times are
those of `ts` at the start of the lines, or those that our own export put into the metadata.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import orjson

from playground.interchange.drafts import UNKNOWN_MODEL, Draft, Imported, openai_usage, total
from playground.interchange.errors import NotARecording
from playground.interchange.langchain_answer import Answer, Saying
from playground.interchange.langchain_event import LangChainEvent
from playground.interchange.langchain_messages import Piece, messages_in, piece_of
from playground.interchange.langchain_out import END, MODEL, OWN
from playground.interchange.lines import json_of, list_of, object_of, text_of
from playground.interchange.timing import timed_lines
from playground.providers.errors import NoEndMarker, RunnableFailed
from playground.providers.sink import ErrorInfo, Outcome
from playground.recording.events import CHUNK, NOTICE, STEP_ENDED, STEP_STARTED, USAGE
from playground.recording.session_file import RecordedRun, RecordedSession, RecordedTurn
from playground.recording.status import FINAL, RunStatus

FORMAT: Final = "langchain"
_CUT: Final = "The events stop before the end of the run: the program that wrote them was stopped, or the run failed."


def read_langchain(raw: bytes, *, title: str = "") -> Imported:
    """Raises NotARecording: it names the line."""
    timed = timed_lines(raw)
    lines = timed if timed is not None else [(-1, line) for line in raw.split(b"\n")]
    events = [LangChainEvent(value, number, t) for number, t, value in _objects(lines)]
    if not events:
        raise NotARecording("The file holds no event.")
    told = _Told(events)
    return Imported(RecordedSession(title, [told.turn()]), FORMAT)


def _objects(lines: Sequence[tuple[int, bytes]]) -> Iterator[tuple[int, int, Any]]:
    for number, (t, line) in enumerate(lines, 1):
        if line.strip():
            yield number, t, json_of(line, f"Line {number}")


class _Told:
    """What the events tell of the run."""

    def __init__(self, events: Sequence[LangChainEvent]) -> None:
        self._events = events
        self._answer = Answer(events)
        self._root = self._answer.root
        self._has_steps = any(event.run_id != self._root or not event.is_model for event in events)
        self._usage: dict[str, tuple[int | None, int | None]] = {}  # by the id of the model's run
        self._finish_reason: str | None = None
        self._ended = False
        self._error: dict[str, str] | None = None  # of the root, or with which the file ends

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
        if own := text_of(self._events[0].metadata.get(MODEL)):
            return own
        for event in self._events:
            if event.is_model and (name := text_of(event.metadata.get("ls_model_name"))):
                return name
        return self._events[0].name or UNKNOWN_MODEL

    def _add(self, draft: Draft, event: LangChainEvent) -> None:
        t = event.t or 0
        if not event.kind:
            told = {"code": "custom_event", "message": event.name, "name": event.name, "data": event.value["data"]}
            draft.emit(t, NOTICE, told)
            return
        if event.moment == "start" and self._has_steps:
            draft.emit(t, STEP_STARTED, self._step(event, input=event.data.get("input")))
        self._say(draft, t, self._answer.said(event))
        if event.is_model:
            self._note(draft, event)
        if event.moment in ("end", "error"):
            if event.run_id == self._root:
                self._ended = event.moment == "end"
            if event.run_id == self._root or event is self._events[-1]:
                self._error = _error(event)
            if self._has_steps:
                told = {"output": event.data.get("output"), "error": _error(event)}
                draft.emit(t, STEP_ENDED, self._step(event, **told))

    def _say(self, draft: Draft, t: int, saying: Saying | None) -> None:
        if saying is None:
            return
        if saying.is_whole:
            draft.emit(t, NOTICE, {"code": "one_chunk", "message": "The answer came as one chunk."})
        if saying.is_apart:
            draft.emit(t, CHUNK, "\n\n")
        self._chunk(draft, t, saying.piece)

    def _chunk(self, draft: Draft, t: int, piece: Piece) -> None:
        if piece.text and not piece.reasoning:
            draft.emit(t, CHUNK, piece.text)
        elif piece.reasoning:
            data = {"text": piece.text, "reasoning": piece.reasoning}
            draft.emit(t, CHUNK, {name: text for name, text in data.items() if text})
        for call in piece.tool_calls:
            draft.emit(t, CHUNK, {"tool_call": call})

    def _note(self, draft: Draft, event: LangChainEvent) -> None:
        piece = piece_of(event.data.get("chunk") or event.data.get("output"))
        if not self._answer.in_tool(event):
            self._finish_reason = piece.finish_reason or self._finish_reason
        if piece.usage is not None and self._usage.get(event.run_id) != piece.usage:
            self._usage[event.run_id] = piece.usage
            if usage := openai_usage(*piece.usage):
                draft.emit(event.t or 0, USAGE, usage)

    def _step(self, event: LangChainEvent, **told: Any) -> dict[str, Any]:
        parents = event.parents or ([] if event.run_id == self._root else [self._root])
        step = {
            "step": event.run_id,
            "parent": parents[-1] if parents else None,
            "parents": parents,
            "name": event.name,
            "type": event.kind,
            "tags": [str(tag) for tag in list_of(event.value.get("tags"))],
            "metadata": {name: value for name, value in event.metadata.items() if name not in OWN},
        }
        return step | {name: value for name, value in told.items() if value is not None}

    def _outcome(self) -> Outcome:
        counts = list(self._usage.values())
        usage = openai_usage(total(given for given, _made in counts), total(made for _given, made in counts))
        if own := _own_end(self._events[-1]):
            status, why = own
            return Outcome(status, self._finish_reason, why, usage, 1)
        if self._error is not None:
            return self._failed(self._error, usage)
        if not self._ended:
            error = ErrorInfo(NoEndMarker.code, _CUT)
            return Outcome(RunStatus.TRUNCATED, self._finish_reason, error, usage, 1)
        ended = RunStatus.FILTERED if self._finish_reason == "content_filter" else RunStatus.COMPLETED
        return Outcome(ended, self._finish_reason, None, usage, 1)

    def _failed(self, error: Mapping[str, str], usage: Mapping[str, int] | None) -> Outcome:
        if error["type"] == "CancelledError":
            return Outcome(RunStatus.CANCELLED, self._finish_reason, None, usage, 1)
        said = ": ".join(filter(None, (error["type"], error["message"])))
        why = ErrorInfo(RunnableFailed.code, f"The Runnable raised {said}")
        return Outcome(RunStatus.FAILED, self._finish_reason, why, usage, 1)


def _own_end(last: LangChainEvent) -> tuple[RunStatus, ErrorInfo | None] | None:
    """What our own export says of how the run ended."""
    told = object_of(last.metadata.get(END))
    status, error = text_of(told.get("status")), object_of(told.get("error"))
    if status not in FINAL:
        return None
    why = ErrorInfo(text_of(error.get("code"))[:60] or "failed", text_of(error.get("message"))) if error else None
    return RunStatus(status), why


def _error(event: LangChainEvent) -> dict[str, str] | None:
    if event.moment != "error":
        return None
    error = event.data.get("error")
    if not isinstance(error, dict):
        return {"type": "Error", "message": error if isinstance(error, str) else orjson.dumps(error).decode()}
    return {"type": text_of(error.get("type")) or "Error", "message": text_of(error.get("message"))}
