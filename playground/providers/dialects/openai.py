"""What OpenAI's two older dialects share: the request's body and headers, and how an answer is read.

Source: https://platform.openai.com/docs/api-reference/chat/streaming and …/completions; deviations of Azure, DeepSeek,
Groq, llama.cpp, Mistral, Ollama, OpenRouter, vLLM and xAI as their documentation and servers show them.
"""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import orjson

from playground.providers import loosejson
from playground.providers.dialects import logprobs
from playground.providers.dialects.base import HttpRequest, Part
from playground.providers.dialects.body import BodyParser, malformed
from playground.providers.endpoint import Endpoint
from playground.providers.errors import InvalidRequest
from playground.providers.request import GenerationRequest
from playground.recording.events import CHUNK, USAGE


class OpenAI:
    """A dialect of the family; `name`, `path` and `body` make the difference."""

    name: str
    label: ClassVar[str]
    path: str
    example: ClassVar[str] = "https://api.openai.com/v1"
    finish_reasons: ClassVar[Mapping[str, str]] = {"function_call": "tool_calls"}

    def request(self, endpoint: Endpoint, request: GenerationRequest) -> HttpRequest:
        """Raises InvalidRequest for text that is not Unicode."""
        body = {**_common(endpoint, request), **self.body(request)}
        given = {name: value for name, value in body.items() if value is not None} | dict(request.parameters.extra)
        try:
            content = orjson.dumps(given)
        except orjson.JSONEncodeError:
            raise InvalidRequest("The prompt holds half a character, which cannot be sent: enter it again.") from None
        return HttpRequest("POST", self.path, {**_credentials(endpoint), "content-type": "application/json"}, content)

    def body(self, request: GenerationRequest) -> dict[str, Any]:
        """What is not common to both dialects. A value of None is left to the provider."""
        raise NotImplementedError

    def parser(self, request: GenerationRequest) -> "OpenAIParser":
        return OpenAIParser(wants_stream=request.stream)

    def models_request(self, endpoint: Endpoint) -> HttpRequest:
        return HttpRequest("GET", "/models", _credentials(endpoint))

    def read_models(self, body: bytes) -> list[str]:
        """The names in an answer to `models_request`. Raises MalformedAnswer."""
        try:
            value, _ = loosejson.loads(body)
        except ValueError:
            raise malformed("broken JSON") from None
        models = value.get("data") if isinstance(value, dict) else None
        if not isinstance(models, list):
            raise malformed("JSON without a list of models")
        return [model["id"] for model in models if isinstance(model, dict) and isinstance(model.get("id"), str)]


def _credentials(endpoint: Endpoint) -> dict[str, str]:
    return {"authorization": f"Bearer {endpoint.api_key}"} if endpoint.api_key else {}


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

    def _event(self, value: Mapping[str, Any], end: int, parts: list[Part]) -> None:
        choices = value.get("choices")
        if choices:
            for choice in _objects(choices):
                self._choice(choice, end, parts)
        elif choices is None and "content" in value:
            raise malformed("tokens of another dialect")
        usage = value.get("usage")
        if usage is None and "x_groq" in value and isinstance(value["x_groq"], dict):
            usage = value["x_groq"].get("usage")
        if usage and isinstance(usage, dict):
            self.usage = usage
            parts.append(Part(USAGE, usage, end))

    def _answer(self, value: Mapping[str, Any], end: int, parts: list[Part]) -> None:
        if not isinstance(value.get("choices"), list):
            raise malformed("JSON without choices")
        self._event(value, end, parts)

    def _choice(self, choice: Mapping[str, Any], end: int, parts: list[Part]) -> None:
        index = choice.get("index")
        number = index if type(index) is int else 0
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
    data: dict[str, Any] = {}
    if content := delta.get("content") or delta.get("text"):
        data = {"text": content} if isinstance(content, str) else _of_blocks(content)
    if reasoning := delta.get("reasoning_content") or delta.get("reasoning"):
        data["reasoning"] = _string(reasoning)
    if refusal := delta.get("refusal"):
        data["refusal"] = _string(refusal)
    if data:
        yield data
    if calls := delta.get("tool_calls"):
        for position, call in enumerate(_objects(calls)):
            yield {"tool_call": _tool_call(call, position)}
    if isinstance(delta.get("function_call"), dict):  # before there were tools
        yield {"tool_call": _tool_call({"function": delta["function_call"]}, 0)}


def _tool_call(call: Mapping[str, Any], position: int) -> dict[str, Any]:
    function = call.get("function")
    function = function if isinstance(function, dict) else {}
    index = call.get("index")
    found: dict[str, Any] = {"index": index if type(index) is int else position}
    for name, value in (("id", call.get("id")), ("name", function.get("name"))):
        if value:
            found[name] = _string(value)
    arguments = function.get("arguments")
    if arguments is not None and arguments != "":
        # Some send an object instead of its JSON.
        found["arguments"] = arguments if isinstance(arguments, str) else orjson.dumps(arguments).decode()
    return found


def _of_blocks(content: Any) -> dict[str, Any]:
    """Mistral's `content` as a list of `{type: "text", text}` and `{type: "thinking", thinking: […]}`."""
    text, thinking = [], []
    for block in _objects(content):
        text.append(_string(block.get("text") or ""))
        thinking += [_string(part.get("text") or "") for part in _objects(block.get("thinking") or [])]
    found = {"text": "".join(text), "reasoning": "".join(thinking)}
    return {name: value for name, value in found.items() if value}


def _objects(value: Any) -> list[dict[str, Any]]:
    if isinstance(value, list):
        for item in value:
            if not isinstance(item, dict):
                break
        else:
            return value
    raise malformed("JSON of another shape")


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise malformed("JSON of another shape")
    return value
