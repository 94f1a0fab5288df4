"""One model, with the methods that LangChain's Runnables have.

    model = Model(dialect="openai-completions", base_url="http://127.0.0.1:9000/v1", model="sim-n64-r20-d100")
    for chunk in model.stream("Write me a 1 verse song about sparkling water."):
        print(chunk, end="|", flush=True)     # |Spark|ling| water|,| oh| so clear| … |delight||

The sync methods work in a script and inside a running event loop (which they block, as any sync call does).
"""

import asyncio
import weakref
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from types import TracebackType
from typing import Any, Self, TypeVar

from uuid_utils.compat import uuid7

from playground.providers.chunk import Chunk
from playground.providers.dialects import dialect as known_dialect
from playground.providers.endpoint import Endpoint, RetryPolicy, Timeouts
from playground.providers.errors import ProviderError
from playground.providers.feed import stream_chunks
from playground.providers.http import UpstreamClient
from playground.providers.inputs import Config, Input, messages_of, with_changes
from playground.providers.langchain_events import (
    VERSIONS,
    EventFilter,
    EventMaker,
    Kind,
    StreamEvent,
    Version,
    model_metadata,
)
from playground.providers.request import GenerationRequest, Parameters
from playground.providers.runnables import DIALECT as RUNNABLES
from playground.providers.sync import LoopThread

T = TypeVar("T")


