"""A recorded run as OpenTelemetry spans in OTLP's JSON, by the semantic conventions for generative AI (1.37).

Source: https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/ and …/proto/otlp. The trace has the
id of the run; each attempt and each step is a span below the run's.
"""

import hashlib
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

import orjson

from playground.interchange.answers import Answer, answer_of
from playground.recording.events import (
    ATTEMPT_FAILED,
    ATTEMPT_STARTED,
    CHUNK,
    NOTICE,
    RESPONSE_HEADERS,
    STEP_ENDED,
    STEP_STARTED,
    Event,
)
from playground.recording.session_file import RecordedRun, RecordedTurn

CLIENT: Final = 3
INTERNAL: Final = 1
ERROR: Final = 2
FIRST_CHUNK: Final = "playground.first_chunk"
_PROVIDERS: Final = {"anthropic": "anthropic", "gemini": "gcp.gemini", "cohere": "cohere", "openai": "openai"}
_REQUEST: Final = {
    "temperature": "gen_ai.request.temperature",
    "top_p": "gen_ai.request.top_p",
    "max_tokens": "gen_ai.request.max_tokens",
    "seed": "gen_ai.request.seed",
    "stop": "gen_ai.request.stop_sequences",
}
_OPERATIONS: Final = {"chat_model": "chat", "llm": "text_completion", "tool": "execute_tool"}

Attributes = Mapping[str, Any]


def otlp(turn: RecordedTurn, run: RecordedRun, run_id: str) -> bytes:
    """A JSON document of one trace, as `POST /v1/traces` takes it."""
    spans = list(_Trace(turn, run, run_id).spans())
    scope = {"scope": {"name": "playground", "version": "1"}, "spans": spans}
    resource = {"attributes": _attributes({"service.name": "streaming-playground"})}
    return orjson.dumps({"resourceSpans": [{"resource": resource, "scopeSpans": [scope]}]})


class _Trace:
    def __init__(self, turn: RecordedTurn, run: RecordedRun, run_id: str) -> None:
        self._turn = turn
        self._run = run
        self._id = run_id
        self._answer = answer_of(run.events)
        self._start = _nanoseconds(run.started_at)
        self._end = run.events[-1].t
        self._has_steps = any(event.kind == STEP_STARTED for event in run.events)

    def spans(self) -> Iterator[dict[str, Any]]:
        chunk = next((event for event in self._run.events if event.kind == CHUNK), None)
        name = f"{self._operation} {self._model}"
        root = self._span("", name, 0, self._end, self._about(self._answer), kind=CLIENT)
        moments = [(FIRST_CHUNK, chunk.t)] if chunk else []
        notices = [event for event in self._run.events if event.kind == NOTICE]
        moments += [(f"playground.{_object(event).get('code')}", event.t) for event in notices]
        root["events"] = [{"name": name, **self._at("timeUnixNano", t), "attributes": []} for name, t in moments]
        if self._answer.error:
            root["status"] = {"code": ERROR, "message": self._answer.error["message"]}
        yield root
        yield from self._attempts()
        yield from self._steps()

    @property
    def _operation(self) -> str:
        if self._has_steps:
            return "invoke_agent"
        return "text_completion" if self._answer.dialect == "openai-completions" else "chat"

    @property
    def _model(self) -> str:
        return self._run.model.partition("/")[2] or self._run.model

    def _about(self, answer: Answer) -> Attributes:
        provider = _PROVIDERS.get(answer.dialect.partition("-")[0], answer.dialect or "playground")
        usage = answer.usage or {}
        found = {
            "gen_ai.operation.name": self._operation,
            "gen_ai.provider.name": provider,
            "gen_ai.request.model": self._model,
            "gen_ai.output.type": "text",
            **{name: self._turn.parameters.get(ours) for ours, name in _REQUEST.items()},
            "gen_ai.response.finish_reasons": [answer.finish_reason] if answer.finish_reason else None,
            "gen_ai.usage.input_tokens": usage.get("prompt_tokens", usage.get("input_tokens")),
            "gen_ai.usage.output_tokens": usage.get("completion_tokens", usage.get("output_tokens")),
            "gen_ai.input.messages": orjson.dumps([_message(m) for m in self._run.messages]).decode(),
            "gen_ai.output.messages": orjson.dumps([_output(answer)]).decode(),
            "error.type": answer.error["code"] if answer.error else None,
            "playground.run.id": self._id,
            "playground.run.model": self._run.model,
            "playground.run.status": answer.status,
        }
        return {name: value for name, value in found.items() if value is not None}

    def _attempts(self) -> Iterator[dict[str, Any]]:
        """From one request to the next, or to its failure."""
        starts = [event for event in self._run.events if event.kind == ATTEMPT_STARTED]
        for place, event in enumerate(starts, 1):
            data = _object(event)
            number = data.get("attempt") or place
            mine = [event for event in self._run.events if _object(event).get("attempt") == number]
            failed = next((event for event in mine if event.kind == ATTEMPT_FAILED), None)
            why = _object(failed) if failed else {}
            status = next((_object(event).get("status") for event in mine if event.kind == RESPONSE_HEADERS), None)
            url = str(data.get("url") or "")
            about = {
                "http.request.method": data.get("method"),
                "url.full": url or None,
                "server.address": _host(url),
                "http.response.status_code": status,
                "http.request.resend_count": number - 1 if number > 1 else None,
                "error.type": why.get("code"),
            }
            end = failed.t if failed else starts[place].t if place < len(starts) else self._end
            span = self._span(f"attempt {number}", f"attempt {number}", event.t, end, about, kind=CLIENT)
            if failed:
                span["status"] = {"code": ERROR, "message": why.get("message") or ""}
            yield span

    def _steps(self) -> Iterator[dict[str, Any]]:
        ends = {str(_object(event).get("step")): event for event in self._run.events if event.kind == STEP_ENDED}
        starts = {str(_object(event).get("step")): event for event in self._run.events if event.kind == STEP_STARTED}
        for step, event in starts.items():
            data, ended = _object(event), ends.get(step)
            kind, name = str(data.get("type") or ""), str(data.get("name") or "")
            error = _object(ended).get("error") if ended else None
            operation = _OPERATIONS.get(kind)
            about = {
                "gen_ai.operation.name": operation,
                "gen_ai.tool.name": name if kind == "tool" else None,
                "playground.step.type": kind or None,
                "playground.step.tags": [str(tag) for tag in data.get("tags") or ()] or None,
                "input.value": _text(data.get("input")),
                "output.value": _text(_object(ended).get("output")) if ended else None,
                "error.type": (error.get("type") or "Error") if error is not None else None,
            }
            parent = str(data.get("parent"))
            shown = f"{operation} {name}" if operation else name
            end = ended.t if ended else self._end
            above = f"step {parent}" if parent in starts else ""
            span = self._span(f"step {step}", shown, event.t, end, about, above=above)
            if error is not None:
                span["status"] = {"code": ERROR, "message": error.get("message") or ""}
            yield span

    def _span(
        self, key: str, name: str, start: int, end: int, about: Attributes, *, kind: int = INTERNAL, above: str = ""
    ) -> dict[str, Any]:
        """`key` names the span in its run, `above` its parent; "" is the run's own."""
        return {
            "traceId": _trace_id(self._id),
            "spanId": _span_id(self._id, key),
            "parentSpanId": _span_id(self._id, above) if key else "",
            "name": name,
            "kind": kind,
            **self._at("startTimeUnixNano", start),
            **self._at("endTimeUnixNano", end),
            "attributes": _attributes(about),
        }

    def _at(self, name: str, t: int) -> dict[str, str]:
        return {name: str(self._start + t * 1000)}


