"""OpenAI's words for tools and extra parameters, taken apart for the dialects that have others."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import orjson

from playground.providers.openai_fields import KNOWN
from playground.providers.request import Message, Parameters


class Call(NamedTuple):
    """A tool call in a message of the assistant. `arguments`: its JSON, as the model wrote it."""

    id: str
    name: str
    arguments: str

    def as_object(self) -> dict[str, Any]:
        """The arguments for dialects that take nothing but an object; what is none goes as its text."""
        try:
            value = orjson.loads(self.arguments or "{}")
        except orjson.JSONDecodeError:
            value = self.arguments
        return value if isinstance(value, dict) else {"arguments": value}


def calls_of(message: Message) -> list[Call]:
    found = []
    for call in message.extra.get("tool_calls") or ():
        function = call.get("function") if isinstance(call, Mapping) else None
        if isinstance(function, Mapping):
            given = function.get("arguments")
            arguments = given if isinstance(given, str) else orjson.dumps(given or {}).decode()
            found.append(Call(str(call.get("id") or ""), str(function.get("name") or ""), arguments))
    return found


def called_names(messages: Iterable[Message]) -> dict[str, str]:
    """The name of the function behind each `tool_call_id`, for dialects that answer a call by its name."""
    return {call.id: call.name for message in messages for call in calls_of(message)}


def functions_of(parameters: Parameters) -> list[dict[str, Any]]:
    """The `{name, description?, parameters?, …}` of the tools that are functions."""
    found = (tool.get("function") for tool in parameters.tools if tool.get("type", "function") == "function")
    return [dict(function) for function in found if isinstance(function, Mapping)]


def forced_name(choice: str | Mapping[str, Any] | None) -> str:
    """The one function that `tool_choice` demands; "" if it demands none by name."""
    function = choice.get("function") if isinstance(choice, Mapping) else None
    return str(function.get("name") or "") if isinstance(function, Mapping) else ""


def parted(
    extra: Mapping[str, Any], words: Mapping[str, str]
) -> tuple[dict[str, Any], dict[str, Any], tuple[str, ...]]:
    """The extra parameters in three: those in `words`, under the dialect's names; the provider's own, which go into the
    body as they are; and the names of OpenAI's that have no word (`stream_options` needs none: usage is always told).
    """
    known = {words[name]: value for name, value in extra.items() if name in words}
    own = {name: value for name, value in extra.items() if name not in words and name not in KNOWN}
    ignored = [name for name in extra if name not in words and name in KNOWN and name != "stream_options"]
    return known, own, tuple(ignored)


def json_schema_of(response_format: Any) -> tuple[bool, Any]:
    """Whether OpenAI's `response_format` asks for JSON, and by which schema (None: any)."""
    if not isinstance(response_format, Mapping) or response_format.get("type") not in {"json_object", "json_schema"}:
        return False, None
    schema = response_format.get("json_schema")
    return True, schema.get("schema") if isinstance(schema, Mapping) else None


def filled(values: Mapping[str, Any]) -> dict[str, Any]:
    """`values` without those that are None."""
    return {name: value for name, value in values.items() if value is not None}


def counted(own: Mapping[str, Any], prompt: object, completion: object, total: object = None) -> dict[str, Any]:
    """A provider's `own` usage, with its counts under OpenAI's names before it. A count that is no number is left out.

    Without a `total`, it is the sum of both.
    """
    given = {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": total}
    counts = {name: value for name, value in given.items() if type(value) is int}
    if "total_tokens" not in counts and len(counts) == 2:
        counts["total_tokens"] = sum(counts.values())
    return {**counts, **own}
