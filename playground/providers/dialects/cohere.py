"""`cohere`: POST /chat, version 2 of Cohere's API. The base URL ends with `/v2`.

Source: https://docs.cohere.com/reference/chat, …/reference/chat-stream, …/v2/docs/streaming; the list of models is in
version 1: https://docs.cohere.com/reference/list-models. `message-end` ends the answer; a `[DONE]` may follow it.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

from playground.providers import refusals
from playground.providers.dialects.asking import JSON, asked_for, bearer, body_of, names_in
from playground.providers.dialects.base import HttpRequest, Part
from playground.providers.dialects.body import BodyParser, malformed
from playground.providers.dialects.reading import call_piece, citations, mapping, number, objects, place, string
from playground.providers.dialects.translation import counted, filled, forced_name, functions_of, json_schema_of, parted
from playground.providers.endpoint import Endpoint
from playground.providers.errors import Overloaded
from playground.providers.request import GenerationRequest, Message, Parameters
from playground.recording.events import CHUNK, USAGE

WORDS: Final = {
    "top_k": "k",
    "max_completion_tokens": "max_tokens",
    "frequency_penalty": "frequency_penalty",
    "presence_penalty": "presence_penalty",
    "response_format": "response_format",
}
_CHOICES: Final = {"required": "REQUIRED", "none": "NONE"}  # `auto` is what it does without being told
_MODELS: Final = "models?endpoint=chat&page_size=1000"


class Cohere:
    name = "cohere"
    label: ClassVar[str] = "Cohere (API version 2)"
    example: ClassVar[str] = "https://api.cohere.com/v2"
    finish_reasons: ClassVar[Mapping[str, str]] = {
        "COMPLETE": "stop",
        "STOP_SEQUENCE": "stop",
        "MAX_TOKENS": "length",
        "TOOL_CALL": "tool_calls",
    }

    def request(self, endpoint: Endpoint, request: GenerationRequest) -> HttpRequest:
        """Raises InvalidRequest."""
        parameters = request.parameters
        known, rest, ignored = parted(parameters.extra, WORDS)
        wants_json, schema = json_schema_of(known.pop("response_format", None))
        words = {
            "model": request.model,
            "messages": _messages(request.messages),
            "stream": request.stream and endpoint.supports_streaming,
            "temperature": parameters.temperature,
            "p": parameters.top_p,
            "max_tokens": parameters.max_tokens,
            "stop_sequences": list(parameters.stop) or None,
            "seed": parameters.seed,
            "logprobs": True if parameters.logprobs else None,
            "response_format": filled({"type": "json_object", "json_schema": schema}) if wants_json else None,
            **_tools(parameters),
            **known,
        }
        ignored = (*asked_for(parameters, ["top_logprobs"]), *ignored)
        return HttpRequest("POST", "/chat", {**bearer(endpoint), **JSON}, body_of(words, rest), ignored)

    def parser(self, request: GenerationRequest) -> "CohereParser":
        return CohereParser(wants_stream=request.stream)

    def models_request(self, endpoint: Endpoint) -> HttpRequest:
        """Only version 1 has the list: it stands beside the base URL's `/v2`."""
        version_2 = endpoint.base_url.rstrip("/").endswith("/v2")
        return HttpRequest("GET", f"/../v1/{_MODELS}" if version_2 else f"/{_MODELS}", bearer(endpoint))

    def read_models(self, body: bytes) -> list[str]:
        """Raises MalformedAnswer."""
        return names_in(body, "models", "name")


def _messages(messages: Sequence[Message]) -> list[dict[str, Any]]:
    """Nearly OpenAI's; a message that calls tools has no content, and what it says is its plan."""
    said = []
    for message in messages:
        calls = message.extra.get("tool_calls")
        plan = {"tool_plan": message.content or None, "tool_calls": calls} if calls else {"content": message.content}
        answered = message.extra.get("tool_call_id") if message.role == "tool" else None
        said.append(filled({"role": message.role, **plan, "tool_call_id": answered}))
    return said


