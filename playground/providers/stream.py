"""Stream one run: attempts, and the waits between them."""

import asyncio
import random as _random
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

from playground.providers import runnables
from playground.providers.attempt import Attempt, Tape
from playground.providers.dialects import dialect
from playground.providers.dialects.base import CONTENT_FILTER, Dialect, common_reason
from playground.providers.endpoint import Endpoint
from playground.providers.errors import ProviderError
from playground.providers.http import UpstreamClient
from playground.providers.openai_fields import fitted
from playground.providers.request import GenerationRequest
from playground.providers.retry import delay_before
from playground.providers.sink import ErrorInfo, Outcome, Sink
from playground.recording.events import NOTICE, RETRY_SCHEDULED
from playground.recording.status import RunStatus

RETRY_BUDGET: Final = {
    "code": "retry_budget",
    "message": "It was not tried again: too many requests to this provider fail, and its budget of retries is used up.",
}


async def stream_run(
    endpoint: Endpoint,
    request: GenerationRequest,
    sink: Sink,
    *,
    http: UpstreamClient,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    random: Callable[[], float] = _random.random,
) -> Outcome:
    """Send `request`, emit what happens into `sink`, and say how it ended.

    Never raises for what the upstream does. Cancelling it closes the upstream's socket at once. `timeouts.total` spans
    all attempts and the waits between them.
    """
    if request.continues:
        sink.emit(NOTICE, _continues(request.continues))
    if endpoint.dialect == runnables.DIALECT:
        return await runnables.stream_runnable(endpoint, request, sink)
    loop = asyncio.get_running_loop()
    total_at = loop.time() + endpoint.timeouts.total
    try:
        spoken = dialect(endpoint.dialect)
        request, foreign = fitted(endpoint.dialect, request)
        outgoing = spoken.request(endpoint, request)
    except ProviderError as error:  # nothing was sent
        return Outcome(error.ends_as, error=ErrorInfo(error.code, error.message), attempts=0)
    if ignored := (*foreign, *outgoing.ignored):
        sink.emit(NOTICE, _ignored(endpoint.dialect, ignored))
    http.budgets.ask(endpoint)
    tape = Tape(sink)
    number = 1
    while True:
        attempt = Attempt(number, endpoint, spoken, request, tape)
        failure = await attempt.send(outgoing, http, total_at)
        if failure is None or not attempt.may_be_followed(failure):
            return _outcome(spoken, attempt, failure)
        number += 1
        delay = delay_before(number, failure, endpoint.retry, random)
        if loop.time() + delay >= total_at:
            sink.emit(NOTICE, _no_time(delay, endpoint.timeouts.total))
            return _outcome(spoken, attempt, failure)
        if not http.budgets.may_retry(endpoint):
            sink.emit(NOTICE, RETRY_BUDGET)
            return _outcome(spoken, attempt, failure)
        plan = {"attempt": number, "of": endpoint.retry.attempts, "delay_ms": round(delay * 1000), "code": failure.code}
        sink.emit(RETRY_SCHEDULED, plan)
        await sleep(delay)


def _no_time(delay: float, total: float) -> dict[str, Any]:
    """`delay`: the seconds that would have been waited for."""
    message = (
        f"It was not tried again: after the wait of {delay:.3g} s the run would be past its total timeout of "
        f"{total:g} s."
    )
    return {"code": "retry_too_late", "message": message}


def _tried(attempt: Attempt) -> str:
    """What is to be added of the attempts before the last, where none had a chunk."""
    return f" It was given up after {attempt.number} attempts." if attempt.number > 1 and not attempt.chunks else ""


def _continues(characters: int) -> dict[str, Any]:
    message = (
        f"This goes on from the {characters} characters that an earlier run left; they are no part of its own text."
    )
    return {"code": "continues", "message": message, "characters": characters}


def _ignored(name: str, parameters: Sequence[str]) -> dict[str, Any]:
    message = f"The dialect {name} has no word for these parameters, so they were not sent: {', '.join(parameters)}."
    return {"code": "parameters_ignored", "message": message, "parameters": list(parameters)}


def _outcome(spoken: Dialect, attempt: Attempt, failure: ProviderError | None) -> Outcome:
    finish_reason, usage = attempt.parser.finish_reason, attempt.parser.usage
    if failure is not None:
        error = ErrorInfo(failure.code, failure.message + _tried(attempt))
        return Outcome(failure.ends_as, finish_reason, error, usage, attempt.number)
    filtered = common_reason(spoken, finish_reason) == CONTENT_FILTER
    status = RunStatus.FILTERED if filtered else RunStatus.COMPLETED
    return Outcome(status, finish_reason, None, usage, attempt.number)
