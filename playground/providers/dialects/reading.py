"""What the parsers of several dialects share: values checked as they are taken out of an answer."""

from collections.abc import Mapping
from typing import Any

import orjson

from playground.providers.dialects.body import malformed
from playground.recording.shapes import is_count


def objects(value: Any) -> list[dict[str, Any]]:
    """`value`, which must be a list of objects. Raises MalformedAnswer."""
    if isinstance(value, list):
        for item in value:
            if not isinstance(item, dict):
                break
        else:
            return value
    raise malformed("JSON of another shape")


def string(value: Any) -> str:
    """`value`, which must be a text. Raises MalformedAnswer."""
    if not isinstance(value, str):
        raise malformed("JSON of another shape")
    return value


def mapping(value: Any) -> Mapping[str, Any]:
    """`value` if it is an object, else an empty one: for what an answer may leave out."""
    return value if isinstance(value, dict) else {}


def whole(value: Any, otherwise: int = 0) -> int:
    """`value` if it is a whole number."""
    return value if type(value) is int else otherwise


def place(value: Any, otherwise: int = 0) -> int:
    """`value` if it can be the place of a choice or a tool call in a list, as a recording takes it."""
    return value if is_count(value) else otherwise


def number(value: Any) -> float | None:
    """`value` if it is a number."""
    return value if type(value) in (int, float) else None


def call_piece(index: int, call_id: Any, name: Any, arguments: Any) -> dict[str, Any]:
    """The data of a chunk with a piece of a tool call. What is empty or null is left out. Raises MalformedAnswer."""
    piece: dict[str, Any] = {"index": index}
    for key, value in (("id", call_id), ("name", name)):
        if value:
            piece[key] = string(value)
    if arguments is not None and arguments != "":
        # Some send an object instead of its JSON.
        piece["arguments"] = arguments if isinstance(arguments, str) else orjson.dumps(arguments).decode()
    return {"tool_call": piece}


def citations(value: Any) -> list[dict[str, Any]]:
    """Citations as objects: those that a provider sends as a bare address become `{"url": …}`."""
    given = value if isinstance(value, list) else []
    found = [{"url": one} if isinstance(one, str) else one for one in given]
    return [one for one in found if isinstance(one, dict) and one]


def at(value: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    """What stands at the end of `path` in nested objects; None if nothing does."""
    found: Any = value
    for name in path:
        if not isinstance(found, dict):
            return None
        found = found.get(name)
    return found
