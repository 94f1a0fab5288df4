"""`anthropic`: POST /messages.

Source: https://platform.claude.com/docs/en/api/messages. `max_tokens` is required there: without one, MAX_TOKENS.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

from playground.providers.dialects.anthropic_answer import AnthropicParser
from playground.providers.dialects.asking import JSON, asked_for, body_of, names_in, system_and_rest
from playground.providers.dialects.base import CONTENT_FILTER, HttpRequest
from playground.providers.dialects.translation import calls_of, filled, forced_name, parted
from playground.providers.endpoint import Endpoint
from playground.providers.request import GenerationRequest, Message, Parameters

MAX_TOKENS: Final = 4096
VERSION: Final = {"anthropic-version": "2023-06-01"}
CHOICES: Final = {"auto": "auto", "required": "any", "none": "none"}

# What OpenAI's chat and this dialect have in common beyond the parameters, by the names that it has here.
WORDS: Final = {
    "max_completion_tokens": "max_tokens",
    "metadata": "metadata",
    "parallel_tool_calls": "parallel_tool_calls",
    "service_tier": "service_tier",
    "user": "user",
}


class Anthropic:
    name = "anthropic"
    label: ClassVar[str] = "Anthropic messages"
    example: ClassVar[str] = "https://api.anthropic.com/v1"
    finish_reasons: ClassVar[Mapping[str, str]] = {
        "end_turn": "stop",
        "stop_sequence": "stop",
        "pause_turn": "stop",
        "max_tokens": "length",
        "model_context_window_exceeded": "length",
        "tool_use": "tool_calls",
        "refusal": CONTENT_FILTER,
    }

    def request(self, endpoint: Endpoint, request: GenerationRequest) -> HttpRequest:
        """Raises InvalidRequest for text that is not Unicode."""
        parameters = request.parameters
        system, messages = system_and_rest(request.messages)
        known, own, strange = parted(parameters.extra, WORDS)
        user, parallel = known.pop("user", None), known.pop("parallel_tool_calls", None)
        foreign = tuple(name for name in ("metadata", "service_tier") if name in known and not _is_own(name, known))
        body = {
            "model": request.model,
            "max_tokens": parameters.max_tokens or MAX_TOKENS,
            "system": system or None,
            "messages": _merged(messages),
            "stream": request.stream and endpoint.supports_streaming,
            "temperature": parameters.temperature,
            "top_p": parameters.top_p,
            "stop_sequences": list(parameters.stop) or None,
            "tools": [_tool(tool) for tool in parameters.tools] or None,
            "tool_choice": _choice(parameters, parallel=parallel),
            "metadata": {"user_id": user} if user else None,
            **filled({name: value for name, value in known.items() if name not in foreign}),
        }
        ignored = (*asked_for(parameters, ("seed", "logprobs", "top_logprobs")), *strange, *foreign)
        return HttpRequest("POST", "/messages", {**_credentials(endpoint), **JSON}, body_of(body, own), ignored)

    def parser(self, request: GenerationRequest) -> AnthropicParser:
        return AnthropicParser(wants_stream=request.stream)

    def models_request(self, endpoint: Endpoint) -> HttpRequest:
        return HttpRequest("GET", "/models?limit=1000", _credentials(endpoint))

    def read_models(self, body: bytes) -> list[str]:
        return names_in(body)


def _credentials(endpoint: Endpoint) -> dict[str, str]:
    return {"x-api-key": endpoint.api_key, **VERSION} if endpoint.api_key else dict(VERSION)


def _is_own(name: str, known: Mapping[str, Any]) -> bool:
    """Whether a value that OpenAI's chat calls by the same name is one that this dialect has too."""
    value = known[name]
    if name == "metadata":
        return isinstance(value, Mapping) and value.keys() <= {"user_id"}
    return value in ("auto", "standard_only")


def _merged(messages: Sequence[Message]) -> list[dict[str, Any]]:
    """The conversation with consecutive messages of one role as one, which is how the roles alternate.

    A message of nothing but text is sent as a text. Empty texts, which are refused, are left out.
    """
    turns: list[tuple[str, list[dict[str, Any]]]] = []
    for message in messages:
        role = "assistant" if message.role == "assistant" else "user"
        if not turns or turns[-1][0] != role:
            turns.append((role, []))
        turns[-1][1].extend(_blocks(message))
    return [{"role": role, "content": _content(blocks)} for role, blocks in turns if blocks]


def _blocks(message: Message) -> list[dict[str, Any]]:
    if message.role == "tool":
        call_id = str(message.extra.get("tool_call_id") or "")
        return [{"type": "tool_result", "tool_use_id": call_id, "content": message.content}]
    text = [{"type": "text", "text": message.content}] if message.content else []
    calls = [
        {"type": "tool_use", "id": call.id, "name": call.name, "input": call.as_object()} for call in calls_of(message)
    ]
    return text + calls


def _content(blocks: list[dict[str, Any]]) -> Any:
    return blocks[0]["text"] if len(blocks) == 1 and blocks[0]["type"] == "text" else blocks


def _tool(tool: Mapping[str, Any]) -> dict[str, Any]:
    """A function in the dialect's words; the provider's own tools, which have no `function`, go as they are."""
    function = tool.get("function")
    if not isinstance(function, Mapping):
        return dict(tool)
    shaped = {
        "name": function.get("name"),
        "description": function.get("description"),
        "input_schema": function.get("parameters") or {"type": "object"},
    }
    return filled(shaped)


def _choice(parameters: Parameters, *, parallel: Any) -> dict[str, Any] | None:
    given = parameters.tool_choice
    choice: dict[str, Any] = {}
    if name := forced_name(given):
        choice = {"type": "tool", "name": name}
    elif given is not None:
        choice = {"type": CHOICES.get(given, given)} if isinstance(given, str) else dict(given)
    if parallel is False and parameters.tools:
        choice = {"type": "auto", **choice, "disable_parallel_tool_use": True}
    return choice or None
