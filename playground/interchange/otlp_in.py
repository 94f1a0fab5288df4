"""OpenTelemetry spans of calls to models, as OTLP's JSON, made into a session: each call is a turn.

Known are the semantic conventions for generative AI before 1.28 (`gen_ai.prompt`, events `gen_ai.content.…`), up to
1.36 (events `gen_ai.user.message`, `gen_ai.choice`) and from 1.37 on (`gen_ai.input.messages`); OpenLLMetry's numbered
attributes (`gen_ai.prompt.0.content`), and OpenInference's (`llm.input_messages.0.message.content`).
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from playground.interchange.drafts import UNKNOWN_MODEL, Draft, Imported, openai_usage
from playground.interchange.errors import NotARecording
from playground.interchange.lines import count_of, json_of, list_of, object_of, text_of
from playground.interchange.otlp_messages import Said, SpanEvent, attributes_of, input_of, output_of
from playground.providers.sink import ErrorInfo, Outcome
from playground.recording.events import CHUNK, NOTICE, USAGE
from playground.recording.session_file import RecordedRun, RecordedSession, RecordedTurn
from playground.recording.shapes import MOST
from playground.recording.status import RunStatus

FORMAT: Final = "otlp"
MOST_TURNS: Final = 1000
_CALLS: Final = ("chat", "text_completion", "generate_content", "completion")
_FIRST: Final = re.compile(r"first[ _.]?(?:token|chunk)", re.IGNORECASE)
_ERRORS: Final = (2, "2", "STATUS_CODE_ERROR")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST: Final = 2**62  # nanoseconds since 1970: the year 2116
_NUMBERS: Final = {"temperature": (0, 2), "top_p": (0, 1)}


def read_otlp(raw: bytes, *, title: str = "") -> Imported:
    """One document, or one a line, as a collector writes them. Raises NotARecording."""
    spans = [span for document in _documents(raw) for span in _spans(document)]
    calls = sorted((call for span in spans if (call := _Call(span)).is_one), key=lambda call: call.start)
    if not calls:
        raise NotARecording(f"None of the {len(spans)} spans is a call to a model: none has “gen_ai.operation.name”.")
    if len(calls) > MOST_TURNS:
        raise NotARecording(f"The file has {len(calls)} calls to models; at most {MOST_TURNS} can be imported at once.")
    return Imported(RecordedSession(title, [call.turn() for call in calls]), FORMAT)


def _documents(raw: bytes) -> Iterator[Any]:
    lines = [line for line in raw.split(b"\n") if line.strip()]
    if len(lines) > 1 and all(line.lstrip().startswith(b'{"resource') for line in lines):
        yield from (json_of(line, f"Line {number}") for number, line in enumerate(lines, 1))
    else:
        yield json_of(raw, "The file")


def _spans(document: Any) -> Iterator[Mapping[str, Any]]:
    for resource in list_of(object_of(document).get("resourceSpans")):
        about = object_of(resource)
        for scope in list_of(about.get("scopeSpans")) or list_of(about.get("instrumentationLibrarySpans")):
            yield from (object_of(span) for span in list_of(object_of(scope).get("spans")))


class _Call:
    """A span. Times are in ns since 1970; `start` is 0 where it is not known."""

    def __init__(self, span: Mapping[str, Any]) -> None:
        self._span = span
        self._about = attributes_of(span.get("attributes"))
        self._events = [
            (
                text_of(event.get("name")),
                _nanoseconds(event.get("timeUnixNano")),
                attributes_of(event.get("attributes")),
            )
            for event in map(object_of, list_of(span.get("events")))
        ]
        self.start = _nanoseconds(span.get("startTimeUnixNano"))
        self._length = max(0, _nanoseconds(span.get("endTimeUnixNano")) - self.start) // 1000

    @property
    def is_one(self) -> bool:
        about = self._about
        operation = about.get("gen_ai.operation.name") or about.get("llm.request.type")
        if operation:
            return operation in _CALLS
        return about.get("openinference.span.kind") == "LLM" or "gen_ai.request.model" in about

    def turn(self) -> RecordedTurn:
        messages = input_of(self._about, self._events)
        said = output_of(self._about, self._events)
        model = self._first("gen_ai.response.model", "gen_ai.request.model", "llm.model_name") or UNKNOWN_MODEL
        provider = self._first("gen_ai.provider.name", "gen_ai.system", "llm.provider")
        draft = Draft(model, provider, messages_count=len(messages), parameters={})
        self._say(draft, said)
        draft.end(self._outcome(said), self._length)
        prompt = next((m["content"] for m in reversed(messages) if m["role"] == "user"), "")
        system = "\n\n".join(m["content"] for m in messages if m["role"] == "system")
        run = RecordedRun(0, model, messages, draft.events, [], None, _moment(self.start), _moment(self._ended))
        return RecordedTurn(prompt, system, self._parameters(), [run])

    @property
    def _ended(self) -> int:
        return self.start + self._length * 1000 if self.start else 0

    def _say(self, draft: Draft, said: Said) -> None:
        """A span has the answer as a whole: it is one chunk, at the time of its first token if that is known."""
        t = min(self._first_token(), self._length, MOST)
        known = t < self._length
        message = "A span has no chunks: the answer is one, at the time of " + ("its first." if known else "its end.")
        draft.emit(0, NOTICE, {"code": "no_chunks", "message": message})
        if said.reasoning:
            draft.emit(t, CHUNK, {"reasoning": said.reasoning})
        if said.text:
            draft.emit(t, CHUNK, said.text)
        for call in said.tool_calls:
            draft.emit(t, CHUNK, {"tool_call": call})
        if usage := self._usage():
            draft.emit(self._length, USAGE, usage)

    def _first_token(self) -> int:
        """In µs since the start; that of the end where it is not known."""
        for name, at, _about in self._events:
            if _FIRST.search(name) and at >= self.start:
                return (at - self.start) // 1000
        for name in ("gen_ai.response.time_to_first_chunk", "gen_ai.server.time_to_first_token"):
            seconds = self._about.get(name)
            if isinstance(seconds, int | float) and 0 <= seconds < MOST / 1e6:
                return round(seconds * 1e6)
        return self._length

    def _outcome(self, said: Said) -> Outcome:
        status = object_of(self._span.get("status"))
        reasons = list_of(self._about.get("gen_ai.response.finish_reasons"))
        reason = said.finish_reason or next((text_of(reason) for reason in reasons), "") or None
        if status.get("code") in _ERRORS:
            code = self._first("error.type") or "failed"
            message = text_of(status.get("message")) or "The call failed; the span does not say why."
            return Outcome(RunStatus.FAILED, None, ErrorInfo(code[:60], message), self._usage(), 1)
        ended = RunStatus.FILTERED if reason == "content_filter" else RunStatus.COMPLETED
        return Outcome(ended, reason, None, self._usage(), 1)

    def _usage(self) -> Mapping[str, int] | None:
        given = ("gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens", "llm.token_count.prompt")
        made = ("gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens", "llm.token_count.completion")
        return openai_usage(self._count(*given), self._count(*made))

    def _count(self, *names: str) -> int | None:
        return next((found for name in names if (found := count_of(self._about.get(name))) is not None), None)

    def _first(self, *names: str) -> str:
        return next((text for name in names if (text := text_of(self._about.get(name)))), "")

    def _parameters(self) -> dict[str, Any]:
        """Those that a turn can have."""
        found: dict[str, Any] = {}
        for name, (low, high) in _NUMBERS.items():
            value = self._about.get(f"gen_ai.request.{name}")
            if isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high:
                found[name] = float(value)
        limit = count_of(self._about.get("gen_ai.request.max_tokens"))
        if limit is not None and 1 <= limit <= 1_000_000:
            found["max_tokens"] = limit
        return found


def _event(event: Mapping[str, Any]) -> SpanEvent:
    return text_of(event.get("name")), _nanoseconds(event.get("timeUnixNano")), attributes_of(event.get("attributes"))


def _nanoseconds(value: Any) -> int:
    """OTLP writes 64 bits as text."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
        value = int(value)
    return value if isinstance(value, int) and 0 <= value < _LATEST else 0


def _moment(nanoseconds: int) -> datetime | None:
    return _EPOCH + timedelta(microseconds=nanoseconds // 1000) if nanoseconds else None
