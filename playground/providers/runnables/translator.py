"""LangChain's events (`astream_events`, version v2) as events of a recording.

The answer is what the root streams: the text of a chat model or LLM, the texts and messages of a chain. A graph (an
agent) streams the changes of its state; its answer is what its models stream, except those that work inside a tool,
with an empty line between the texts of two calls. What did not stream is one chunk. Every run of a Runnable, the root
too, is a step.
"""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from playground.providers.redaction import hide
from playground.providers.runnables.pieces import Calls, add_usage, finish_reason_of, pieces, usage_of, whole
from playground.providers.runnables.plain import cut, plain
from playground.recording.events import CHUNK, NOTICE, STEP_ENDED, STEP_STARTED, USAGE, EventData

MODELS: Final = frozenset({"chat_model", "llm"})
STEPS: Final = 2_000
"""Steps of a run that are kept; what came after is counted in a notice."""

_METADATA: Final = 4_000  # characters
_NAME: Final = 200
_TAGS: Final = 20
_ERROR: Final = 1_000


class Part(NamedTuple):
    kind: str
    data: EventData


@dataclass(slots=True)
class _Step:
    """`kept`: it is among the first `STEPS`. `streamed`: something came from it before its end."""

    name: str
    type: str
    tags: list[str]
    parents: list[str]
    in_tool: bool
    kept: bool
    has_input: bool
    streamed: bool = False


