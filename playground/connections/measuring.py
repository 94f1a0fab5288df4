"""Measures what a model at an endpoint really does, by asking it: four short answers, of which one is broken off.

What is said here is what was seen, from outside: "ignored" is not "impossible", and where nothing tells whether an
upstream stops working once its client has gone, that is what the result says.
"""

import asyncio
import itertools
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, fields, replace
from typing import Any, Final, Literal, Self

from playground.connections.watching import Watcher, watcher_of
from playground.providers.endpoint import Endpoint, RetryPolicy, Timeouts
from playground.providers.http import UpstreamClient
from playground.providers.request import GenerationRequest, Message, Parameters
from playground.providers.sink import Outcome
from playground.providers.stream import stream_run
from playground.recording.events import ATTEMPT_STARTED, CHUNK, NOTICE, Event, chunk_text
from playground.recording.findings import BURST_CHUNKS, BURST_SIZE, findings
from playground.recording.log import EventLog
from playground.recording.metrics import measure
from playground.recording.status import RunStatus

Streaming = Literal["tokens", "chunks", "buffered", "one_chunk", "unclear", "failed", ""]
Logprobs = Literal["yes", "ignored", "refused", "unknown_to_dialect", "failed", ""]
Tools = Literal["streamed", "whole", "unused", "refused", "unknown_to_dialect", "failed", ""]
Cancel = Literal["seen", "not_seen", "unobservable", "ended_first", "failed", ""]

PATIENCE: Final = Timeouts(connect=5.0, first_chunk=20.0, between_chunks=10.0, total=60.0)
_RETRY: Final = RetryPolicy(attempts=3, max_delay=2.0, retry_after_cap=2.0)
MOST_TOKENS: Final = 64 + 8 + 48 + 256  # of answers, the last of which is broken off after a few chunks
_SLACK: Final = 8  # chunks over the tokens that were asked for: who sends more takes no notice of the limit
_ENOUGH_S: Final = 8.0  # from the first chunk: what a slow model has sent by then shows how it streams
_SPREAD: Final = 10_000  # µs from the first chunk to the last, from which on there is something to tell
_PAUSE: Final = 1_000  # µs between two reads
_COARSE: Final = 12  # characters a chunk, on average, from which it is not a token
_STOP_AFTER: Final = 3  # chunks
_REFUSALS: Final = frozenset({"invalid_request", "not_permitted", "model_not_found"})
_STORY: Final = "Tell a story about a lighthouse, in five sentences."
_LONG: Final = "Tell a long story about a lighthouse, in forty sentences."
_WEATHER: Final = "What is the weather in Paris now? Use the tool to find out."
_TOOL: Final[Mapping[str, Any]] = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather in a city now.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


@dataclass(frozen=True, slots=True)
class Measured:
    """What was seen. "" is what was not asked, since the first answer failed; times are in ms.

    Of an answer that is long or slow only the beginning is read: whether `usage` comes at its end is then None.

    `stream`: `tokens` (about one a chunk), `chunks` (larger ones), `buffered` (many chunks a read: something on the way
    collects them), `one_chunk`, or `unclear` (too short to tell, or all of it at one instant). `cancel`: whether the
    upstream was `seen` to stop once its client had gone, and after `cancel_ms`. `ttft_ms` begins with the last attempt.
    """

    stream: Streaming = ""
    usage: bool | None = None
    logprobs: Logprobs = ""
    reasoning: bool | None = None
    tools: Tools = ""
    cancel: Cancel = ""
    cancel_ms: float | None = None
    ttft_ms: float | None = None
    tokens_per_s: float | None = None
    gap_p50_ms: float | None = None
    gap_p99_ms: float | None = None
    gap_max_ms: float | None = None
    chunks: int = 0
    reads: int = 0
    characters: int = 0
    attempts: int = 1
    text: str = ""
    note: str = ""
    error_code: str = ""
    error: str = ""

    @classmethod
    def load(cls, stored: Mapping[str, Any]) -> Self:
        """Of what `dataclasses.asdict` gave, also where an earlier or a later version did."""
        known = {field.name for field in fields(cls)}
        return cls(**{name: value for name, value in stored.items() if name in known})

    @property
    def works(self) -> bool:
        return self.stream not in ("", "failed")

    @property
    def is_native(self) -> bool:
        """Whether `stream` and its kin pass the provider's own stream on, instead of one whole chunk."""
        return self.stream in ("tokens", "chunks", "buffered")


