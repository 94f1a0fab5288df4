"""What was said in a call to a model, from the attributes and events of its span, in any of the conventions."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import orjson

from playground.interchange.langchain_messages import piece_of
from playground.interchange.lines import list_of, object_of, text_of
from playground.providers.loosejson import is_too_deep

SpanEvent = tuple[str, int, Mapping[str, Any]]
_NUMBERED: Final = re.compile(
    r"(gen_ai\.prompt|gen_ai\.completion|llm\.input_messages|llm\.output_messages)\.(\d{1,4})\.(?:message\.)?(\w+)"
)
_ROLES: Final = {"human": "user", "ai": "assistant", "developer": "system", "model": "assistant"}
_ROLE_OF_EVENT: Final = re.compile(r"gen_ai\.(system|user|assistant|tool)\.message")


class Said(NamedTuple):
    """An answer. `tool_calls` are whole: {index, id?, name?, arguments?}."""

    text: str = ""
    reasoning: str = ""
    tool_calls: tuple[dict[str, Any], ...] = ()
    finish_reason: str | None = None


def attributes_of(value: Any) -> dict[str, Any]:
    """OTLP's list of keys and values as an object."""
    return {text_of(item.get("key")): _plain(item.get("value")) for item in map(object_of, list_of(value))}


def input_of(about: Mapping[str, Any], events: Sequence[SpanEvent]) -> list[dict[str, Any]]:
    """The messages, {"role", "content"}, with those of OpenAI's further fields that are known."""
    system = [{"role": "system", "content": part} for part in _instructions(about)]
    for source in (about, *(attributes for _name, _at, attributes in events)):
        if found := _structured(source.get("gen_ai.input.messages")):
            return system + [_message(message) for message in found]
    told = [(_ROLE_OF_EVENT.fullmatch(name), attributes) for name, _at, attributes in events]
    if found := [{"role": match[1], **attributes} for match, attributes in told if match]:
        return [_message(message) for message in found]
    for source in (about, *(attributes for _name, _at, attributes in events)):
        if found := _structured(source.get("gen_ai.prompt")):
            return [_message(message) for message in found]
    found = _numbered(about, ("gen_ai.prompt", "llm.input_messages"))
    return [_message(message) for message in found]


def output_of(about: Mapping[str, Any], events: Sequence[SpanEvent]) -> Said:
    sources = (about, *(attributes for _name, _at, attributes in events))
    for source in sources:
        if found := _structured(source.get("gen_ai.output.messages")):
            return _said(found[0])
    for name, _at, attributes in events:
        if name == "gen_ai.choice":
            message = parsed(attributes.get("message"))
            told = message if isinstance(message, dict) else {"content": message or attributes.get("content")}
            return _said({"finish_reason": attributes.get("finish_reason"), **told})
    for source in sources:
        if found := _structured(source.get("gen_ai.completion")):
            return _said(found[0])
    found = _numbered(about, ("gen_ai.completion", "llm.output_messages"))
    return _said(found[0]) if found else _of_value(parsed(about.get("output.value")))


def _of_value(value: Any) -> Said:
    """Of an output in no convention's words: a text, or LangChain's messages."""
    found = piece_of(value)
    return Said(found.text, found.reasoning, found.tool_calls, found.finish_reason)


def _instructions(about: Mapping[str, Any]) -> list[str]:
    parts = _structured(about.get("gen_ai.system_instructions"))
    return [text for part in parts if (text := text_of(part.get("content")))]


def _structured(value: Any) -> list[dict[str, Any]]:
    """Messages as a list or as its JSON; a plain text is a message."""
    found = parsed(value)
    if isinstance(found, str):
        return [{"content": found}] if found else []
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def parsed(value: Any) -> Any:
    """What a text holds that is JSON; any other value as it is."""
    if not isinstance(value, str) or value[:1] not in ("[", "{"):
        return value
    try:
        found = orjson.loads(value)
    except orjson.JSONDecodeError:
        return value
    return value if is_too_deep(value.encode(), found) else found


def _numbered(about: Mapping[str, Any], prefixes: Iterable[str]) -> list[dict[str, Any]]:
    """`gen_ai.prompt.0.role` and the like."""
    found: dict[int, dict[str, Any]] = {}
    for name, value in about.items():
        match = _NUMBERED.fullmatch(name)
        if match and match[1] in prefixes:
            found.setdefault(int(match[2]), {})[match[3]] = value
    return [found[number] for number in sorted(found)]


def _message(told: Mapping[str, Any]) -> dict[str, Any]:
    said = _said(told)
    role = text_of(told.get("role")) or "user"
    message: dict[str, Any] = {"role": _ROLES.get(role, role), "content": said.text}
    if said.tool_calls:
        message["tool_calls"] = [
            {
                "id": call.get("id", ""),
                "type": "function",
                "function": {"name": call.get("name", ""), "arguments": call.get("arguments", "")},
            }
            for call in said.tool_calls
        ]
    responses = [part for part in _parts(told) if part.get("type") == "tool_call_response"]
    if responses and (answered := text_of(responses[0].get("id"))):
        message |= {
            "tool_call_id": answered,
            "content": _as_text(responses[0].get("response", responses[0].get("result"))),
        }
    return message


def _said(told: Mapping[str, Any]) -> Said:
    parts = _parts(told)
    content = parsed(told.get("content"))
    texts = [text_of(part.get("content") or part.get("text")) for part in parts if part.get("type") == "text"]
    thoughts = [text_of(part.get("content")) for part in parts if part.get("type") in ("reasoning", "thinking")]
    calls = [part for part in parts if part.get("type") == "tool_call"] or list_of(parsed(told.get("tool_calls")))
    return Said(
        "".join(texts) or (text_of(told.get("content")) if not isinstance(content, list) else ""),
        "".join(thoughts),
        tuple(_call(index, call) for index, call in enumerate(map(object_of, calls))),
        text_of(told.get("finish_reason")) or None,
    )


def _parts(told: Mapping[str, Any]) -> list[dict[str, Any]]:
    parts = list_of(told.get("parts")) or list_of(parsed(told.get("content")))
    return [part for part in parts if isinstance(part, dict)]


def _call(index: int, call: Mapping[str, Any]) -> dict[str, Any]:
    function = object_of(call.get("function")) or call
    found = {
        "id": text_of(call.get("id")),
        "name": text_of(function.get("name")),
        "arguments": _as_text(function.get("arguments")),
    }
    return {"index": index, **{name: value for name, value in found.items() if value}}


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode() if value is not None else ""


def _plain(value: Any) -> Any:
    """OTLP's AnyValue."""
    match object_of(value):
        case {"stringValue": str(text)}:
            return text
        case {"intValue": str(digits)} if re.fullmatch(r"-?\d{1,18}", digits, re.ASCII):
            return int(digits)
        case {"intValue": int(number)} | {"doubleValue": int(number) | float(number)} | {"boolValue": bool(number)}:
            return number
        case {"arrayValue": dict(array)}:
            return [_plain(item) for item in list_of(array.get("values"))]
        case {"kvlistValue": dict(pairs)}:
            return attributes_of(pairs.get("values"))
    return None