class Translator:
    """Reads the events of one run. `finish_reason` and `usage` are those of its models."""

    def __init__(self, *, is_graph: bool) -> None:
        self.finish_reason: str | None = None
        self.usage: dict[str, Any] | None = None
        self._is_graph = is_graph
        self._open: dict[str, _Step] = {}
        self._errors: dict[str, BaseException] = {}
        self._seen = 0
        self._calls: Calls = {}
        self._spoke = False
        self._texts_of = ""  # the step whose text came last
        self._noticed_whole = False

    def feed(self, event: Mapping[str, Any]) -> list[Part]:
        """`event` as `astream_events` yields it."""
        kind, run_id = str(event["event"]), str(event["run_id"])
        if kind == "on_custom_event":
            return [Part(NOTICE, self._custom(event))]
        moment = kind.rpartition("_")[2]
        if moment == "start":
            return self._start(event, run_id, kind.removeprefix("on_").removesuffix("_start"))
        step = self._open.get(run_id)
        if step is None:
            return []
        data = event.get("data") or {}
        if moment == "stream":
            return list(self._stream(step, run_id, data.get("chunk")))
        del self._open[run_id]
        if moment == "error":
            return self._end(step, run_id, data, error=data.get("error"))
        return [*self._output(step, run_id, data.get("output")), *self._end(step, run_id, data)]

    def failed(self, errors: Mapping[str, BaseException]) -> list[Part]:
        """Which runs raised what, which LangChain's events tell of tools only. They may be ahead of the events."""
        self._errors.update(errors)
        ended = [run_id for run_id in self._errors if run_id in self._open]
        return [
            part
            for run_id in ended
            for part in self._end(self._open.pop(run_id), run_id, {}, error=self._errors.pop(run_id))
        ]

    def close(self, *, is_complete: bool) -> list[Part]:
        """Nothing more comes. What is open in a run that broke off was stopped; LangChain does not say so of tools."""
        parts: list[Part] = []
        while self._open and not is_complete:
            run_id, step = self._open.popitem()
            parts += self._end(step, run_id, {}, error=asyncio.CancelledError())
        if self._seen > STEPS:
            message = f"Only the first {STEPS:,} of {self._seen:,} steps are kept."
            parts.append(Part(NOTICE, {"code": "too_many_steps", "message": message}))
        return parts

    def _start(self, event: Mapping[str, Any], run_id: str, kind: str) -> list[Part]:
        parents = [str(parent) for parent in event.get("parent_ids") or ()]
        around = self._open.get(parents[-1]) if parents else None
        data = event.get("data") or {}
        self._seen += 1
        self._open[run_id] = step = _Step(
            name=cut(event.get("name", ""), _NAME),
            type=kind,
            tags=[cut(tag, _NAME) for tag in event.get("tags") or ()][:_TAGS],
            parents=parents,
            in_tool=around is not None and (around.in_tool or around.type == "tool"),
            kept=self._seen <= STEPS,
            has_input="input" in data,
        )
        if not step.kept:
            return []
        metadata = plain(event.get("metadata") or {}, total=_METADATA)
        told = {**_told(step, run_id), "metadata": metadata}
        return [Part(STEP_STARTED, {**told, "input": plain(data["input"])} if step.has_input else told)]

    def _end(
        self, step: _Step, run_id: str, data: Mapping[str, Any], error: BaseException | str | None = None
    ) -> list[Part]:
        if not step.kept:
            return []
        told = _told(step, run_id)
        if not step.has_input and "input" in data:  # parsers learn theirs only while it streams
            told["input"] = plain(data["input"])
        if "output" in data:
            told["output"] = plain(data["output"])
        if error is not None:
            told["error"] = _error(error)
        return [Part(STEP_ENDED, told)]

    def _stream(self, step: _Step, run_id: str, chunk: object) -> Iterator[Part]:
        step.streamed = True
        if self._speaks(step):
            yield from self._say(run_id, pieces(chunk, run_id, self._calls))

    def _output(self, step: _Step, run_id: str, output: object) -> Iterator[Part]:
        """What the end of a step says beyond its chunks."""
        is_model, is_root = step.type in MODELS, not step.parents
        if is_model:
            if (usage := usage_of(output)) is not None:
                self.usage = add_usage(self.usage, usage)
                yield Part(USAGE, dict(self.usage))
            if not step.in_tool:
                self.finish_reason = finish_reason_of(output) or self.finish_reason
                if not step.streamed:
                    yield from self._notice_whole(step.name)
        if (self._speaks(step) and not step.streamed) or (is_root and not self._spoke):
            found = whole(output, run_id, self._calls)
            if found and not is_model:
                yield from self._notice_whole(step.name)
            yield from self._say(run_id, iter(found))

    def _speaks(self, step: _Step) -> bool:
        """Whether what a step streams is the answer."""
        if self._is_graph:
            return step.type in MODELS and not step.in_tool
        return not step.parents

    def _say(self, run_id: str, found: Iterator[dict[str, Any]]) -> Iterator[Part]:
        for piece in found:
            self._spoke = True
            if "text" in piece:
                if self._texts_of not in ("", run_id):
                    yield Part(CHUNK, "\n\n")
                self._texts_of = run_id
            yield Part(CHUNK, piece["text"] if piece.keys() == {"text"} else piece)

    def _notice_whole(self, name: str) -> Iterator[Part]:
        if not self._noticed_whole:
            self._noticed_whole = True
            message = f"{name} did not stream: its whole answer came as one chunk."
            yield Part(NOTICE, {"code": "one_chunk", "message": message})

    def _custom(self, event: Mapping[str, Any]) -> dict[str, Any]:
        name = cut(event.get("name", ""), _NAME)
        told = {"code": "custom_event", "message": name, "name": name, "data": plain(event.get("data"))}
        return {**told, "step": str(event["run_id"])}


def _told(step: _Step, run_id: str) -> dict[str, Any]:
    parent = step.parents[-1] if step.parents else None
    return {
        "step": run_id,
        "parent": parent,
        "parents": step.parents,
        "name": step.name,
        "type": step.type,
        "tags": step.tags,
    }


def _error(error: BaseException | str) -> dict[str, str]:
    if isinstance(error, BaseException):
        return {"type": type(error).__name__, "message": hide(cut(error, _ERROR), ())}
    return {"type": "", "message": hide(cut(error, _ERROR), ())}
