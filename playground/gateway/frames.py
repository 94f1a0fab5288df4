"""What a live run says, as server-sent events of OpenAI's API. Each encoder is a cursor into its run.

`EventFrames` puts the log's events into OpenAI's words. `TapeFrames` passes the upstream's own objects on, where the
run speaks the dialect that the client does, so that what neither side of us knows survives.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, Protocol

import orjson

from playground.gateway.calls import Call, Endpoint
from playground.interchange.openai_chunks import About, ChatChunks, CompletionChunks
from playground.providers import loosejson, refusals, runnables
from playground.providers.dialects import dialect
from playground.providers.dialects.base import common_reason
from playground.providers.dialects.body import is_keepalive
from playground.providers.sse import SSEDecoder, SSEEvent
from playground.recording.events import CHUNK, FIRST_BYTE, NOTICE, STEP_STARTED, Event, EventData
from playground.runs.live import LiveRun

END: Final = b"data: [DONE]\n\n"
KEEPALIVE: Final = b": keepalive\n\n"
_EVENTS_AT_ONCE: Final = 256  # so much may wait for a client that reads slowly, beside what waits in its connection
_BYTES_AT_ONCE: Final = 128 * 1024
_PREFIXES: Final = {Endpoint.CHAT: "chatcmpl-", Endpoint.COMPLETIONS: "cmpl-", Endpoint.RESPONSES: "resp_"}


class Frames(Protocol):
    """`take`: some of what has come since, `has_more` whether that is not all; `finish`: what else is to be said once
    the run has ended well and all was taken."""

    @property
    def has_more(self) -> bool: ...

    def take(self) -> bytes: ...

    def finish(self) -> bytes: ...


def about_of(call: Call, live: LiveRun, created: int) -> About:
    return About(f"{_PREFIXES[call.endpoint]}{live.run_id.hex}", call.model_id, created)


def frames_of(call: Call, live: LiveRun, created: int) -> Frames:
    """For the only run of a call, once its first chunk is there."""
    if live.tape is not None:
        if not _came_whole(live):
            return TapeFrames(live, live.tape, call.model_id, with_usage=call.with_usage)
        if call.endpoint is Endpoint.RESPONSES:
            return WholeResponse(call, live)
    about = about_of(call, live, created)
    kind = ChatChunks if call.endpoint is Endpoint.CHAT else CompletionChunks
    return EventFrames(live, kind(about, with_usage=call.with_usage), with_usage=call.with_usage)


class ChunksForClients:
    """The chunks that a client gets. An agent runs its tools itself: their calls are not the client's to answer."""

    def __init__(self) -> None:
        self._of_agent = False

    def of(self, events: Iterable[Event]) -> Iterator[EventData]:
        """What comes of the next `events` of the run."""
        for event in events:
            data = event.data
            if event.kind == STEP_STARTED and not isinstance(data, str):
                self._of_agent = self._of_agent or "langgraph_node" in (data.get("metadata") or {})
            elif event.kind == CHUNK and (isinstance(data, str) or not (self._of_agent and "tool_call" in data)):
                yield data


class EventFrames:
    def __init__(self, live: LiveRun, chunks: ChatChunks | CompletionChunks, *, with_usage: bool = False) -> None:
        self._live = live
        self._chunks = chunks
        self._with_usage = with_usage
        self._told = ChunksForClients()
        self._next = 0

    @property
    def has_more(self) -> bool:
        return self._next < len(self._live.events)

    def take(self) -> bytes:
        events = self._live.events[self._next : self._next + _EVENTS_AT_ONCE]
        self._next += len(events)
        chunk = self._chunks.chunk
        return b"".join(b"data: %b\n\n" % orjson.dumps(one) for data in self._told.of(events) for one in chunk(data))

    def finish(self) -> bytes:
        end = end_of(self._live)
        objects = self._chunks.end(reason_of(self._live))
        if self._with_usage and end.get("usage"):
            objects.append(self._chunks.usage(end["usage"]))
        return b"".join(b"data: %b\n\n" % orjson.dumps(one) for one in objects)


