"""A recorded answer in the words of OpenAI's API, whatever dialect it was recorded in: each chunk at its time."""

from dataclasses import replace
from typing import Any

import orjson

from playground.interchange.openai_answer import chat_completion, choices_of, text_completion
from playground.interchange.openai_chunks import About, ChatChunks, CompletionChunks
from playground.mock.dialects import OPENAI_CHAT, Asked, error_event
from playground.mock.tape import Attempt, Block, Body, Piece
from playground.providers.dialects import DIALECTS
from playground.providers.dialects.base import common_reason
from playground.providers.sse import SSEDecoder, SSEEvent
from playground.recording.events import CHUNK, KEEPALIVE

DONE = b"data: [DONE]\n\n"
_ENDED_WELL = ("completed", "filtered")
_LAST_EVENTS = ("response.completed", "response.incomplete", "response.failed")


def streamed(attempt: Attempt, asked: Asked, about: About) -> Body:
    writer = _Writer(attempt, asked, about)
    for event in attempt.events:
        if event.kind == CHUNK:
            writer.add_chunk(event.t, event.data)
        elif event.kind == KEEPALIVE:
            comment = "" if isinstance(event.data, str) else str(event.data.get("comment", ""))
            writer.add(event.t, b": " + " ".join(comment.split()).encode() + b"\n\n")
    writer.end()
    return Body(
        dialect=asked.dialect,
        pieces=writer.pieces,
        chunks=writer.chunks,
        marker=writer.marker,
        ends_at=attempt.ended_at if attempt.error else writer.last,
        is_cut=attempt.is_cut,
        is_streamed=True,
    )


def whole(attempt: Attempt, asked: Asked, about: About) -> Body:
    """All of it in one piece, when its last chunk came."""
    choices = choices_of(event.data for event in attempt.chunks)
    usage, reason = attempt.end.get("usage"), reason_of(attempt)
    if asked.dialect == OPENAI_CHAT:
        value = chat_completion(about, choices, reason, usage)
    else:
        value = text_completion(about, [(choices, reason)], usage)
    raw = orjson.dumps(value)
    t = attempt.chunks[-1].t if attempt.chunks else attempt.ended_at
    return Body(
        dialect=asked.dialect,
        pieces=[Piece(t, 0, raw)],
        chunks=[Block(0, len(raw))] * len(attempt.chunks),
        marker=len(raw),
        ends_at=t,
        is_cut=False,
        is_streamed=False,
    )


def whole_response(body: Body) -> Body | None:
    """Of a stream of OpenAI's Responses API, the response that its last event holds whole; None if it has none."""
    decoder = SSEDecoder()
    for item in reversed([*decoder.feed(body.raw), *decoder.close()]):
        if type(item) is not SSEEvent:
            continue
        try:
            value = orjson.loads(item.data)
        except orjson.JSONDecodeError:
            return None
        if not isinstance(value, dict) or value.get("type") not in _LAST_EVENTS:
            return None
        raw = orjson.dumps(value.get("response"))
        return replace(
            body,
            pieces=[Piece(body.ends_at, 0, raw)],
            chunks=[Block(0, len(raw))] * len(body.chunks),
            marker=len(raw),
            is_streamed=False,
        )
    return None


def reason_of(attempt: Attempt) -> str | None:
    """The finish reason in OpenAI's words."""
    reason = attempt.end.get("finish_reason")
    return common_reason(DIALECTS[attempt.dialect], reason) if attempt.dialect in DIALECTS else reason


class _Writer:
    def __init__(self, attempt: Attempt, asked: Asked, about: About) -> None:
        self.pieces: list[Piece] = []
        self.chunks: list[Block] = []
        self.marker = 0
        self.last = 0
        self._attempt = attempt
        self._with_usage = asked.with_usage
        encoder = ChatChunks if asked.dialect == OPENAI_CHAT else CompletionChunks
        self._encoder = encoder(about, with_usage=asked.with_usage)
        self._dialect = asked.dialect
        self._length = 0

    def add(self, t: int, raw: bytes) -> None:
        self.pieces.append(Piece(t, self._length, raw))
        self._length += len(raw)
        self.last = max(self.last, t)

    def add_chunk(self, t: int, data: Any) -> None:
        start = self._length
        for value in self._encoder.chunk(data):
            start = self._length
            self.add(t, _sse(value))
        self.chunks.append(Block(start, self._length))

    def end(self) -> None:
        """What follows the chunks: how the run ended, as the recording's client would have been told."""
        attempt = self._attempt
        if attempt.end.get("status") in _ENDED_WELL:
            t = max(self.last, attempt.chunks[-1].t if attempt.chunks else attempt.ended_at)
            for value in self._encoder.end(reason_of(attempt)):
                self.add(t, _sse(value))
            if self._with_usage and attempt.end.get("usage"):
                self.add(t, _sse(self._encoder.usage(attempt.end["usage"])))
            self.marker = self._length
            self.add(t, DONE)
            return
        self.marker = self._length
        error = attempt.error
        # An upstream that just stopped sending is just that; what it or we called an error is told as one.
        if error and not attempt.is_cut and error.get("code") != "no_end_marker":
            told = error_event(self._dialect, str(error.get("message", "")), code=str(error.get("code", "")))
            self.add(attempt.ended_at, told)


def _sse(value: Any) -> bytes:
    return b"data: " + orjson.dumps(value) + b"\n\n"
