"""Stream one run of a Runnable."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import aclosing
from typing import Any
from uuid import UUID

from playground.providers.dialects.base import CONTENT_FILTER
from playground.providers.endpoint import Endpoint
from playground.providers.errors import ProviderError, RunnableFailed
from playground.providers.redaction import hide, secrets_of
from playground.providers.request import GenerationRequest
from playground.providers.runnables.inputs import config_of, given_to
from playground.providers.runnables.loading import RunnableName, load, parse, said
from playground.providers.runnables.pieces import common_reason
from playground.providers.runnables.thread import Relay, rest, start
from playground.providers.runnables.translator import Part, Translator
from playground.providers.sink import ErrorInfo, Outcome, Sink
from playground.providers.timers import Timers
from playground.recording.events import ATTEMPT_FAILED, ATTEMPT_STARTED, CHUNK, NOTICE
from playground.recording.status import RunStatus

METHOD = "astream_events"
"""The method of its attempt: no request was sent, and no headers will come."""

Put = Callable[[list[Part]], None]


async def stream_runnable(endpoint: Endpoint, request: GenerationRequest, sink: Sink) -> Outcome:
    """As `stream_run`, with the endpoint's base URL as the name of a Runnable. Tried once: tools may have acted.

    The Runnable works on a thread of its own. Cancelling this cancels it there, and waits for its end.
    """
    loop = asyncio.get_running_loop()
    total_at = loop.time() + endpoint.timeouts.total
    try:
        name = parse(endpoint.base_url)
    except ProviderError as error:
        return Outcome(error.ends_as, error=ErrorInfo(error.code, error.message), attempts=0)
    sink.emit(ATTEMPT_STARTED, {"attempt": 1, "method": METHOD, "url": str(name)})
    run, emitted = _Run(name, request), _Emitted(sink)
    failure = await _worked(run, emitted, Timers(endpoint.timeouts, total_at))
    if failure is not None:
        failure.message = hide(failure.message, secrets_of(endpoint))
        sink.emit(ATTEMPT_FAILED, {"attempt": 1, "code": failure.code, "message": failure.message, "retryable": False})
        told = ErrorInfo(failure.code, failure.message)
        return Outcome(failure.ends_as, run.translator.finish_reason, told, run.translator.usage)
    if not emitted.chunks:
        sink.emit(NOTICE, {"code": "empty_answer", "message": "The Runnable ended its answer without a token."})
    reason = run.translator.finish_reason
    status = RunStatus.FILTERED if common_reason(reason) == CONTENT_FILTER else RunStatus.COMPLETED
    return Outcome(status, reason, None, run.translator.usage)


async def _worked(run: "_Run", emitted: "_Emitted", timers: Timers) -> ProviderError | None:
    """Let `run` work to its end, or to the end of our patience. Returns why it ended before its time."""
    relay: Relay[list[Part]] = Relay()
    cancel = start(run.work, relay)
    try:
        with timers:
            await emitted.all_of(relay, timers)
    except ProviderError as error:  # a timer
        return error
    finally:
        if relay.ended is None:
            cancel()
            for parts in await rest(relay):
                emitted.emit(parts)
    return _failure(relay)


class _Emitted:
    """`chunks`: whether one has come."""

    def __init__(self, sink: Sink) -> None:
        self.chunks = False
        self._sink = sink

    async def all_of(self, relay: Relay[list[Part]], timers: Timers) -> None:
        while (parts := await relay.next()) is not None:
            if self.emit(parts):
                timers.content()

    def emit(self, parts: list[Part]) -> bool:
        content = False
        for kind, data in parts:
            content = content or kind == CHUNK
            self._sink.emit(kind, data)
        self.chunks = self.chunks or content
        return content


class _Run:
    """What happens on the thread of the Runnables."""

    def __init__(self, name: RunnableName, request: GenerationRequest) -> None:
        self.translator = Translator(is_graph=False)
        self._name = name
        self._request = request

    async def work(self, put: Put) -> None:
        # Importing somebody's modules may take seconds, which other Runnables need not wait for.
        runnable = await asyncio.to_thread(load, self._name)
        self.translator = Translator(is_graph=is_graph(runnable))
        given = given_to(runnable, self._name, self._request.messages)
        fields, ignored = config_of(runnable, self._request.parameters)
        if ignored:
            put([Part(NOTICE, _ignored(ignored))])
        errors, is_complete = _error_log(), False
        config = {"callbacks": [errors], "configurable": fields}
        try:
            async with aclosing(runnable.astream_events(given, config, version="v2")) as events:
                async for event in events:
                    put([*self.translator.feed(event), *self.translator.failed(errors.taken())])
            is_complete = True
        finally:
            put([*self.translator.failed(errors.taken()), *self.translator.close(is_complete=is_complete)])


def is_graph(runnable: Any) -> bool:
    """Whether it is one of LangGraph's, which stream the changes of their state; also behind a binding."""
    while hasattr(runnable, "bound"):
        runnable = runnable.bound
    return any(base.__name__ == "Pregel" for base in type(runnable).__mro__)


def _error_log() -> Any:
    """A callback handler that keeps which run of a Runnable raised what: `astream_events` tells it of tools only."""
    from langchain_core.callbacks import AsyncCallbackHandler  # an optional extra

    class ErrorLog(AsyncCallbackHandler):  # type: ignore[misc]  # LangChain is Any, whether it is installed or not
        def __init__(self) -> None:
            super().__init__()
            self._errors: dict[str, BaseException] = {}

        async def _keep(self, error: BaseException, *, run_id: UUID, **_told: Any) -> None:
            self._errors[str(run_id)] = error

        on_llm_error = on_chain_error = on_tool_error = on_retriever_error = _keep

        def taken(self) -> Mapping[str, BaseException]:
            taken, self._errors = self._errors, {}
            return taken

    return ErrorLog()


def _ignored(names: list[str]) -> dict[str, Any]:
    message = f"The Runnable has no configurable fields of these names, so it was not told: {', '.join(names)}."
    return {"code": "parameters_ignored", "message": message, "parameters": names}


def _failure(relay: Relay[list[Part]]) -> ProviderError | None:
    """Why the work ended before its time; None if it came to its end."""
    task = relay.ended
    if task is None or task.cancelled():
        return RunnableFailed("The Runnable was cancelled before its end: try again.")
    error = task.exception()
    if error is None or isinstance(error, ProviderError):
        return error
    return RunnableFailed(f"The Runnable raised {said(error)}")
