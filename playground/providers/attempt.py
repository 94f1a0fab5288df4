"""One request to an upstream, and everything that comes of it."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Final

from playground.providers import errors, refusals
from playground.providers.dialects.base import Dialect, HttpRequest, Part, common_reason
from playground.providers.endpoint import Endpoint
from playground.providers.errors import ProviderError
from playground.providers.http import UpstreamClient, UpstreamResponse, upstream_url
from playground.providers.redaction import hide, hide_in_body, secrets_of, shown_headers, shown_url
from playground.providers.request import GenerationRequest
from playground.providers.retry import may_retry
from playground.providers.sink import Sink
from playground.providers.timers import Timers
from playground.recording import events
from playground.recording.events import CHUNK

ERROR_BYTES: Final = 64 * 1024  # of an error answer; what comes after ERROR_SECONDS is not waited for
ERROR_SECONDS: Final = 5.0
ENCODED_SECONDS: Final = 1.0  # that bytes which cannot be decoded are taken for, to be looked at
DRAIN_BYTES: Final = 64 * 1024  # from the end marker to the end of the body: then the connection can be used again
DRAIN_SECONDS: Final = 0.05

# Finish reasons, in OpenAI's words, that say that something went wrong; the last is DeepSeek's.
BAD_FINISHES: Final[dict[str | None, tuple[type[ProviderError], str]]] = {
    "error": (errors.Refused, "The provider broke the answer off with an error: continue or retry it."),
    "insufficient_system_resource": (
        errors.Truncated,
        "The provider ran out of resources in mid-answer: continue or retry it.",
    ),
}


class Tape:
    """The sink of a run, and how many bytes its attempts have put into it: offsets of events count from the first."""

    def __init__(self, sink: Sink) -> None:
        self.emit = sink.emit
        self.length = 0
        self._sink = sink

    def read(self, raw: bytes) -> None:
        self._sink.read(raw)
        self.length += len(raw)


class Attempt:
    """`number` counts from 1. `chunks`: whether one has come, after which no other attempt may follow."""

    def __init__(
        self, number: int, endpoint: Endpoint, dialect: Dialect, request: GenerationRequest, tape: Tape
    ) -> None:
        self.number = number
        self.parser = dialect.parser(request)
        self.chunks = False
        self._dialect = dialect
        self._endpoint = endpoint
        self._tape = tape
        self._start = tape.length
        self._secrets = secrets_of(endpoint)

    async def send(self, request: HttpRequest, http: UpstreamClient, total_at: float) -> ProviderError | None:
        """Send `request` and emit what comes; None once the answer has come to its end."""
        try:
            url = shown_url(str(upstream_url(self._endpoint.base_url, request.path)))
            self._emit(events.ATTEMPT_STARTED, {"method": request.method, "url": url})
            with Timers(self._endpoint.timeouts, total_at) as timers:
                async with http.stream(request, self._endpoint) as response:
                    await self._answer(response, timers)
        except ProviderError as error:
            told = (error.late if self.chunks else error.early) or error.message
            error.message = hide(told, self._secrets)
            error.param = hide(error.param, self._secrets) if error.param is not None else None
            self._failed(error)
            return error
        return None

    def may_be_followed(self, error: ProviderError) -> bool:
        policy = self._endpoint.retry
        return not self.chunks and self.number < policy.attempts and may_retry(error, policy)

    async def _answer(self, response: UpstreamResponse, timers: Timers) -> None:
        headers = shown_headers(response.headers.multi_items(), self._secrets)
        self._emit(events.RESPONSE_HEADERS, {"status": response.status, "headers": headers})
        if not 200 <= response.status < 300:
            raise await self._refusal(response)
        if response.encoding != "identity":
            self._notice(
                "compressed", f"The provider compresses its answer ({response.encoding}): tokens may come late."
            )
        try:
            await self._body(response, timers)
        except errors.UnsupportedEncoding:
            raw = await response.read_encoded(ERROR_BYTES, ENCODED_SECONDS)
            self._read(hide_in_body(raw, self._secrets))
            raise
        reason = common_reason(self._dialect, self.parser.finish_reason)
        if reason in BAD_FINISHES:
            kind, message = BAD_FINISHES[reason]
            raise kind(message).told(early="The provider broke the answer off before it began: retry it.")
        if not self.chunks:
            self._notice("empty_answer", "The provider ended its answer without a token.")

    async def _refusal(self, response: UpstreamResponse) -> ProviderError:
        try:
            body = await response.read(ERROR_BYTES, ERROR_SECONDS)
        except ProviderError:  # the status says enough
            body = b""
        if body:
            self._read(hide_in_body(body, self._secrets))
        return refusals.from_answer(response.status, response.headers, body)

    async def _body(self, response: UpstreamResponse, timers: Timers) -> None:
        """Read to the end of the answer. Raises what is wrong with it once all that came before is emitted."""
        parser = self.parser

        def take(raw: bytes) -> bool:
            """Whether this was the end of the answer, good or bad."""
            self._read(raw)
            if self._parts(parser.feed(raw)):
                timers.content()
            return parser.done or parser.error is not None

        await response.pump(take)
        if parser.done and parser.error is None:
            timers.stop()
            await self._drain(response.aiter_raw())
            return
        if parser.error is None:
            self._parts(parser.close())
        if parser.error is not None:
            raise parser.error

    async def _drain(self, body: AsyncIterator[bytes]) -> None:
        limit = self._tape.length + DRAIN_BYTES
        try:
            async with asyncio.timeout(DRAIN_SECONDS):
                async for raw in body:
                    self._tape.read(raw)
                    if self._tape.length > limit:
                        break
        except (TimeoutError, ProviderError):  # the answer is complete all the same
            pass

    def _read(self, raw: bytes) -> None:
        first = self._tape.length == self._start
        self._tape.read(raw)
        if first:
            self._emit(events.FIRST_BYTE, {}, offset=self._start + 1)

    def _parts(self, parts: list[Part]) -> bool:
        """Emit `parts`; whether there was content among them."""
        emit, start, content = self._tape.emit, self._start, False
        for kind, data, end in parts:
            if kind == CHUNK:
                content = self.chunks = True
                if self.number > 1:
                    text = {"text": data} if isinstance(data, str) else data
                    emit(CHUNK, {**text, "attempt": self.number}, offset=start + end)
                    continue
            emit(kind, data, offset=start + end)
        return content

    def _failed(self, error: ProviderError) -> None:
        retryable = not self.chunks and may_retry(error, self._endpoint.retry)
        data = {
            "code": error.code,
            "message": error.message,
            "status": error.status,
            "retryable": retryable,
            "retry_after": error.retry_after,
            "param": error.param,
        }
        self._emit(events.ATTEMPT_FAILED, {name: value for name, value in data.items() if value is not None})

    def _notice(self, code: str, message: str) -> None:
        self._tape.emit(events.NOTICE, {"code": code, "message": message})

    def _emit(self, kind: str, data: dict[str, Any], *, offset: int = -1) -> None:
        self._tape.emit(kind, {"attempt": self.number, **data}, offset=offset)
