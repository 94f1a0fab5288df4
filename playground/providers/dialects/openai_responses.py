"""`openai-responses`: POST /responses, OpenAI's newer dialect, whose events say by their `type` what they are.

Source: https://platform.openai.com/docs/api-reference/responses and …/responses-streaming. Nothing is stored with the
provider unless `store` is asked for, as with the other dialects.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from playground.providers.dialects.asking import JSON, asked_for, bearer, body_of, names_in, system_and_rest
from playground.providers.dialects.base import HttpRequest
from playground.providers.dialects.openai_responses_answer import ResponsesParser
from playground.providers.dialects.translation import calls_of, filled, forced_name, parted
from playground.providers.endpoint import Endpoint
from playground.providers.request import GenerationRequest, Message, Parameters

# What OpenAI's chat and this dialect have in common beyond the parameters, by the names that it has here.
WORDS: Final = {
    "max_completion_tokens": "max_output_tokens",
    "metadata": "metadata",
    "parallel_tool_calls": "parallel_tool_calls",
    "prompt_cache_key": "prompt_cache_key",
    "reasoning_effort": "reasoning",
    "response_format": "text",
    "safety_identifier": "safety_identifier",
    "service_tier": "service_tier",
    "store": "store",
    "user": "user",
    "verbosity": "verbosity",
}


class OpenAIResponses:
    name = "openai-responses"
    label: ClassVar[str] = "OpenAI responses"
    example: ClassVar[str] = "https://api.openai.com/v1"
    finish_reasons: ClassVar[Mapping[str, str]] = {"completed": "stop", "max_output_tokens": "length"}

    def request(self, endpoint: Endpoint, request: GenerationRequest) -> HttpRequest:
        """Raises InvalidRequest for text that is not Unicode."""
        parameters = request.parameters
        system, messages = system_and_rest(request.messages)
        known, own, strange = parted(parameters.extra, WORDS)
        body = {
            "model": request.model,
            "instructions": system or None,
            "input": [item for message in messages for item in _items(message)],
            "stream": request.stream and endpoint.supports_streaming,
            "store": False,
            "temperature": parameters.temperature,
            "top_p": parameters.top_p,
            "max_output_tokens": parameters.max_tokens,
            "tools": [_tool(tool) for tool in parameters.tools] or None,
            "tool_choice": _choice(parameters),
            "include": ["message.output_text.logprobs"] if parameters.logprobs else None,
            "top_logprobs": parameters.top_logprobs if parameters.logprobs else None,
            **filled(_shaped(known)),
        }
        ignored = (*asked_for(parameters, ("stop", "seed")), *strange)
        return HttpRequest("POST", "/responses", {**bearer(endpoint), **JSON}, body_of(body, own), ignored)

    def parser(self, request: GenerationRequest) -> ResponsesParser:
        return ResponsesParser(wants_stream=request.stream)

    def models_request(self, endpoint: Endpoint) -> HttpRequest:
        return HttpRequest("GET", "/models", bearer(endpoint))

    def read_models(self, body: bytes) -> list[str]:
        return names_in(body)


def _items(message: Message) -> list[dict[str, Any]]:
    """A message as items of the input: a tool call and its result are items of their own."""
    if message.role == "tool":
        call_id = str(message.extra.get("tool_call_id") or "")
        return [{"type": "function_call_output", "call_id": call_id, "output": message.content}]
    calls: list[dict[str, Any]] = [
        {"type": "function_call", "call_id": call.id, "name": call.name, "arguments": call.arguments}
        for call in calls_of(message)
    ]
    if message.content or not calls:
        return [{"role": message.role, "content": message.content}, *calls]
    return calls


def _tool(tool: Mapping[str, Any]) -> dict[str, Any]:
    """A function is flat here, and by default strict, which it is not in OpenAI's chat; other tools go as they are."""
    function = tool.get("function")
    return {"type": "function", "strict": False, **function} if isinstance(function, Mapping) else dict(tool)


def _choice(parameters: Parameters) -> Any:
    name = forced_name(parameters.tool_choice)
    return {"type": "function", "name": name} if name else parameters.tool_choice


def _shaped(known: Mapping[str, Any]) -> dict[str, Any]:
    """What has another shape here: `reasoning: {effort}`, and `text: {format, verbosity}`."""
    shaped = {name: value for name, value in known.items() if name not in ("reasoning", "text", "verbosity")}
    if known.get("reasoning"):
        shaped["reasoning"] = {"effort": known["reasoning"]}
    text = filled({"format": _format(known.get("text")), "verbosity": known.get("verbosity")})
    return {**shaped, "text": text} if text else shaped


def _format(response_format: Any) -> Any:
    """`{type: "json_schema", json_schema: {name, schema}}` with the schema's members beside its type."""
    schema = response_format.get("json_schema") if isinstance(response_format, Mapping) else None
    return {"type": "json_schema", **schema} if isinstance(schema, Mapping) else response_format
