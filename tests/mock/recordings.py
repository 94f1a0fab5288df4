"""Recordings as the recorder makes them, from bytes and times that a test chooses."""

from collections.abc import Sequence
from typing import Any

import orjson

from playground.mock.answer import Recording
from playground.providers.dialects import DIALECTS
from playground.providers.request import GenerationRequest
from playground.recording.events import Event
from playground.recording.log import EventLog, Read

TEXTS = ("Hé", "llo", " wörld", " 🎉", "!")


class Clock:
    """In µs; what an EventLog takes is in ns."""

    def __init__(self) -> None:
        self.us = 0

    def __call__(self) -> int:
        return self.us * 1000


def sse(value: Any, event: str = "") -> bytes:
    return (f"event: {event}\n" if event else "").encode() + b"data: " + orjson.dumps(value) + b"\n\n"


def chat_object(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}


def chat_frames(texts: Sequence[str] = TEXTS) -> list[bytes]:
    """The role, one event a text, the finish reason, `[DONE]`."""
    return [
        sse(chat_object({"role": "assistant", "content": ""})),
        *(sse(chat_object({"content": text})) for text in texts),
        sse(chat_object({}, "stop")),
        b"data: [DONE]\n\n",
    ]


def recorded(
    pieces: Sequence[tuple[int, bytes]],
    dialect: str = "openai-chat",
    *,
    status: int = 200,
    content_type: str = "text/event-stream",
    headers: dict[str, str] | None = None,
    error: tuple[str, str] | None = None,
    ended: str = "completed",
    ended_at: int | None = None,
    before: Sequence[tuple[int, bytes]] = (),
    run_id: str = "019aa000-0000-7000-8000-000000000001",
) -> Recording:
    """A run that read `pieces`, (µs, bytes) each; `before` are those of a first attempt that failed with a 503."""
    clock = Clock()
    log = EventLog(clock=clock)
    log.emit("run.started", {"model": "there/m", "dialect": dialect, "request": {"messages_count": 1}})
    reads: list[Read] = []
    length, number = 0, 1
    if before:
        length = _attempt(log, clock, 1, 503, {"retry-after": "1"}, before, 0, None)
        log.emit("attempt.failed", {"attempt": 1, "code": "overloaded", "message": "busy", "retryable": True})
        log.emit("retry.scheduled", {"attempt": 2, "of": 3, "delay_ms": 1, "code": "overloaded"})
        number = 2
    parser = DIALECTS[dialect].parser(GenerationRequest(model="m", messages=())) if status == 200 else None
    fields = {"content-type": content_type, **(headers or {})}
    _attempt(log, clock, number, status, fields, pieces, length, parser)
    clock.us = ended_at if ended_at is not None else clock.us
    if error:
        log.emit("attempt.failed", {"attempt": number, "code": error[0], "message": error[1], "retryable": False})
    usage = getattr(parser, "usage", None)
    end = {
        "status": ended,
        "finish_reason": getattr(parser, "finish_reason", None),
        "error": {"code": error[0], "message": error[1]} if error else None,
        "attempts": number,
    }
    log.emit("run.ended", end if usage is None else {**end, "usage": dict(usage)})
    reads = list(log.reads)
    return Recording(run_id, "there/m", log.events, reads, 1_700_000_000)


def _attempt(
    log: EventLog,
    clock: Clock,
    number: int,
    status: int,
    headers: dict[str, str],
    pieces: Sequence[tuple[int, bytes]],
    start: int,
    parser: Any,
) -> int:
    log.emit("attempt.started", {"attempt": number, "method": "POST", "url": "http://there/v1/chat/completions"})
    clock.us = max(clock.us, pieces[0][0] if pieces else clock.us)
    log.emit("response.headers", {"attempt": number, "status": status, "headers": headers})
    length = start
    for t, raw in pieces:
        clock.us = t
        log.read(raw)
        if length == start:
            log.emit("first.byte", {"attempt": number}, offset=start + 1)
        length += len(raw)
        for kind, data, end in parser.feed(raw) if parser else ():
            log.emit(kind, _numbered(kind, data, number), offset=start + end)
    for kind, data, end in parser.close() if parser else ():
        log.emit(kind, _numbered(kind, data, number), offset=start + end)
    return length


def _numbered(kind: str, data: Any, number: int) -> Any:
    if number == 1 or kind != "chunk":
        return data
    return {**({"text": data} if isinstance(data, str) else data), "attempt": number}


def chat(texts: Sequence[str] = TEXTS, *, gap: int = 10_000, first: int = 200_000, **fields: Any) -> Recording:
    """A chat whose events came `gap` µs after each other, each in a read of its own."""
    return recorded([(first + number * gap, raw) for number, raw in enumerate(chat_frames(texts))], **fields)


def answer_events(recording: Recording) -> list[Event]:
    return [event for event in recording.events if event.kind == "chunk"]