class Model:
    """A model at an endpoint that speaks one of the dialects of `providers.dialects`.

    `base_url` includes its `/v1`. An `endpoint` can be given instead of it, `dialect`, `api_key` and how to reach them.
    Private and loopback addresses are allowed, unless such an endpoint forbids them: a script's author owns the machine
    that it runs on. The sampling parameters are those of `Parameters`: here for all calls, at a call for that one.
    `config` is LangChain's: `run_name`, `run_id`, `tags`, `metadata`, `max_concurrency`.

    A prompt is a string or a list of messages: `Message`, `("user", "text")` or `{"role": "user", "content": "text"}`.
    An answer is a `Chunk`, which is a `str`. All methods raise a `ProviderError` when the answer fails or is cut off,
    the streaming ones after they have yielded what did come. A request is sent again by the endpoint's retry policy,
    never after its first chunk.

    Connections are kept open by the sync methods until `close`, and by the async ones inside `async with model:`.
    """

    def __init__(
        self,
        *,
        model: str,
        dialect: str = "openai-chat",
        base_url: str = "https://api.openai.com/v1",
        api_key: str = "",
        headers: Mapping[str, str] | None = None,
        proxy: str = "",
        timeouts: Timeouts | None = None,
        retry: RetryPolicy | None = None,
        endpoint: Endpoint | None = None,
        name: str = "",
        **parameters: Any,
    ) -> None:
        """Raises UnknownDialect, and TypeError for what is no parameter of a model."""
        self.endpoint = endpoint or Endpoint(
            dialect,
            base_url,
            api_key=api_key,
            headers=headers or {},
            proxy=proxy,
            timeouts=timeouts or Timeouts(),
            retry=retry or RetryPolicy(),
            allow_private=True,
        )
        if self.endpoint.dialect != RUNNABLES:
            known_dialect(self.endpoint.dialect)
        self.model = model
        self.name = name or type(self).__name__
        self.parameters = with_changes(Parameters(), parameters)
        self._client: UpstreamClient | None = None
        self._client_loop: asyncio.AbstractEventLoop | None = None
        self._thread = LoopThread(f"model {model}", UpstreamClient)
        weakref.finalize(self, self._thread.close)

    def __repr__(self) -> str:
        return f"Model(dialect={self.endpoint.dialect!r}, base_url={self.endpoint.base_url!r}, model={self.model!r})"

    # --- async ---------------------------------------------------------------------------------------------------

    async def ainvoke(self, given: Input, config: Config | None = None, **parameters: Any) -> Chunk:
        """The whole answer, asked for in one piece."""
        del config  # what it says concerns events and batches
        async with self._http() as http:
            return await self._whole(http, given, parameters)

    async def astream(
        self, given: Input, config: Config | None = None, **parameters: Any
    ) -> AsyncGenerator[Chunk, None]:
        """The answer as it comes. First and last chunk are empty; a provider that cannot stream gives only one."""
        async with self._http() as http, aclosing(self._stream(http, given, config or {}, parameters)) as chunks:
            async for chunk in chunks:
                yield chunk

    async def abatch(
        self,
        inputs: Sequence[Input],
        config: Config | None = None,
        *,
        return_exceptions: bool = False,
        max_concurrency: int | None = None,
        **parameters: Any,
    ) -> list[Any]:
        """The whole answer to each of `inputs`, in their order; at most `max_concurrency` at a time.

        The first failure cancels the rest and is raised; with `return_exceptions` each stands in its answer's place.
        """
        async with self._http() as http:
            limit = max_concurrency or (config or {}).get("max_concurrency")
            return await self._batch(http, inputs, limit, parameters, return_exceptions=return_exceptions)

    async def astream_events(
        self,
        given: Input,
        config: Config | None = None,
        *,
        version: Version = "v2",
        include_names: Sequence[str] | None = None,
        include_types: Sequence[str] | None = None,
        include_tags: Sequence[str] | None = None,
        exclude_names: Sequence[str] | None = None,
        exclude_types: Sequence[str] | None = None,
        exclude_tags: Sequence[str] | None = None,
        **parameters: Any,
    ) -> AsyncGenerator[StreamEvent, None]:
        """The answer as LangChain's events (`langchain_events` has their shapes and what the filters mean)."""
        if version not in VERSIONS:
            raise NotImplementedError(f"The versions of events are v1 and v2, not {version!r}.")
        wanted = EventFilter(include_names, include_types, include_tags, exclude_names, exclude_types, exclude_tags)
        maker = self._event_maker(version, config or {}, parameters)
        shown = wanted.lets_in(maker.name, maker.kind, maker.tags)
        if shown:
            yield maker.start(given)
        chunks: list[Chunk] = []
        run_config: Config = {**(config or {}), "run_id": maker.run_id}
        async with aclosing(self.astream(given, run_config, **parameters)) as stream:
            async for chunk in stream:
                chunks.append(chunk)
                if shown and (event := maker.stream(chunk)) is not None:
                    yield event
        if shown:
            yield maker.end(Chunk.total(chunks))

    # --- sync ----------------------------------------------------------------------------------------------------

    def invoke(self, given: Input, config: Config | None = None, **parameters: Any) -> Chunk:
        """As `ainvoke`."""
        del config
        return self._thread.run(lambda http: self._whole(http, given, parameters))

    def stream(self, given: Input, config: Config | None = None, **parameters: Any) -> Iterator[Chunk]:
        """As `astream`. Closing the iterator, or leaving it to the garbage collector, closes the upstream's socket."""
        return self._thread.iterate(lambda http: self._stream(http, given, config or {}, parameters))

    def batch(
        self,
        inputs: Sequence[Input],
        config: Config | None = None,
        *,
        return_exceptions: bool = False,
        max_concurrency: int | None = None,
        **parameters: Any,
    ) -> list[Any]:
        """As `abatch`."""
        limit = max_concurrency or (config or {}).get("max_concurrency")
        return self._thread.run(
            lambda http: self._batch(http, inputs, limit, parameters, return_exceptions=return_exceptions)
        )

    def close(self) -> None:
        """End what the sync methods keep. Done by itself when the model is no longer used, and at exit."""
        self._thread.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        self._client = await UpstreamClient().__aenter__()
        self._client_loop = asyncio.get_running_loop()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        client, self._client = self._client, None
        if client is not None:
            await client.__aexit__(kind, exc, traceback)

    # --- what both are made of -----------------------------------------------------------------------------------

    @asynccontextmanager
    async def _http(self) -> AsyncIterator[UpstreamClient]:
        if self._client is not None and self._client_loop is asyncio.get_running_loop():
            yield self._client
        else:
            async with UpstreamClient() as client:
                yield client

    def _stream(
        self, http: UpstreamClient, given: Input, config: Config, parameters: Mapping[str, Any], *, stream: bool = True
    ) -> AsyncGenerator[Chunk, None]:
        changed = with_changes(self.parameters, parameters)
        request = GenerationRequest(self.model, messages_of(given), changed, stream=stream)
        return stream_chunks(self.endpoint, request, http, str(config.get("run_id") or uuid7()))

    async def _whole(self, http: UpstreamClient, given: Input, parameters: Mapping[str, Any]) -> Chunk:
        async with aclosing(self._stream(http, given, {}, parameters, stream=False)) as chunks:
            return Chunk.total([chunk async for chunk in chunks])

    async def _batch(
        self,
        http: UpstreamClient,
        inputs: Sequence[Input],
        limit: int | None,
        parameters: Mapping[str, Any],
        *,
        return_exceptions: bool,
    ) -> list[Any]:
        slots = asyncio.Semaphore(limit or max(len(inputs), 1))

        async def one(given: Input) -> Chunk | ProviderError:
            async with slots:
                try:
                    return await self._whole(http, given, parameters)
                except ProviderError as error:
                    if return_exceptions:
                        return error
                    raise

        tasks = [asyncio.create_task(one(given), name=f"batch {self.model}") for given in inputs]
        try:
            return await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _event_maker(self, version: Version, config: Config, parameters: Mapping[str, Any]) -> EventMaker:
        kind: Kind = "llm" if self.endpoint.dialect == "openai-completions" else "chat_model"
        metadata = dict(config.get("metadata") or {})
        if version == "v2":
            changed = with_changes(self.parameters, parameters)
            metadata |= model_metadata(kind, self.endpoint.dialect, self.model, changed)
        return EventMaker(
            version,
            kind,
            run_id=str(config.get("run_id") or uuid7()),
            name=config.get("run_name") or self.name,
            tags=tuple(config.get("tags") or ()),
            metadata=metadata,
        )