class TapeFrames:
    """`model_id` replaces the upstream's name of the model. What was taken from the tape is dropped from it.

    An error in the stream is not passed on: it ends the run, and is told once the run has ended.
    """

    def __init__(self, live: LiveRun, tape: bytearray, model_id: str, *, with_usage: bool) -> None:
        del tape[: _start_of_answer(live)]
        self._tape = tape
        self._model_id = model_id
        self._with_usage = with_usage
        self._decoder = SSEDecoder()
        self._over = False

    @property
    def has_more(self) -> bool:
        return bool(self._tape) and not self._over

    def take(self) -> bytes:
        raw = bytes(self._tape[:_BYTES_AT_ONCE])
        del self._tape[:_BYTES_AT_ONCE]
        return b"" if self._over or not raw else self._frames(self._decoder.feed(raw))

    def finish(self) -> bytes:
        return self.take() + self._frames(self._decoder.close())

    def _frames(self, items: list[Any]) -> bytes:
        frames = []
        for item in items:
            if type(item) is not SSEEvent or self._over:
                continue
            value = _value(item.data)
            if value is None:
                self._over = not is_keepalive(item.data)  # the end marker, or what ends the run: broken JSON
            elif item.event == "error" or value.get("type") == "error" or refusals.is_error(value):
                self._over = True
            elif self._is_wanted(value):
                name = b"" if item.event == "message" else b"event: %b\n" % item.event.encode()
                frames.append(b"%bdata: %b\n\n" % (name, orjson.dumps(self._named(value))))
        return b"".join(frames)

    def _is_wanted(self, value: Mapping[str, Any]) -> bool:
        """Not a chunk that only tells the usage, for which we ask on our own."""
        return self._with_usage or not value.get("usage") or value.get("choices") != []

    def _named(self, value: dict[str, Any]) -> dict[str, Any]:
        rename(value, self._model_id)
        if not self._with_usage and value.get("usage", 0) is None:
            del value["usage"]
        return value


class WholeResponse:
    """A response whose provider did not stream it: created, and completed."""

    def __init__(self, call: Call, live: LiveRun) -> None:
        self._call = call
        self._live = live

    @property
    def has_more(self) -> bool:
        return False

    def take(self) -> bytes:
        return b""

    def finish(self) -> bytes:
        whole = whole_of(self._call, self._live) or {}
        begun = {**whole, "status": "in_progress", "output": [], "usage": None}
        told = (("response.created", begun), ("response.completed", whole))
        return b"".join(
            b"event: %b\ndata: %b\n\n"
            % (kind.encode(), orjson.dumps({"type": kind, "sequence_number": number, "response": value}))
            for number, (kind, value) in enumerate(told)
        )


def rename(value: dict[str, Any], model_id: str) -> None:
    """Say our name of the model where the upstream says its own."""
    inner = value.get("response")
    for one in (value, inner):
        if isinstance(one, dict) and "model" in one:
            one["model"] = model_id


def end_of(live: LiveRun) -> Mapping[str, Any]:
    """The data of the event that ended a run."""
    data = live.events[-1].data
    assert not isinstance(data, str)  # noqa: S101  (for the type checker: only a chunk's is)
    return data


def reason_of(live: LiveRun) -> str | None:
    """Why an answer ended, in OpenAI's words."""
    name, reason = live.spec.resolved.dialect, end_of(live)["finish_reason"]
    return runnables.common_reason(reason) if name == runnables.DIALECT else common_reason(dialect(name), reason)


def whole_of(call: Call, live: LiveRun) -> dict[str, Any] | None:
    """The upstream's own whole answer, with our name of the model; None if it is not in the client's dialect."""
    if live.tape is None:
        return None
    raw = bytes(live.tape[_start_of_answer(live) :])
    value = _value(raw)
    if call.endpoint is Endpoint.RESPONSES:
        value = value or _last_response(raw)
    elif value is not None and "choices" not in value:
        return None
    if value is not None:
        rename(value, call.model_id)
    return value


def _last_response(raw: bytes) -> dict[str, Any]:
    """Of a provider that streams though it was not asked to: what it says last is the whole response."""
    values = (_value(item.data) for item in SSEDecoder().feed(raw) if type(item) is SSEEvent)
    return next((v["response"] for v in reversed(list(values)) if v and isinstance(v.get("response"), dict)), {})


def _start_of_answer(live: LiveRun) -> int:
    """Where in the run's bytes the answer of the last attempt begins."""
    return next((event.offset - 1 for event in reversed(live.events) if event.kind == FIRST_BYTE), 0)


def _came_whole(live: LiveRun) -> bool:
    """Whether the provider did not stream: see `ONE_CHUNK`."""
    return any(
        event.kind == NOTICE and not isinstance(event.data, str) and event.data.get("code") == "one_chunk"
        for event in live.events
    )


def _value(data: bytes) -> dict[str, Any] | None:
    """The object that `data` is, repaired where the recording was; None if it is none."""
    try:
        value, _ = loosejson.loads(data)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