@dataclass(frozen=True, slots=True)
class _Sample:
    """`outcome` is None where enough had come before the end: the answer was left then."""

    events: Sequence[Event]
    outcome: Outcome | None

    @property
    def chunks(self) -> list[Event]:
        return [event for event in self.events if event.kind == CHUNK]

    @property
    def done(self) -> bool:
        return self.outcome is None or self.outcome.status in (RunStatus.COMPLETED, RunStatus.FILTERED)

    @property
    def code(self) -> str:
        return self.outcome.error.code if self.outcome and self.outcome.error else ""

    def notices(self) -> list[Mapping[str, Any]]:
        return [event.data for event in self.events if event.kind == NOTICE and not isinstance(event.data, str)]

    def ignored(self, parameter: str) -> bool:
        return any(parameter in notice.get("parameters", ()) for notice in self.notices())

    def holds(self, part: str) -> int:
        """How many chunks carry `part` (reasoning, logprobs, tool_call)."""
        return sum(not isinstance(chunk.data, str) and bool(chunk.data.get(part)) for chunk in self.chunks)


async def measure_model(endpoint: Endpoint, model: str, http: UpstreamClient) -> Measured:
    """Ask `model`, at most about `MOST_TOKENS` tokens of answers. What the upstream does wrong is in the result."""
    patience = PATIENCE if endpoint.timeouts.first_chunk <= Timeouts().first_chunk else endpoint.timeouts
    asked = _Asked(replace(endpoint, timeouts=patience, retry=_RETRY), model, http)
    plain = await asked.sample(_STORY, Parameters(max_tokens=64))
    found = _of_plain(plain, streams=endpoint.supports_streaming)
    if not plain.done:
        return found
    logprobs = await asked.sample("Say yes.", Parameters(max_tokens=8, logprobs=True))
    tools = await asked.sample(_WEATHER, Parameters(max_tokens=48, tools=(_TOOL,)))
    cancel, cancel_ms = await asked.stop()
    return replace(
        found,
        logprobs=_logprobs(logprobs),
        tools=_tools(tools),
        reasoning=bool(found.reasoning or logprobs.holds("reasoning") or tools.holds("reasoning")),
        cancel=cancel,
        cancel_ms=cancel_ms,
    )


class _Asked:
    """A model that is asked several times."""

    def __init__(self, endpoint: Endpoint, model: str, http: UpstreamClient) -> None:
        self._endpoint = endpoint
        self._model = model
        self._http = http

    async def sample(self, prompt: str, parameters: Parameters) -> _Sample:
        most = (parameters.max_tokens or 0) + _SLACK
        async with self._reading(prompt, parameters, most) as sample:
            return sample

    async def stop(self) -> tuple[Cancel, float | None]:
        """Break a long answer off after a few chunks, and look what the upstream does then."""
        watcher: Watcher | None = await watcher_of(self._endpoint, self._model, self._http)
        async with self._reading(_LONG, Parameters(max_tokens=256), _STOP_AFTER) as sample:
            if sample.outcome is not None:
                return ("ended_first" if sample.chunks else "failed"), None
            if watcher is not None:
                await watcher.look()
            stopped_at = asyncio.get_running_loop().time()
        end = "unobservable" if watcher is None else await watcher.end()
        return end, (asyncio.get_running_loop().time() - stopped_at) * 1000 if end == "seen" else None

    @asynccontextmanager
    async def _reading(self, prompt: str, parameters: Parameters, most: int) -> AsyncIterator[_Sample]:
        """What came up to the end, or up to `most` chunks, or after `_ENOUGH_S`. Leaving it closes the socket."""
        enough, times = asyncio.Event(), list[int]()

        def count() -> None:
            event = log.events[-1]
            if event.kind == CHUNK:
                times.append(event.t)
                if len(times) >= most or (event.t - times[0]) >= _ENOUGH_S * 1e6:
                    enough.set()

        log = EventLog(on_append=count)
        task = asyncio.create_task(self._run(prompt, parameters, log), name="measured answer")
        waiting = asyncio.create_task(enough.wait(), name="measured chunks")
        try:
            await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
            yield _Sample(tuple(log.events), task.result() if task.done() else None)
        finally:
            task.cancel()
            waiting.cancel()
            await asyncio.gather(task, waiting, return_exceptions=True)

    async def _run(self, prompt: str, parameters: Parameters, log: EventLog) -> Outcome:
        messages = (Message("user", prompt),)
        request = GenerationRequest(self._model, messages, parameters, stream=self._endpoint.supports_streaming)
        return await stream_run(self._endpoint, request, log, http=self._http)


