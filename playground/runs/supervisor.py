"""One run from its first event to its last."""

import asyncio
import logging
from contextlib import AbstractAsyncContextManager
from dataclasses import fields
from typing import Any, Final, Protocol

from playground.connections.catalogue import ResolvedModel
from playground.connections.runtime import Notify
from playground.providers.endpoint import Endpoint
from playground.providers.errors import ProviderError
from playground.providers.http import UpstreamClient
from playground.providers.request import GenerationRequest
from playground.providers.sink import ErrorInfo, Outcome
from playground.providers.stream import stream_run
from playground.recording.events import ATTEMPT_STARTED, NOTICE, RUN_ENDED, RUN_STARTED, Event
from playground.recording.log import EventLog
from playground.recording.status import RunStatus
from playground.runs import metrics
from playground.runs.live import LiveRun, StopReason
from playground.runs.store import end_data, summary
from playground.runs.writer import Writer

logger = logging.getLogger(__name__)

LONG_EVENTS: Final = 2_000

_STOPPED = {
    StopReason.USER: None,
    StopReason.SHUTDOWN: ErrorInfo(
        "interrupted", "The server was stopped while this answer was streaming. Continue or retry it."
    ),
    StopReason.UNSTORED: ErrorInfo(
        "not_stored",
        "The database was away for so long that this answer was ended to save memory. Continue or retry it when it is "
        "back.",
    ),
}


class Opener(Protocol):
    """What makes a model reachable: `connections.runtime.Runtimes`."""

    def open(self, resolved: ResolvedModel, notify: Notify) -> AbstractAsyncContextManager[Endpoint]: ...


async def supervise(
    live: LiveRun, *, runtimes: Opener, http: UpstreamClient, writer: Writer, deadline_s: float
) -> None:
    """Stream a run, then store its end, then show it. Ends only when the run has."""
    spec = live.spec
    live.begin()
    parameters = spec.request.parameters
    live.log.emit(
        RUN_STARTED,
        {
            "model": spec.model_id,
            "dialect": spec.resolved.dialect,
            "request": {"messages_count": len(spec.request.messages), "parameters": _plain(parameters)},
        },
    )
    logger.info("A run began.", extra={"model": spec.model_id, "user_id": spec.user_id})
    outcome = await _outcome(live, runtimes, http, deadline_s)
    end = live.log.draft(RUN_ENDED, end_data(outcome))
    kept = await _summary(live, end, outcome)
    if await writer.finish(live, end, kept):
        try:
            live.end(end, outcome.status)
        except ValueError:
            live.abandon()  # its viewers read on where its end is: in the database
            raise
        metrics.ended(kept)
        facts = {name: kept[name] for name in ("status", "error_code", "attempts", "ttft_ms", "completion_tokens")}
        logger.info("A run ended as %s.", outcome.status.value, extra={**facts, "duration_ms": end.t // 1000})


async def _summary(live: LiveRun, end: Event, outcome: Outcome) -> dict[str, Any]:
    """Of a long run on a thread, for it takes 3 µs an event. Nothing is appended to the log meanwhile."""

    def summarize() -> dict[str, Any]:
        return summary([*live.events, end], outcome)

    return summarize() if len(live.events) < LONG_EVENTS else await asyncio.to_thread(summarize)


async def _outcome(live: LiveRun, runtimes: Opener, http: UpstreamClient, deadline_s: float) -> Outcome:
    work = stream_into(live.log, live.spec.resolved, live.spec.request, runtimes=runtimes, http=http)
    live.stream = stream = asyncio.create_task(work, name=f"stream {live.run_id}")
    if live.stop_reason is not None:  # it was stopped before it began
        stream.cancel()
    done, _ = await asyncio.wait({stream}, timeout=deadline_s)
    if not done:
        stream.cancel()
        await asyncio.wait({stream})
        message = (
            f"The answer took longer than the {deadline_s:g} s that one run may take. Ask for less, or raise the limit."
        )
        return _ended_early(live, RunStatus.FAILED, ErrorInfo("deadline", message))
    if stream.cancelled():
        reason = live.stop_reason or StopReason.SHUTDOWN
        return _ended_early(live, reason.value, _STOPPED[reason])
    error = stream.exception()
    if error is None:
        return stream.result()
    if isinstance(error, ProviderError):
        return _ended_early(live, RunStatus.FAILED, ErrorInfo(error.code, error.message))
    logger.error("A run ended by a fault of the playground's own", exc_info=error)
    return _ended_early(
        live, RunStatus.FAILED, ErrorInfo("internal", "The playground itself failed here; its log says how. Retry.")
    )


async def stream_into(
    log: EventLog, resolved: ResolvedModel, request: GenerationRequest, *, runtimes: Opener, http: UpstreamClient
) -> Outcome:
    """Ask a model, and log what comes. Raises a ProviderError where its runtime cannot start."""

    def notify(code: str, message: str, **data: Any) -> None:
        log.emit(NOTICE, {"code": code, "message": message, **data})

    async with runtimes.open(resolved, notify) as endpoint:
        return await stream_run(endpoint, request, log, http=http)


def _ended_early(live: LiveRun, status: RunStatus, error: ErrorInfo | None) -> Outcome:
    return Outcome(status, error=error, attempts=live.events.kinds.count(ATTEMPT_STARTED))


def _plain(parameters: Any) -> dict[str, Any]:
    """The parameters that were set, as JSON."""
    names = (field.name for field in fields(parameters))
    values = {name: getattr(parameters, name) for name in names}
    return {name: value for name, value in values.items() if value not in (None, (), False, {})}
