"""What OpenAI's two older dialects share: the request's body and headers, and how an answer is read.

Source: https://platform.openai.com/docs/api-reference/chat/streaming and …/completions. What other servers do
differently is in `openai_quirks`.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from playground.providers import refusals
from playground.providers.dialects import logprobs
from playground.providers.dialects.asking import JSON, bearer, body_of, names_in
from playground.providers.dialects.base import HttpRequest, Part
from playground.providers.dialects.body import BodyParser, malformed
from playground.providers.dialects.openai_quirks import (
    CITATIONS,
    CITED,
    ERRORS,
    FINISH_REASONS,
    RARE,
    REASONING,
    USAGE,
    Path,
)
from playground.providers.dialects.reading import at, call_piece, citations, mapping, objects, place, string
from playground.providers.endpoint import Endpoint
from playground.providers.request import GenerationRequest
from playground.recording.events import CHUNK
from playground.recording.events import USAGE as USAGE_EVENT


class OpenAI:
    """A dialect of the family; `name`, `path`, `body` and `unsaid` make the difference."""

    name: str
    label: ClassVar[str]
    path: str
    example: ClassVar[str] = "https://api.openai.com/v1"
    finish_reasons: ClassVar[Mapping[str, str]] = FINISH_REASONS

    def request(self, endpoint: Endpoint, request: GenerationRequest) -> HttpRequest:
        """Raises InvalidRequest for text that is not Unicode."""
        body = body_of({**_common(endpoint, request), **self.body(request)}, request.parameters.extra)
        return HttpRequest("POST", self.path, {**bearer(endpoint), **JSON}, body, self.unsaid(request))

    def body(self, request: GenerationRequest) -> dict[str, Any]:
        """What is not common to both dialects. A value of None is left to the provider."""
        raise NotImplementedError

    def unsaid(self, request: GenerationRequest) -> tuple[str, ...]:
        """The parameters that the dialect has no word for."""
        return ()

    def parser(self, request: GenerationRequest) -> "OpenAIParser":
        return OpenAIParser(wants_stream=request.stream)

    def models_request(self, endpoint: Endpoint) -> HttpRequest:
        return HttpRequest("GET", "/models", bearer(endpoint))

    def read_models(self, body: bytes) -> list[str]:
        """The names in an answer to `models_request`. Raises MalformedAnswer."""
        return names_in(body)


def _common(endpoint: Endpoint, request: GenerationRequest) -> dict[str, Any]:
    """What both dialects call by the same name."""
    parameters = request.parameters
    stream = request.stream and endpoint.supports_streaming
    return {
        "model": request.model,
        "stream": stream,
        "stream_options": {"include_usage": True} if stream else None,
        "temperature": parameters.temperature,
        "top_p": parameters.top_p,
        "max_tokens": parameters.max_tokens,
        "stop": list(parameters.stop) or None,
        "seed": parameters.seed,
    }


class OpenAIParser(BodyParser):
    """Reads `choices`, of either dialect: some servers answer one in the shape of the other."""

    def __init__(self, *, wants_stream: bool) -> None:
        super().__init__(wants_stream=wants_stream)
        self._cited: list[dict[str, Any]] = []

    def _event(self, value: Mapping[str, Any], end: int, parts: list[Part]) -> None:
        rare = not RARE.isdisjoint(value)
        if rare and (error := _first(value, ERRORS)):
            raise refusals.from_object({"error": error})
        choices = value.get("choices")
        if choices:
            for choice in objects(choices):
                self._choice(choice, end, parts)
        elif choices is None and "content" in value:
            raise malformed("tokens of another dialect")
        if rare and (cited := self._uncited(_first(value, CITATIONS))):
            parts.append(Part(CHUNK, {"citations": cited}, end))
        usage = value.get("usage") or (_first(value, USAGE) if rare else None)
        if isinstance(usage, dict):
            self.usage = usage
            parts.append(Part(USAGE_EVENT, usage, end))

    def _answer(self, value: Mapping[str, Any], end: int, parts: list[Part]) -> None:
        if not isinstance(value.get("choices"), list):
            raise malformed("JSON without choices")
        self._event(value, end, parts)

    def _uncited(self, value: Any) -> list[dict[str, Any]]:
        """Citations that have not come before: some servers send all of them with every event."""
        new = [one for one in citations(value) if one not in self._cited]
        self._cited += new
        return new

    def _choice(self, choice: Mapping[str, Any], end: int, parts: list[Part]) -> None:
        number = place(choice.get("index"))
        reason = choice.get("finish_reason")
        if reason and isinstance(reason, str) and (number == 0 or self.finish_reason is None):
            self.finish_reason = reason
        extras: dict[str, Any] = {"choice": number} if number else {}
        probabilities = choice.get("logprobs")
        shaped = logprobs.normalised(probabilities) if probabilities else []
        for data in _chunks(choice):
            if shaped:
                data["logprobs"] = shaped
                shaped = []
            data.update(extras)
            parts.append(Part(CHUNK, data["text"] if len(data) == 1 and "text" in data else data, end))
        if shaped:  # a token that completes no character has a probability and no text
            parts.append(Part(CHUNK, {"logprobs": shaped, **extras}, end))


def _chunks(choice: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The chunks of one choice, without `logprobs` and `choice`. What is empty or null is none."""
    delta = choice.get("delta") or choice.get("message") or choice
    if not isinstance(delta, dict):
        raise malformed("a delta that is no object")
    content = delta.get("content")
    if len(delta) == 1 and content and type(content) is str:  # as nearly all are
        yield {"text": content}
        return
    data: dict[str, Any] = {}
    if content := content or delta.get("text"):
        data = {"text": content} if isinstance(content, str) else _of_blocks(content)
    if reasoning := _first(delta, REASONING):
        data["reasoning"] = string(reasoning)
    if refusal := delta.get("refusal"):
        data["refusal"] = string(refusal)
    if cited := citations(_first(delta, CITED)):
        data["citations"] = cited
    if data:
        yield data
    yield from _tool_calls(delta)


def _tool_calls(delta: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    if calls := delta.get("tool_calls"):
        for position, call in enumerate(objects([calls] if isinstance(calls, dict) else calls)):
            yield _tool_call(call, position)
    if isinstance(delta.get("function_call"), dict):  # before there were tools
        yield _tool_call({"function": delta["function_call"]}, 0)


def _first(value: Mapping[str, Any], paths: Sequence[Path]) -> Any:
    """What stands at the first of `paths` that holds something; None if none does."""
    for path in paths:
        if path[0] in value and (found := at(value, path)):
            return found
    return None


def _tool_call(call: Mapping[str, Any], position: int) -> dict[str, Any]:
    function = mapping(call.get("function"))
    index = place(call.get("index"), position)
    return call_piece(index, call.get("id"), function.get("name"), function.get("arguments"))


def _of_blocks(content: Any) -> dict[str, Any]:
    """Mistral's `content` as a list of `{type: "text", text}` and `{type: "thinking", thinking: […]}`."""
    text, thinking = [], []
    for block in objects(content):
        text.append(string(block.get("text") or ""))
        thinking += [string(part.get("text") or "") for part in objects(block.get("thinking") or [])]
    found = {"text": "".join(text), "reasoning": "".join(thinking)}
    return {name: value for name, value in found.items() if value}