def _message(message: Mapping[str, Any]) -> dict[str, Any]:
    parts: list[dict[str, Any]] = []
    if message.get("tool_call_id"):
        response = {"id": message["tool_call_id"], "response": message["content"]}
        return {"role": "tool", "parts": [{"type": "tool_call_response", **response}]}
    if message["content"]:
        parts.append({"type": "text", "content": message["content"]})
    calls = message.get("tool_calls")
    for call in calls if isinstance(calls, list) else ():
        function = call.get("function") if isinstance(call, dict) else None
        if isinstance(function, dict):
            named = {"id": call.get("id"), "name": function.get("name"), "arguments": function.get("arguments")}
            parts.append({"type": "tool_call", **named})
    return {"role": message["role"], "parts": parts}


def _output(answer: Answer) -> dict[str, Any]:
    parts: list[dict[str, Any]] = []
    if answer.reasoning:
        parts.append({"type": "reasoning", "content": answer.reasoning})
    if answer.text:
        parts.append({"type": "text", "content": answer.text})
    parts += [{"type": "tool_call", **call} for call in answer.tool_calls]
    return {"role": "assistant", "parts": parts, "finish_reason": answer.finish_reason or answer.status}


def _attributes(values: Attributes) -> list[dict[str, Any]]:
    return [{"key": name, "value": _value(value)} for name, value in values.items() if value is not None]


def _value(value: Any) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}  # as protobuf's JSON writes 64 bits
    if isinstance(value, float):
        return {"doubleValue": value}
    if isinstance(value, list | tuple):
        return {"arrayValue": {"values": [_value(item) for item in value]}}
    return {"stringValue": value if isinstance(value, str) else orjson.dumps(value).decode()}


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else orjson.dumps(value).decode()


def _object(event: Event) -> Mapping[str, Any]:
    return {} if isinstance(event.data, str) else event.data


def _host(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


def _trace_id(run_id: str) -> str:
    try:
        return UUID(run_id).hex
    except ValueError:
        return hashlib.sha256(run_id.encode()).hexdigest()[:32]


def _span_id(run_id: str, key: str) -> str:
    return hashlib.sha256(f"{run_id}/{key}".encode()).hexdigest()[:16]


def _nanoseconds(moment: datetime | None) -> int:
    return round(moment.timestamp() * 1_000_000) * 1000 if moment else 0
