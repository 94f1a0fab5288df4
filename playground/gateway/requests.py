"""What a program asks for in OpenAI's words, as a turn.

Source: https://platform.openai.com/docs/api-reference/chat/create, …/completions/create and …/responses/create. The
parameters that every model has get our names; all others go through as they are, where the dialect can take them.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from playground.connections.catalogue import ResolvedModel
from playground.errors import BadRequest, InvalidField
from playground.gateway.calls import Call, Endpoint
from playground.runs.conversation import text_of_content
from playground.runs.turns import TurnDraft

MAX_PROMPTS: Final = 20  # LangChain sends as many in one request
MAX_TITLE: Final = 200
ROLES: Final = ("system", "developer", "user", "assistant", "tool", "function")

_SAMPLING: Final = ("temperature", "top_p")
_SHARED: Final = (*_SAMPLING, "max_tokens", "stop", "seed")
_OURS: Final = frozenset({"model", "stream", "playground"})  # what the gateway reads itself
_READ: Final[Mapping[Endpoint, frozenset[str]]] = {
    Endpoint.CHAT: _OURS
    | {*_SHARED, "messages", "max_completion_tokens", "logprobs", "top_logprobs", "tools", "tool_choice"},
    Endpoint.COMPLETIONS: _OURS | {*_SHARED, "prompt", "logprobs"},
    Endpoint.RESPONSES: _OURS | {*_SAMPLING},
}
# OpenAI's own models of the last years refuse `max_tokens`; most other servers know nothing else.
_KEEPS_MAX_COMPLETION_TOKENS: Final = ("openai.com", "azure.com")


def drafts_of(call: Call, model: ResolvedModel) -> list[TurnDraft]:
    """One draft a prompt: several only of a completion. Raises InvalidField."""
    if not isinstance(call.body.get("stream"), bool | None):
        raise InvalidField("stream", "stream must be true or false.")
    if call.endpoint is Endpoint.CHAT:
        return [_draft(call, model, _chat_messages(call.body, model), _chat_parameters(call.body, model))]
    if call.endpoint is Endpoint.COMPLETIONS:
        parameters = _completion_parameters(call.body)
        prompts = _prompts(call.body)
        return [_draft(call, model, [{"role": "user", "content": text}], parameters) for text in prompts]
    if model.dialect != Endpoint.RESPONSES.dialect:
        message = (
            f"The model {call.model_id} does not speak OpenAI's Responses API: ask it at /v1/chat/completions, or use "
            "a connection of the dialect openai-responses."
        )
        raise BadRequest(message, field="model")
    return [_draft(call, model, _response_messages(call.body), _response_parameters(call.body))]


def _draft(call: Call, model: ResolvedModel, messages: list[dict[str, Any]], parameters: dict[str, Any]) -> TurnDraft:
    extra = {name: value for name, value in call.body.items() if name not in _READ[call.endpoint]}
    stream_options = extra.pop("stream_options", None)
    if isinstance(stream_options, dict) and stream_options.keys() - {"include_usage"} and call.is_streamed:
        extra["stream_options"] = {**stream_options, "include_usage": True}
        if call.endpoint is Endpoint.RESPONSES:
            extra["stream_options"] = stream_options
    extra |= parameters.pop("extra", {})
    if extra:
        parameters["extra"] = extra
    return TurnDraft(
        model_ids=[call.model_id],
        resolved=[model],
        messages=messages,
        parameters=parameters,
        is_streamed=call.is_streamed,
        keeps_bytes=model.dialect == call.endpoint.dialect,
        title=" ".join(said(call, "x-playground-title").split())[:MAX_TITLE],
        origin="gateway",
        token=call.token,
    )


def said(call: Call, header: str) -> str:
    """What a person may have written into a header: many clients can only send ASCII, so percent-encoding is undone."""
    return unquote(call.headers.get(header, ""))


def _given(body: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return {name: body[name] for name in names if body.get(name) is not None}


def _chat_parameters(body: Mapping[str, Any], model: ResolvedModel) -> dict[str, Any]:
    found = _given(body, (*_SHARED, "logprobs", "top_logprobs", "tools", "tool_choice"))
    if not found.get("logprobs"):
        found.pop("top_logprobs", None)
    most = body.get("max_completion_tokens")
    if most is not None:
        if _keeps_max_completion_tokens(model):
            found["extra"] = {"max_completion_tokens": most}
        else:
            found["max_tokens"] = most
    return found


def _keeps_max_completion_tokens(model: ResolvedModel) -> bool:
    host = (urlsplit(model.endpoint.base_url).hostname or "") if model.endpoint else ""
    return any(host == name or host.endswith("." + name) for name in _KEEPS_MAX_COMPLETION_TOKENS)


def _completion_parameters(body: Mapping[str, Any]) -> dict[str, Any]:
    found = _given(body, _SHARED)
    wanted = body.get("logprobs")
    if isinstance(wanted, bool) or (wanted is not None and not isinstance(wanted, int)):
        raise InvalidField("logprobs", "logprobs must be a whole number, or null.")
    if wanted is not None:
        found |= {"logprobs": True, "top_logprobs": wanted}
    return found


def _response_parameters(body: Mapping[str, Any]) -> dict[str, Any]:
    """What is more than a text goes to the provider word for word: its items have no place in a conversation."""
    found = _given(body, _SAMPLING)
    if isinstance(body.get("input"), str) and not body.get("instructions"):
        found["extra"] = {}
        return found
    found["extra"] = {name: body[name] for name in ("input", "instructions") if body.get(name) is not None}
    return found


def _chat_messages(body: Mapping[str, Any], model: ResolvedModel) -> list[dict[str, Any]]:
    given = body.get("messages")
    if not isinstance(given, list) or not given:
        raise InvalidField("messages", "messages must be a list of at least one message.")
    is_openai = model.dialect == Endpoint.CHAT.dialect
    return [_message(message, f"messages[{place}]", is_openai=is_openai) for place, message in enumerate(given)]


def _message(message: Any, field: str, *, is_openai: bool) -> dict[str, Any]:
    if not isinstance(message, dict):
        raise InvalidField(field, f"{field} must be an object with role and content.")
    role = message.get("role")
    if role not in ROLES:
        raise InvalidField(f"{field}.role", f"{field}.role must be one of: {', '.join(ROLES)}.")
    if not is_openai:
        role = {"developer": "system", "function": "tool"}.get(role, role)
    content = text_of_content(message.get("content"), f"{field}.content")
    rest = {name: value for name, value in message.items() if name not in ("role", "content") and value is not None}
    return {"role": role, "content": content, **rest}


def _prompts(body: Mapping[str, Any]) -> list[str]:
    prompt = body.get("prompt")
    prompts = [prompt] if isinstance(prompt, str) else prompt
    if not isinstance(prompts, list) or not prompts or not all(isinstance(text, str) for text in prompts):
        raise InvalidField("prompt", "prompt must be a text or a list of texts; tokens cannot be sent.")
    if len(prompts) > MAX_PROMPTS:
        raise InvalidField("prompt", f"At most {MAX_PROMPTS} prompts can be sent at once.")
    return prompts


def _response_messages(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The texts of the input, for who reads the session; the provider gets the input as it is."""
    instructions, given = body.get("instructions"), body.get("input")
    messages = []
    if isinstance(instructions, str) and instructions:
        messages.append({"role": "system", "content": instructions})
    if isinstance(given, str):
        return [*messages, {"role": "user", "content": given}]
    if not isinstance(given, list) or not given:
        raise InvalidField("input", "input must be a text or a list of items.")
    for place, item in enumerate(given):
        if not isinstance(item, dict):
            raise InvalidField(f"input[{place}]", f"input[{place}] must be an object.")
        if item.get("role") in ROLES:
            text = text_of_content(item.get("content"), f"input[{place}].content")
            messages.append({"role": "system" if item["role"] == "developer" else item["role"], "content": text})
        elif item.get("type") == "function_call_output" and isinstance(item.get("output"), str):
            messages.append({"role": "tool", "content": item["output"], "tool_call_id": str(item.get("call_id", ""))})
    return messages
