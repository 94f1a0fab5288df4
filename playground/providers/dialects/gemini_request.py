"""What is asked of Gemini: `contents`, `systemInstruction`, `generationConfig`, `tools`, in place of OpenAI's words.

Source: https://ai.google.dev/api/generate-content and https://ai.google.dev/api/caching (Content, Tool).
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

import orjson

from playground.providers.dialects.asking import system_and_rest
from playground.providers.dialects.reading import mapping
from playground.providers.dialects.translation import (
    called_names,
    calls_of,
    filled,
    forced_name,
    functions_of,
    json_schema_of,
    parted,
)
from playground.providers.request import GenerationRequest, Message, Parameters

# OpenAI's names for what `generationConfig` holds.
WORDS: Final = {
    "top_k": "topK",
    "frequency_penalty": "frequencyPenalty",
    "presence_penalty": "presencePenalty",
    "max_completion_tokens": "maxOutputTokens",
    "n": "candidateCount",
    "response_format": "response_format",
}
_MODES: Final = {"auto": "AUTO", "none": "NONE", "required": "ANY"}
_ROLES: Final = {"assistant": "model"}  # everyone else is `user`


def path_of(model: str, method: str) -> str:
    """`models/` before the name is optional; a tuned model's name begins with `tunedModels/`."""
    kind, slash, name = model.partition("/")
    if not slash or kind not in {"models", "tunedModels"}:
        kind, name = "models", model
    return f"/{kind}/{quote(name, safe='')}:{method}"


def words_of(request: GenerationRequest) -> tuple[dict[str, Any], dict[str, Any], tuple[str, ...]]:
    """What the body says, the extra parameters that go into it as they are, and those that it has no word for."""
    parameters = request.parameters
    known, rest, ignored = parted(parameters.extra, WORDS)
    config = _config(parameters, known) | dict(mapping(rest.pop("generationConfig", None)))
    system, messages = system_and_rest(request.messages)
    words = {
        "systemInstruction": {"parts": [{"text": system}]} if system else None,
        "contents": _contents(messages),
        "generationConfig": config or None,
        "tools": _tools(parameters) or None,
        "toolConfig": _tool_config(parameters.tool_choice) if parameters.tools else None,
    }
    return words, rest, ignored


def _config(parameters: Parameters, known: dict[str, Any]) -> dict[str, Any]:
    wants_json, schema = json_schema_of(known.pop("response_format", None))
    given = {
        "temperature": parameters.temperature,
        "topP": parameters.top_p,
        "maxOutputTokens": parameters.max_tokens,
        "stopSequences": list(parameters.stop) or None,
        "seed": parameters.seed,
        "responseLogprobs": True if parameters.logprobs else None,
        "logprobs": parameters.top_logprobs if parameters.logprobs else None,
        "responseMimeType": "application/json" if wants_json else None,
        "responseJsonSchema": schema,
    }
    return filled(given | known)


def _contents(messages: Sequence[Message]) -> list[dict[str, Any]]:
    """The turns of user and model in alternation: what one says in a row is one content of several parts."""
    names = called_names(messages)
    contents: list[dict[str, Any]] = []
    for message in messages:
        role = _ROLES.get(message.role, "user")
        parts = [_result(message, names)] if message.role == "tool" else _parts(message)
        if contents and contents[-1]["role"] == role:
            contents[-1]["parts"] += parts
        else:
            contents.append({"role": role, "parts": parts})
    return contents


def _parts(message: Message) -> list[dict[str, Any]]:
    """A call's `extra_content.google.thought_signature`, Google's own addition to OpenAI's shape, goes back with it."""
    calls = calls_of(message)
    parts: list[dict[str, Any]] = [{"text": message.content}] if message.content or not calls else []
    signatures = _signatures(message)
    for call in calls:
        told = filled({"id": call.id or None, "name": call.name, "args": call.as_object()})
        parts.append(filled({"functionCall": told, "thoughtSignature": signatures.get(call.id)}))
    return parts


def _signatures(message: Message) -> dict[str, Any]:
    """The signature of the thought behind each call, by the call's id."""
    calls = [call for call in message.extra.get("tool_calls") or () if isinstance(call, Mapping)]
    found = {str(call.get("id") or ""): mapping(mapping(call.get("extra_content")).get("google")) for call in calls}
    return {call_id: google.get("thought_signature") for call_id, google in found.items()}


def _result(message: Message, names: Mapping[str, str]) -> dict[str, Any]:
    """A function's answer has to be an object; a text becomes its `result`."""
    call = str(message.extra.get("tool_call_id") or "")
    try:
        value = orjson.loads(message.content)
    except (orjson.JSONDecodeError, UnicodeEncodeError):
        value = None
    response = value if isinstance(value, dict) else {"result": message.content}
    name = names.get(call) or str(message.extra.get("name") or "")
    return {"functionResponse": filled({"id": call or None, "name": name, "response": response})}


def _tools(parameters: Parameters) -> list[Mapping[str, Any]]:
    """Functions are declared together; a tool of Gemini's own (`{"googleSearch": {}}`) stays as it is."""
    declared = [
        filled(
            {
                "name": function.get("name"),
                "description": function.get("description"),
                "parametersJsonSchema": function.get("parameters"),
            }
        )
        for function in functions_of(parameters)
    ]
    own = [tool for tool in parameters.tools if "function" not in tool]
    return [*([{"functionDeclarations": declared}] if declared else []), *own]


def _tool_config(choice: str | Mapping[str, Any] | None) -> dict[str, Any] | None:
    if name := forced_name(choice):
        return {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": [name]}}
    mode = _MODES.get(choice) if isinstance(choice, str) else None
    return {"functionCallingConfig": {"mode": mode}} if mode else None