def _tools(parameters: Parameters) -> dict[str, Any]:
    """There is no word for "this one": where one function is demanded, it is the only one that is offered."""
    offered, choice = functions_of(parameters), parameters.tool_choice
    if name := forced_name(choice):
        offered, choice = [function for function in offered if function.get("name") == name], "required"
    return {
        "tools": [{"type": "function", "function": function} for function in offered] or None,
        "tool_choice": _CHOICES.get(choice) if offered and isinstance(choice, str) else None,
    }


class CohereParser(BodyParser):
    """Reads events by their `type`. A plan for the tools is reasoning."""

    ends_with_done = False

    def _event(self, value: Mapping[str, Any], end: int, parts: list[Part]) -> None:
        kind = value.get("type")
        if not isinstance(kind, str):
            raise malformed("tokens of another dialect")
        delta = mapping(value.get("delta"))
        message = mapping(delta.get("message"))
        if kind in {"content-start", "content-delta"}:
            self._content(mapping(message.get("content")), value, end, parts)
        elif kind == "tool-plan-delta":
            _add(parts, end, reasoning=string(message.get("tool_plan") or ""))
        elif kind in {"tool-call-start", "tool-call-delta"}:
            parts.append(Part(CHUNK, _call(mapping(message.get("tool_calls")), place(value.get("index"))), end))
        elif kind == "citation-start":
            _add(parts, end, citations=citations([message.get("citations")]))
        elif kind == "message-end":
            self._end(delta, end, parts)

    def _content(self, content: Mapping[str, Any], event: Mapping[str, Any], end: int, parts: list[Part]) -> None:
        _add(
            parts,
            end,
            text=string(content.get("text") or ""),
            reasoning=string(content.get("thinking") or ""),
            logprobs=_logprobs(event.get("logprobs")),
        )

    def _answer(self, value: Mapping[str, Any], end: int, parts: list[Part]) -> None:
        message = value.get("message")
        if not isinstance(message, dict):
            raise malformed("JSON without a message")
        _add(parts, end, reasoning=string(message.get("tool_plan") or ""))
        for content in objects(message.get("content") or []):
            self._content(content, {}, end, parts)
        _add(parts, end, logprobs=[entry for item in objects(value.get("logprobs") or []) for entry in _logprobs(item)])
        for index, call in enumerate(objects(message.get("tool_calls") or [])):
            parts.append(Part(CHUNK, _call(call, index), end))
        _add(parts, end, citations=citations(message.get("citations")))
        self._end(value, end, parts)

    def _end(self, value: Mapping[str, Any], end: int, parts: list[Part]) -> None:
        """`tokens` counts all that the model read and wrote, `billed_units` what is paid for. Raises ProviderError."""
        self.finish_reason = string(value.get("finish_reason") or "") or None
        if own := mapping(value.get("usage")):
            tokens = mapping(own.get("tokens")) or mapping(own.get("billed_units"))
            self.usage = counted(own, tokens.get("input_tokens"), tokens.get("output_tokens"))
            parts.append(Part(USAGE, self.usage, end))
        if self.finish_reason == "ERROR":
            raise refusals.from_object({"message": value.get("error") or "", "type": "server_error"})
        if self.finish_reason == "TIMEOUT":
            raise Overloaded("The provider ran out of time in mid-answer: continue or retry it in a while.")
        self.done = True


def _add(parts: list[Part], end: int, **told: Any) -> None:
    """A chunk of what is not empty, if anything is."""
    data = {name: value for name, value in told.items() if value}
    if data:
        parts.append(Part(CHUNK, data["text"] if data.keys() == {"text"} else data, end))


def _call(call: Mapping[str, Any], index: int) -> dict[str, Any]:
    function = mapping(call.get("function"))
    return call_piece(index, call.get("id"), function.get("name"), function.get("arguments"))


def _logprobs(item: Any) -> list[dict[str, Any]]:
    """`{text, token_ids, logprobs}` of a piece. Where it is several tokens, only the first can carry the text."""
    told = mapping(item)
    numbers = told.get("logprobs")
    text = string(told.get("text") or "")
    values = numbers if isinstance(numbers, list) else []
    return [{"token": "" if position else text, "logprob": number(value)} for position, value in enumerate(values)]
