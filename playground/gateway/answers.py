"""The answer to a call: what its runs say, as a stream or whole, for as long as the client is there.

The runs are read like any viewer reads them: from their logs, by a cursor. Nothing is sent before the first chunk, so
that what an upstream refuses has its real status; only a client that waits long gets its 200 before, and comments.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import orjson

from playground.gateway import errors
from playground.gateway.calls import Call, Endpoint
from playground.gateway.errors import Failure
from playground.gateway.frames import (
    END,
    KEEPALIVE,
    ChunksForClients,
    EventFrames,
    Frames,
    about_of,
    end_of,
    frames_of,
    reason_of,
    whole_of,
)
from playground.interchange.openai_answer import chat_completion, choices_of, text_completion, total_usage
from playground.interchange.openai_chunks import CompletionChunks
from playground.recording.events import CHUNK
from playground.runs.live import LiveRun

KEEPALIVE_S: Final = 15.0


async def answer(call: Call, lives: Sequence[LiveRun], created: int) -> None:
    """Returns once all is said, or the client has gone."""
    reading = Reading(call, lives)
    async with reading.attached():
        if call.is_streamed:
            await _stream(call, reading, created)
        else:
            await _whole(call, reading, created)


class Reading:
    """The runs of a call, and waiting for what they have to say."""

    def __init__(self, call: Call, lives: Sequence[LiveRun]) -> None:
        self.lives = lives
        self._client = call.client
        self._awake = asyncio.Event()
        self._looked_at = [0] * len(lives)
        self._with_chunk = [False] * len(lives)
        self._loop = asyncio.get_running_loop()
        self._written_at = self._loop.time()
        self._timer: asyncio.TimerHandle | None = None

    @asynccontextmanager
    async def attached(self) -> AsyncIterator[None]:
        wake = self._awake.set
        for live in self.lives:
            live.attach(wake)
        self._client.on_gone = wake
        wake()
        self._tick()
        try:
            yield
        finally:
            for live in self.lives:
                live.detach(wake)
            if self._timer is not None:
                self._timer.cancel()

    @property
    def is_idle(self) -> bool:
        """Whether the client has been sent nothing for so long that something in between may close its connection."""
        return self._loop.time() - self._written_at >= KEEPALIVE_S

    @property
    def has_ended(self) -> bool:
        return all(live.is_final for live in self.lives)

    def failure(self) -> Failure | None:
        """Of the first run that ended without a complete answer."""
        for live in self.lives:
            if live.gone:
                return errors.gone()
            if live.is_final and (failure := errors.of_run(live.events)) is not None:
                return failure
        return None

    def has_chunk(self, number: int) -> bool:
        """Whether there is content of a run; each event is looked at once."""
        if not self._with_chunk[number]:
            new = self.lives[number].events[self._looked_at[number] :]
            self._looked_at[number] += len(new)
            self._with_chunk[number] = any(event.kind == CHUNK for event in new)
        return self._with_chunk[number]

    def has_content(self) -> bool:
        return any(self.has_chunk(number) for number in range(len(self.lives)))

    async def more(self) -> None:
        """Wait until there may be something new, or to say to a client that has long heard nothing."""
        await self._awake.wait()
        self._awake.clear()

    def written(self) -> None:
        self._written_at = self._loop.time()

    def _tick(self) -> None:
        """Wake whoever waits, once the client has been sent nothing for long. One timer a call, not one a token."""
        if self.is_idle:
            self._awake.set()
            self._timer = self._loop.call_later(KEEPALIVE_S, self._tick)
        else:
            self._timer = self._loop.call_at(self._written_at + KEEPALIVE_S, self._tick)


async def _stream(call: Call, reading: Reading, created: int) -> None:
    client = call.client
    while not (client.gone or reading.has_content() or reading.has_ended or reading.is_idle or reading.failure()):
        await reading.more()
    if client.gone:
        return
    failure = reading.failure()
    if failure is not None and not reading.has_content():
        await client.failure(failure)
        return
    await client.start_stream()
    telling = Telling(call, reading, created)
    while not client.gone:
        data = telling.take()
        if data or reading.is_idle:
            await client.write(data or KEEPALIVE)
            reading.written()
        if telling.is_over:
            await client.end()
            return
        if telling.has_more:
            await asyncio.sleep(0)  # a long backlog must not hold up the loop
        else:
            await reading.more()


class Telling:
    """A streamed answer: the frames of all its runs, and its end, or the error that it broke off with."""

    def __init__(self, call: Call, reading: Reading, created: int) -> None:
        self.is_over = False
        self.has_more = False
        self._call = call
        self._reading = reading
        self._created = created
        self._frames: list[Frames | None] = [None] * len(reading.lives)
        self._finished = [False] * len(reading.lives)

    def take(self) -> bytes:
        """What there is to say now, or some of it: see `has_more`."""
        pieces = []
        self.has_more = False
        for number, live in enumerate(self._reading.lives):
            ended_well = live.is_final and errors.of_run(live.events) is None
            if self._frames[number] is None and (ended_well or self._reading.has_chunk(number)):
                self._frames[number] = self._encoder(number, live)
            frames = self._frames[number]
            if frames is not None and not self._finished[number]:
                pieces.append(frames.take())
                if frames.has_more:
                    self.has_more = True
                elif ended_well:
                    self._finished[number] = True
                    pieces.append(frames.finish())
        failure = None if self.has_more else self._reading.failure()
        if failure is not None:
            self.is_over = True
            pieces.append(_error_frame(self._call.endpoint, failure))
        elif all(self._finished):
            self.is_over = True
            pieces.append(self._end())
        return b"".join(pieces)

    def _encoder(self, number: int, live: LiveRun) -> Frames:
        lives = self._reading.lives
        if len(lives) == 1:
            return frames_of(self._call, live, self._created)
        first = number * choices_a_prompt(self._call)
        return EventFrames(live, CompletionChunks(about_of(self._call, lives[0], self._created), first=first))

    def _end(self) -> bytes:
        lives = self._reading.lives
        if self._call.endpoint is Endpoint.RESPONSES:
            return b""
        usage = total_usage([end_of(live).get("usage") for live in lives]) if len(lives) > 1 else None
        if usage is None or not self._call.with_usage:
            return END
        told = CompletionChunks(about_of(self._call, lives[0], self._created)).usage(usage)
        return b"data: %b\n\n" % orjson.dumps(told) + END


def choices_a_prompt(call: Call) -> int:
    wanted = call.body.get("n")
    return wanted if type(wanted) is int and wanted > 1 else 1


async def _whole(call: Call, reading: Reading, created: int) -> None:
    client = call.client
    while not (client.gone or reading.has_ended or reading.failure()):
        await reading.more()
    if client.gone:
        return
    failure = reading.failure()
    if failure is not None:
        await client.failure(failure)
        return
    own = whole_of(call, reading.lives[0]) if len(reading.lives) == 1 else None
    await client.json(own if own is not None else _assembled(call, reading.lives, created))


def _assembled(call: Call, lives: Sequence[LiveRun], created: int) -> dict[str, Any]:
    about = about_of(call, lives[0], created)
    answers = [(choices_of(ChunksForClients().of(live.events)), reason_of(live)) for live in lives]
    usage = total_usage([end_of(live).get("usage") for live in lives])
    if call.endpoint is Endpoint.CHAT:
        (choices, reason) = answers[0]
        return chat_completion(about, choices, reason, usage)
    return text_completion(about, answers, usage)


def _error_frame(endpoint: Endpoint, failure: Failure) -> bytes:
    """An answer that has begun cannot change its status; this, and no [DONE], tell that it is not complete."""
    if endpoint is not Endpoint.RESPONSES:
        return b"data: %b\n\n" % orjson.dumps(failure.body())
    told = {"type": "error", "code": failure.code, "message": failure.message, "param": None}
    return b"event: error\ndata: %b\n\n" % orjson.dumps(told)
