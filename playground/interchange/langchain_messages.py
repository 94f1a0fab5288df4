"""LangChain's messages and chunks as they look in JSON, however they were written.

Known are a message's own fields (`model_dump`, LangServe), `dumpd` ({"lc", "id", "kwargs"}), `message_to_dict`
({"type", "data"}), generations ({"text", "message"}, in lists of lists), and plain text.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import orjson

from playground.interchange.lines import count_of, list_of, object_of, text_of
from playground.providers.runnables.pieces import ANSWERS

_ROLES: Final = {"human": "user", "ai": "assistant", "system": "system", "tool": "tool", "developer": "system"}
_DEEPEST: Final = 20  # what wraps a message


class Piece(NamedTuple):
    """Of a message or a chunk, what we have words for. `usage`: tokens given and made."""

    text: str = ""
    reasoning: str = ""
    tool_calls: tuple[dict[str, Any], ...] = ()
    finish_reason: str | None = None
    usage: tuple[int | None, int | None] | None = None


def piece_of(value: Any, depth: int = 0) -> Piece:
    if isinstance(value, str):
        return Piece(value)
    if isinstance(value, list) and depth < _DEEPEST:
        return piece_of(value[-1], depth + 1) if value else Piece()
    if not isinstance(value, dict) or depth >= _DEEPEST:
        return Piece()
    for wrapper in ("kwargs", "data", "message", "generations", "messages", "output"):
        if "content" not in value and isinstance(value.get(wrapper), dict | list):
            return piece_of(value[wrapper], depth + 1)
    if "content" not in value:
        return Piece(text_of(value.get("text")))
    return _of_message(value)


def answer_in(output: Any) -> Piece:
    """Of what a chain returned, what a person would call its answer; what holds no text is given as JSON."""
    of_messages = not isinstance(output, list) or all(isinstance(part, dict | list) for part in output)
    found = piece_of(output) if of_messages else Piece()
    if found != Piece() or output is None or output == "" or is_message(output):
        return found
    named = next((text for name in ANSWERS if (text := text_of(object_of(output).get(name)))), "")
    return Piece(named or orjson.dumps(output, option=orjson.OPT_INDENT_2).decode())


def is_message(value: Any) -> bool:
    return isinstance(value, dict) and not {"content", "kwargs"}.isdisjoint(value)


def messages_in(value: Any) -> list[dict[str, Any]]:
    """The messages of a run's input, {"role", "content"}; what is none of LangChain's is one of the user, as JSON."""
    found = _messages(value)
    if found is not None:
        return found
    if isinstance(value, dict) and len(value) == 1 and isinstance(text := next(iter(value.values())), str):
        return [{"role": "user", "content": text}]
    return [{"role": "user", "content": orjson.dumps(value).decode()}] if value else []


def _messages(value: Any, depth: int = 0) -> list[dict[str, Any]] | None:
    if isinstance(value, str):
        return [{"role": "user", "content": value}]
    if isinstance(value, list) and depth < _DEEPEST:
        if len(value) == 2 and all(isinstance(part, str) for part in value):
            return [_message(*value)]
        parts = [_messages(part, depth + 1) for part in value]
        return None if None in parts else [message for part in parts for message in part or []]
    if not isinstance(value, dict) or depth >= _DEEPEST:
        return None
    for wrapper in ("kwargs", "data", "messages", "prompts"):
        if "content" not in value and isinstance(value.get(wrapper), dict | list):
            return _messages(value[wrapper], depth + 1)
    if "content" not in value:
        return None
    message = _message(value.get("role") or value.get("type"), _of_message(value).text)
    extra = {name: value[name] for name in ("tool_calls", "tool_call_id", "name") if value.get(name)}
    return [message | extra]


def _message(role: Any, content: str) -> dict[str, Any]:
    name = str(role or "user").removesuffix("MessageChunk").removesuffix("Message").lower()
    return {"role": _ROLES.get(name, name), "content": content}


def _of_message(message: Mapping[str, Any]) -> Piece:
    content = message["content"]
    blocks = [block for block in content if isinstance(block, dict)] if isinstance(content, list) else []
    extra, about = object_of(message.get("additional_kwargs")), object_of(message.get("response_metadata"))
    reasoning = "".join(text_of(block.get("reasoning") or block.get("thinking")) for block in blocks)
    texts = [part if isinstance(part, str) else text_of(object_of(part).get("text")) for part in list_of(content)]
    return Piece(
        text_of(content) or "".join(texts),
        reasoning or text_of(extra.get("reasoning_content")),
        tuple(_calls(message)),
        text_of(about.get("finish_reason") or about.get("stop_reason")) or None,
        _usage(message.get("usage_metadata")),
    )


def _calls(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    pieces = list_of(message.get("tool_call_chunks")) or list_of(message.get("tool_calls"))
    found = []
    for position, call in enumerate(pieces):
        if isinstance(call, dict):
            index = call.get("index")
            arguments = call.get("args", call.get("arguments"))
            parts = {
                "index": index if isinstance(index, int) and 0 <= index < 1000 else position,
                "id": text_of(call.get("id")),
                "name": text_of(call.get("name")),
                "arguments": arguments if isinstance(arguments, str) else _json(arguments),
            }
            found.append({name: value for name, value in parts.items() if value != ""})
    return found


def _json(value: Any) -> str:
    return orjson.dumps(value).decode() if value else ""


def _usage(value: Any) -> tuple[int | None, int | None] | None:
    counts = object_of(value)
    found = count_of(counts.get("input_tokens")), count_of(counts.get("output_tokens"))
    return None if found == (None, None) else found
