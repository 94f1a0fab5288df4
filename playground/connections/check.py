"""Tries a connection: which models its upstream names, and whether an answer really streams."""

import asyncio
from dataclasses import dataclass, replace
from typing import Final

from django.utils.translation import gettext as _

from playground.connections.problems import explain
from playground.providers.dialects.body import ONE_CHUNK
from playground.providers.endpoint import Endpoint, RetryPolicy, Timeouts
from playground.providers.errors import ProviderError, TotalTimeout
from playground.providers.http import UpstreamClient
from playground.providers.listing import list_models
from playground.providers.request import GenerationRequest, Message, Parameters
from playground.providers.sink import Outcome
from playground.providers.stream import stream_run
from playground.recording.events import CHUNK, NOTICE, chunk_text
from playground.recording.log import EventLog
from playground.recording.metrics import measure
from playground.recording.status import RunStatus

_PATIENCE: Final = Timeouts(connect=5.0, first_chunk=20.0, between_chunks=10.0, total=30.0)
_LIST_S: Final = 10.0
_MAX_TOKENS: Final = 16
_PROMPT: Final = "Count from one to five."


@dataclass(frozen=True, slots=True)
class Report:
    """`models_error` and `error` say what is wrong, "" where all is well; times are in ms. Nothing in it is secret.

    `model` is what was asked to answer; "" where there was none to ask. `streams`: whether more than one chunk came as
    a stream; `whole`: whether the answer came in one piece, outside any stream. Neither: it was too short to tell.
    """

    models: tuple[str, ...] = ()
    models_error: str = ""
    model: str = ""
    text: str = ""
    chunks: int = 0
    streams: bool = False
    whole: bool = False
    ttft_ms: float | None = None
    tokens_per_s: float | None = None
    note: str = ""
    error: str = ""

    @property
    def works(self) -> bool:
        return bool(self.model) and not self.error


async def check(endpoint: Endpoint, model_names: list[str], http: UpstreamClient) -> Report:
    """Asks the first of `model_names` for a few tokens; if none is given, the first that the upstream names."""
    endpoint = replace(endpoint, timeouts=_PATIENCE, retry=RetryPolicy(attempts=1))
    try:
        report = Report(models=await _list(endpoint, http))
    except ProviderError as error:
        report = Report(models_error=explain(error.code, error.message))
    model = next(iter(model_names or report.models), "")
    return await _ask(endpoint, model, http, report) if model else report


async def _list(endpoint: Endpoint, http: UpstreamClient) -> tuple[str, ...]:
    try:
        async with asyncio.timeout(_LIST_S):
            return tuple(await list_models(endpoint, http=http))
    except TimeoutError:
        raise TotalTimeout(f"The provider did not name its models within {_LIST_S:g} s.") from None


async def _ask(endpoint: Endpoint, model: str, http: UpstreamClient, report: Report) -> Report:
    request = GenerationRequest(
        model, (Message("user", _PROMPT),), Parameters(max_tokens=_MAX_TOKENS), stream=endpoint.supports_streaming
    )
    log = EventLog()
    outcome = await stream_run(endpoint, request, log, http=http)
    numbers = measure(log.events)
    notices = [event.data for event in log.events if event.kind == NOTICE and not isinstance(event.data, str)]
    whole = not request.stream or any(notice["code"] == ONE_CHUNK["code"] for notice in notices)
    done = outcome.status is RunStatus.COMPLETED
    return replace(
        report,
        model=model,
        text="".join(chunk_text(event) for event in log.events if event.kind == CHUNK),
        chunks=numbers["chunks"],
        streams=numbers["chunks"] > 1 and not whole,
        whole=whole,
        ttft_ms=numbers.get("ttft_ms"),
        tokens_per_s=numbers.get("tokens_per_s"),
        note=" ".join(notice["message"] for notice in notices),
        error="" if done else _why(outcome),
    )


def _why(outcome: Outcome) -> str:
    if outcome.error:
        return explain(outcome.error.code, outcome.error.message)
    return _("The answer ended as %s.") % outcome.status.value
