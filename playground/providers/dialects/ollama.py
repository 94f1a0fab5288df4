"""`ollama`: POST /api/chat, Ollama's own API, which streams JSON lines. The base URL has no `/v1`.

Source: https://github.com/ollama/ollama/blob/main/docs/api.md, …/docs/openapi.yaml, …/docs/api/errors.mdx. The line
with `"done": true` ends the answer; an error in the stream is a line `{"error": "…"}` in a 200. Lines of /api/generate,
in which the text is `response`, are read as well.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

from playground.providers import refusals
from playground.providers.dialects import logprobs
from playground.providers.dialects.asking import JSON, bearer, body_of, names_in
from playground.providers.dialects.base import HttpRequest, Part
from playground.providers.dialects.body import ONE_CHUNK, BodyParser, malformed
from playground.providers.dialects.reading import (
    call_piece,
    mapping,
    objects,
    string,
    whole,
)
from playground.providers.dialects.translation import (
    called_names,
    calls_of,
    counted,
    filled,
    functions_of,
    json_schema_of,
    parted,
)
from playground.providers.endpoint import Endpoint
from playground.providers.errors import MalformedAnswer, NotAModelAnswer, ProviderError
from playground.providers.ndjson import NDJSONDecoder, NDJSONLine
from playground.providers.request import GenerationRequest, Message, Parameters
from playground.recording.events import CHUNK, NOTICE, USAGE

# Parameters that other programs send beside the messages, and Ollama takes under `options`.
OPTIONS: Final = [
    "frequency_penalty",
    "min_p",
    "mirostat",
    "mirostat_eta",
    "mirostat_tau",
    "num_batch",
    "num_ctx",
    "num_gpu",
    "num_keep",
    "num_predict",
    "num_thread",
    "presence_penalty",
    "repeat_last_n",
    "repeat_penalty",
    "top_k",
    "typical_p",
]
WORDS: Final = {
    **{name: name for name in OPTIONS},
    "max_completion_tokens": "num_predict",
    "reasoning_effort": "reasoning_effort",
    "response_format": "response_format",
}
_USAGE: Final = [
    "prompt_eval_count",
    "eval_count",
    "total_duration",
    "load_duration",
    "prompt_eval_duration",
    "eval_duration",
]


class Ollama:
    name = "ollama"
    label: ClassVar[str] = "Ollama"
    example: ClassVar[str] = "http://127.0.0.1:11434"
    finish_reasons: ClassVar[Mapping[str, str]] = {}  # `stop` and `length`, as OpenAI calls them; `load`, `unload`

    def request(self, endpoint: Endpoint, request: GenerationRequest) -> HttpRequest:
        """Raises InvalidRequest."""
        parameters = request.parameters
        known, rest, ignored = parted(parameters.extra, WORDS)
        effort, response_format = known.pop("reasoning_effort", None), known.pop("response_format", None)
        tools = [] if parameters.tool_choice == "none" else functions_of(parameters)
        wants_json, schema = json_schema_of(response_format)
        options = filled(_options(parameters) | known | dict(mapping(rest.pop("options", None))))
        words = {
            "model": request.model,
            "messages": _messages(request.messages),
            "stream": request.stream and endpoint.supports_streaming,
            "tools": [{"type": "function", "function": function} for function in tools] or None,
            "options": options or None,
            "format": (schema or "json") if wants_json else None,
            "think": False if effort == "none" else effort,
            "logprobs": True if parameters.logprobs else None,
            "top_logprobs": parameters.top_logprobs if parameters.logprobs else None,
        }
        if parameters.tool_choice not in (None, "auto", "none"):
            ignored = ("tool_choice", *ignored)
        return HttpRequest("POST", "/api/chat", {**bearer(endpoint), **JSON}, body_of(words, rest), ignored)

    def parser(self, request: GenerationRequest) -> "OllamaParser":
        return OllamaParser(wants_stream=request.stream)

    def models_request(self, endpoint: Endpoint) -> HttpRequest:
        return HttpRequest("GET", "/api/tags", bearer(endpoint))

    def read_models(self, body: bytes) -> list[str]:
        """Raises MalformedAnswer."""
        return names_in(body, "models", "name")


def _options(parameters: Parameters) -> dict[str, Any]:
    return {
        "temperature": parameters.temperature,
        "top_p": parameters.top_p,
        "num_predict": parameters.max_tokens,
        "stop": list(parameters.stop) or None,
        "seed": parameters.seed,
    }


def _messages(messages: Sequence[Message]) -> list[dict[str, Any]]:
    """A call's arguments are an object, and the answer to it names the tool."""
    names = called_names(messages)
    said = []
    for message in messages:
        calls = [
            {"id": call.id or None, "function": {"name": call.name, "arguments": call.as_object()}}
            for call in calls_of(message)
        ]
        answered = message.extra.get("tool_call_id")
        name = names.get(str(answered)) or message.extra.get("name")
        said.append(
            filled(
                {
                    "role": message.role,
                    "content": message.content,
                    "tool_calls": [filled(call) for call in calls] or None,
                    "tool_name": name if message.role == "tool" else None,
                    "tool_call_id": answered,
                }
            )
        )
    return said


