"""OpenTelemetry spans as they are read: one span with what it says of a model's call, and what is below it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from playground.interchange.drafts import openai_usage
from playground.interchange.lines import count_of, list_of, object_of, text_of
from playground.interchange.otlp_messages import Said, SpanEvent, attributes_of, input_of, output_of
from playground.providers.sink import ErrorInfo, Outcome
from playground.recording.shapes import MOST
from playground.recording.status import FINAL, RunStatus

_CALLS: Final = ("chat", "text_completion", "generate_content", "completion")
_AGENTS: Final = frozenset({"invoke_agent", "invoke_workflow", "workflow", "agent", "chain"})
_FIRST: Final = re.compile(r"first[ _.]?(?:token|chunk)", re.IGNORECASE)
_ERRORS: Final = (2, "2", "STATUS_CODE_ERROR")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST: Final = 2**62  # nanoseconds since 1970: the year 2116
_NUMBERS: Final = {"temperature": (0, 2), "top_p": (0, 1)}
_KINDS: Final = ("gen_ai.operation.name", "llm.request.type", "openinference.span.kind", "traceloop.span.kind")


class Span:
    """Times are in ns since 1970, `length` in µs; `start` is 0 where it is not known.

    `above` is its parent, `below` its children, once they are `trees`; `asks_a_model`: whether a call is below it.
    """

    def __init__(self, span: Mapping[str, Any]) -> None:
        self.id = text_of(span.get("spanId"))
        self.parent_id = text_of(span.get("parentSpanId"))
        self.name = text_of(span.get("name"))
        self.about = attributes_of(span.get("attributes"))
        self.above: Span | None = None
        self.below: list[Span] = []
        self.asks_a_model = False
        self.events = [_event(event) for event in map(object_of, list_of(span.get("events")))]
        self.start = nanoseconds(span.get("startTimeUnixNano"))
        self.length = max(0, nanoseconds(span.get("endTimeUnixNano")) - self.start) // 1000
        self._status = object_of(span.get("status"))

    @property
    def kind(self) -> str:
        """What it is in the words of whichever convention it follows, in lower case."""
        return next((text.lower() for name in _KINDS if (text := text_of(self.about.get(name)))), "")

    @property
    def is_call(self) -> bool:
        """Whether it is a call to a model."""
        operation = self.about.get("gen_ai.operation.name") or self.about.get("llm.request.type")
        if operation:
            return operation in _CALLS
        return self.kind == "llm" or "gen_ai.request.model" in self.about

    @property
    def is_agent(self) -> bool:
        """Whether it is an agent or a chain: what calls models and tools."""
        return self.kind in _AGENTS or self.about.get("playground.step.type") == "chain"

    @property
    def ended(self) -> int:
        return self.start + self.length * 1000 if self.start else 0

    def all_below(self) -> Iterator["Span"]:
        """In the order in which they began, each before those below it. Deep traces are no stack of calls."""
        waiting = list(reversed(self.below))
        while waiting:
            span = waiting.pop()
            yield span
            waiting.extend(reversed(span.below))

    def input(self) -> list[dict[str, Any]]:
        return input_of(self.about, self.events)

    def output(self) -> Said:
        return output_of(self.about, self.events)

    def first(self, *names: str) -> str:
        return next((text for name in names if (text := text_of(self.about.get(name)))), "")

    @property
    def model(self) -> str:
        names = ("gen_ai.response.model", "gen_ai.request.model", "llm.model_name")
        return self.first("playground.run.model", *names)

    @property
    def provider(self) -> str:
        return self.first("gen_ai.provider.name", "gen_ai.system", "llm.provider")

    def first_token(self) -> int:
        """In µs since the start; that of the end where it is not known."""
        for name, at, _about in self.events:
            if _FIRST.search(name) and at >= self.start:
                return min((at - self.start) // 1000, MOST)
        for name in ("gen_ai.response.time_to_first_chunk", "gen_ai.server.time_to_first_token"):
            seconds = self.about.get(name)
            if isinstance(seconds, int | float) and 0 <= seconds < MOST / 1e6:
                return round(seconds * 1e6)
        return min(self.length, MOST)

    def error(self) -> ErrorInfo | None:
        if self._status.get("code") not in _ERRORS:
            return None
        message = text_of(self._status.get("message")) or "The call failed; the span does not say why."
        return ErrorInfo((self.first("error.type") or "failed")[:60], message)

    def outcome(self, reason: str | None, usage: Mapping[str, int] | None) -> Outcome:
        """What our own export says of it is more than a span can."""
        reasons = list_of(self.about.get("gen_ai.response.finish_reasons"))
        reason = reason or next((text_of(one) for one in reasons), "") or None
        error, told = self.error(), self.first("playground.run.status")
        if told in FINAL and told != RunStatus.COMPLETED:
            return Outcome(RunStatus(told), None if error else reason, error, usage, 1)
        if error is not None:
            return Outcome(RunStatus.FAILED, None, error, usage, 1)
        ended = RunStatus.FILTERED if reason == "content_filter" else RunStatus.COMPLETED
        return Outcome(ended, reason, None, usage, 1)

    def counts(self) -> tuple[int | None, int | None]:
        """Tokens given and made."""
        given = ("gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens", "llm.token_count.prompt")
        made = ("gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens", "llm.token_count.completion")
        return self._count(*given), self._count(*made)

    def usage(self) -> Mapping[str, int] | None:
        return openai_usage(*self.counts())

    def _count(self, *names: str) -> int | None:
        return next((found for name in names if (found := count_of(self.about.get(name))) is not None), None)

    def parameters(self) -> dict[str, Any]:
        """Those that a turn can have."""
        found: dict[str, Any] = {}
        for name, (low, high) in _NUMBERS.items():
            value = self.about.get(f"gen_ai.request.{name}")
            if isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high:
                found[name] = float(value)
        limit = count_of(self.about.get("gen_ai.request.max_tokens"))
        if limit is not None and 1 <= limit <= 1_000_000:
            found["max_tokens"] = limit
        return found


def trees(spans: Sequence[Span]) -> list[Span]:
    """The spans that have no parent among these; all others are `below` theirs, in the order in which they began."""
    by_id = {span.id: span for span in spans if span.id}
    tops: list[Span] = []
    for span in sorted(spans, key=lambda span: span.start):
        span.above = by_id.get(span.parent_id)
        (tops if span.above is None else span.above.below).append(span)
    reached = {id(span) for top in tops for span in (top, *top.all_below())}
    for span in spans:
        if id(span) not in reached:  # in a ring, by what anybody wrote into a file
            span.above, span.below = None, []
            tops.append(span)
    for span in spans:
        at = span.above if span.is_call else None
        while at is not None and not at.asks_a_model:
            at.asks_a_model = True
            at = at.above
    return tops


def _event(event: Mapping[str, Any]) -> SpanEvent:
    return text_of(event.get("name")), nanoseconds(event.get("timeUnixNano")), attributes_of(event.get("attributes"))


def nanoseconds(value: Any) -> int:
    """OTLP writes 64 bits as text."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
        value = int(value)
    return value if isinstance(value, int) and 0 <= value < _LATEST else 0


def moment(at: int) -> datetime | None:
    return _EPOCH + timedelta(microseconds=at // 1000) if at else None