def _of_plain(plain: _Sample, *, streams: bool) -> Measured:
    numbers = measure(plain.events)
    text = "".join(map(chunk_text, plain.chunks))
    outcome = plain.outcome
    error = outcome.error if outcome else None
    return Measured(
        stream=_streaming(plain, text, streams=streams),
        usage=bool(outcome.usage) if outcome and plain.done else None,
        reasoning=bool(plain.holds("reasoning")),
        ttft_ms=_first_after(plain),
        tokens_per_s=numbers.get("tokens_per_s"),
        gap_p50_ms=numbers.get("gap_p50_ms"),
        gap_p99_ms=numbers.get("gap_p99_ms"),
        gap_max_ms=numbers.get("gap_max_ms"),
        chunks=numbers["chunks"],
        reads=_reads(plain.chunks),
        characters=len(text),
        attempts=numbers["attempts"],
        text=text[:1000],
        note=" ".join(str(notice["message"]) for notice in plain.notices() if "message" in notice),
        error_code=error.code if error else outcome.status.value if outcome and not plain.done else "",
        error=error.message if error else "",
    )


def _streaming(sample: _Sample, text: str, *, streams: bool) -> Streaming:
    if not sample.done:
        return "failed"
    chunks, codes = sample.chunks, {finding.code for finding in findings(sample.events)}
    if "one_chunk" in codes or (chunks and not streams):
        return "one_chunk"
    if len(chunks) <= 1:
        return "unclear"
    if "buffered" in codes or (len(chunks) >= BURST_CHUNKS and len(chunks) >= BURST_SIZE * _reads(chunks)):
        return "buffered"
    if not _came_apart(chunks):
        return "unclear"
    return "chunks" if len(text) > _COARSE * len(chunks) else "tokens"


def _came_apart(chunks: Sequence[Event]) -> bool:
    """Whether time passed between the chunks: what comes at one instant may have been held back as well."""
    pauses = [b.t - a.t for a, b in itertools.pairwise(chunks)]
    long = sum(pause >= _PAUSE for pause in pauses)
    return sum(pauses) >= _SPREAD and long * BURST_SIZE >= len(pauses)


def _reads(chunks: Sequence[Event]) -> int:
    """How many network reads brought them: what came in one read has one time."""
    return len({chunk.t for chunk in chunks})


def _first_after(sample: _Sample) -> float | None:
    if not sample.chunks:
        return None
    started = max(event.t for event in sample.events if event.kind == ATTEMPT_STARTED)
    return max(0, sample.chunks[0].t - started) / 1000


def _logprobs(sample: _Sample) -> Logprobs:
    if sample.ignored("logprobs"):
        return "unknown_to_dialect"
    if not sample.done:
        return "refused" if sample.code in _REFUSALS else "failed"
    return "yes" if sample.holds("logprobs") else "ignored"


def _tools(sample: _Sample) -> Tools:
    if sample.ignored("tools"):
        return "unknown_to_dialect"
    if not sample.done:
        return "refused" if sample.code in _REFUSALS else "failed"
    parts = sample.holds("tool_call")
    return "streamed" if parts > 1 else "whole" if parts else "unused"