class OllamaParser(BodyParser):
    """Reads lines; an answer in one piece is one line. A tool call comes whole; several have the indexes 0, 1, …"""

    def __init__(self, *, wants_stream: bool) -> None:
        super().__init__(wants_stream=wants_stream)
        self._lines = NDJSONDecoder()
        self._calls = 0

    def feed(self, raw: bytes) -> list[Part]:
        return [] if self._over else self._read(self._lines.feed(raw))

    def close(self) -> list[Part]:
        parts = [] if self._over else self._read(self._lines.close(), closing=True)
        return parts + super().close()

    def _read(self, lines: list[NDJSONLine], *, closing: bool = False) -> list[Part]:
        parts: list[Part] = []
        try:
            for line in lines:
                self._line(line, parts)
                if self.done:
                    return parts
        except ProviderError as error:
            # A line that the end of the body cut off is a sign of that, not of a broken provider.
            cut = closing and self._understood and isinstance(error, MalformedAnswer)
            self.error = None if cut else error
        self.error = self.error or self._lines.error
        return parts

    def _line(self, line: NDJSONLine, parts: list[Part]) -> None:
        if line.data.startswith(b"<"):
            raise NotAModelAnswer(
                "The address answered with a web page: check that the base URL is Ollama's own, without /v1."
            )
        value = self._repaired(line.data, line.end, parts)
        if not isinstance(value, dict):
            raise malformed("JSON that is no object")
        if refusals.is_error(value):
            raise refusals.from_object(value)
        found: list[Part] = []
        self._event(value, line.end, found)
        if self.done and self._wants_stream and not self._understood and any(part.kind == CHUNK for part in found):
            parts.append(Part(NOTICE, ONE_CHUNK, line.end))
        parts += found
        self._understood = True

    def _event(self, value: Mapping[str, Any], end: int, parts: list[Part]) -> None:
        if value.keys().isdisjoint({"message", "response", "done"}):
            raise malformed("JSON without a message")
        message = mapping(value.get("message")) or value
        told: dict[str, Any] = {
            "text": string(message.get("content") or value.get("response") or ""),
            "reasoning": string(message.get("thinking") or ""),
            "logprobs": logprobs.normalised({"content": value.get("logprobs")}),
        }
        data = {name: value for name, value in told.items() if value}
        if data:
            parts.append(Part(CHUNK, data["text"] if data.keys() == {"text"} else data, end))
        for call in objects(message.get("tool_calls") or []):
            function = mapping(call.get("function"))
            piece = call_piece(self._calls, call.get("id"), function.get("name"), function.get("arguments") or {})
            parts.append(Part(CHUNK, piece, end))
            self._calls += 1
        if value.get("done"):
            self._end(value, end, parts)

    def _answer(self, value: Mapping[str, Any], end: int, parts: list[Part]) -> None:
        self._event(value, end, parts)

    def _end(self, value: Mapping[str, Any], end: int, parts: list[Part]) -> None:
        """Durations are in nanoseconds."""
        self.finish_reason = string(value.get("done_reason") or "") or None
        own = {name: value[name] for name in _USAGE if name in value}
        if whole(own.get("eval_count")) or whole(own.get("prompt_eval_count")):
            self.usage = counted(own, own.get("prompt_eval_count"), own.get("eval_count"))
            parts.append(Part(USAGE, self.usage, end))
        self.done = True
