"""Turns a run into chunks: the driver's events, as an async generator."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from functools import cache, partial
from typing import Any

from playground.providers.chunk import Chunk
from playground.providers.endpoint import Endpoint
from playground.providers.errors import ProviderError
from playground.providers.http import UpstreamClient
from playground.providers.request import GenerationRequest
from playground.providers.sink import Outcome
from playground.providers.stream import stream_run
from playground.recording.events import ATTEMPT_STARTED, CHUNK, NOTICE, EventData


class _Inbox:
    """A sink that is read by one generator. What the reader is slow to take waits here: at most one answer."""

    def __init__(self) -> None:
        self._one_chunk = False
        self._waiting: deque[Mapping[str, Any]] = deque()
        self._changed = asyncio.Event()

    def read(self, raw: bytes) -> None:
        pass

    def emit(self, kind: str, data: EventData, *, offset: int = -1) -> None:
        if kind == CHUNK:
            details = {"text": data} if isinstance(data, str) else data
            if not details.get("choice"):
                self._waiting.append({**details, "one_chunk": True} if self._one_chunk else details)
                self._changed.set()
        elif kind == NOTICE and not isinstance(data, str) and data.get("code") == "one_chunk":
            self._one_chunk = True
        elif kind == ATTEMPT_STARTED:
            self._one_chunk = False

    def wake(self, _: object = None) -> None:
        self._changed.set()

    async def wait(self) -> None:
        await self._changed.wait()
        self._changed.clear()

    def take(self) -> Iterator[Mapping[str, Any]]:
        while self._waiting:
            yield self._waiting.popleft()


async def stream_chunks(
    endpoint: Endpoint, request: GenerationRequest, http: UpstreamClient, run_id: str
) -> AsyncGenerator[Chunk, None]:
    """The chunks of one run; raises the ProviderError it ended with after the chunks that came before it.

    The first and the last are empty, as LangChain's chat models have them: the answer begins; it has ended, and why.
    A provider that does not stream gives one chunk, with everything on it. Closing the generator closes the upstream's
    socket.
    """
    make = partial(Chunk, chunk_id=f"run--{run_id}", model=request.model)
    whole: list[Chunk] = []
    begun = False
    async with _running(endpoint, request, http) as (inbox, run):
        while not run.done():
            await inbox.wait()
            for details in inbox.take():
                chunk = make(details.get("text") or "", details)
                if chunk.one_chunk or not request.stream:
                    whole.append(chunk)
                    continue
                if not begun:
                    begun = True
                    yield make()
                yield chunk
        outcome = run.result()
    if outcome.error is not None:
        if whole:
            yield Chunk.total(whole)
        raise _errors_by_code().get(outcome.error.code, ProviderError)(outcome.error.message)
    ending = {"finish_reason": outcome.finish_reason, "usage": outcome.usage, "attempt": max(outcome.attempts, 1)}
    yield Chunk.total([*whole, make("", ending)])


@asynccontextmanager
async def _running(
    endpoint: Endpoint, request: GenerationRequest, http: UpstreamClient
) -> AsyncIterator[tuple[_Inbox, asyncio.Task[Outcome]]]:
    """Owns the run's task: it is cancelled and awaited when the context is left."""
    inbox = _Inbox()
    run = asyncio.create_task(stream_run(endpoint, request, inbox, http=http), name=f"stream {request.model}")
    run.add_done_callback(inbox.wake)
    try:
        yield inbox, run
    finally:
        run.cancel()
        await asyncio.wait([run])


@cache
def _errors_by_code() -> dict[str, type[ProviderError]]:
    found, todo = dict[str, type[ProviderError]](), [ProviderError]
    while todo:
        kind = todo.pop()
        found[kind.code] = kind
        todo.extend(kind.__subclasses__())
    return found
