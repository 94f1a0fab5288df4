"""The values of a Runnable as JSON that can be kept: what is long is cut with a mark, what is strange is described."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from itertools import islice
from typing import Any, Final

TEXT: Final = 4_000  # characters of one text
TOTAL: Final = 16_000  # characters of all texts of a value
ITEMS: Final = 200  # of one list or object
DEPTH: Final = 10
_NAME: Final = 200
_LARGEST: Final = 2**53

# Of LangChain's messages: what a person looks for.
_MESSAGE: Final = ("type", "content", "name", "tool_calls", "tool_call_id", "status", "usage_metadata")


def plain(value: object, *, total: int = TOTAL) -> Any:
    """`value` in JSON's types, whatever objects it holds."""
    try:
        return _Plain(total).value(value, 0)
    except Exception:  # noqa: BLE001  (properties of somebody's own, and dicts that change meanwhile)
        return f"<{type(value).__name__}>"


def text(value: object) -> str:
    """A text that JSON and the database can hold: halves of a character become �, and so does NUL."""
    whole = str(value).replace("\0", "\ufffd")
    return whole if whole.isascii() else whole.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def cut(value: object, limit: int) -> str:
    """`value` as text, and where it is longer than `limit` how much is left out."""
    whole = text(value)
    return whole if len(whole) <= limit else f"{whole[:limit]}… [{len(whole) - limit:,} more characters]"


class _Plain:
    def __init__(self, total: int) -> None:
        self._left = total

    def value(self, value: object, depth: int) -> Any:
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, int):
            return int(value) if abs(value) <= _LARGEST else str(value)
        if isinstance(value, float):
            return float(value) if math.isfinite(value) else str(value)
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, bytes | bytearray | memoryview):
            return f"<{len(value)} bytes>"
        if depth >= DEPTH or self._left <= 0:
            return "…"
        return self._deep(value, depth + 1)

    def _deep(self, value: object, depth: int) -> Any:
        if isinstance(value, Mapping):
            return self._object(value.items(), len(value), depth)
        if isinstance(value, list | tuple | set | frozenset):
            shown = [self.value(item, depth) for item in islice(value, ITEMS)]
            return [*shown, f"… [{len(value) - ITEMS:,} more]"] if len(value) > ITEMS else shown
        if (members := members_of(value)) is not None:
            return self._object(members.items(), len(members), depth)
        return self._text(described(value))

    def _object(self, items: Iterable[tuple[Any, Any]], count: int, depth: int) -> dict[str, Any]:
        shown = {cut(name, _NAME): self.value(item, depth) for name, item in islice(items, ITEMS)}
        return {**shown, "…": f"{count - ITEMS:,} more"} if count > ITEMS else shown

    def _text(self, value: str) -> str:
        limit = max(0, min(TEXT, self._left))
        self._left -= min(len(value), limit)
        return cut(value, limit)


def members_of(value: object) -> Mapping[str, Any] | None:
    """What objects of LangChain, of pydantic and dataclasses hold; None for any other."""
    if hasattr(value, "content") and isinstance(getattr(value, "type", None), str):  # a message
        found = {name: getattr(value, name, None) for name in _MESSAGE}
        return {name: item for name, item in found.items() if item not in (None, "", [], {}) or name == "content"}
    if hasattr(value, "page_content"):  # a document
        return {"page_content": value.page_content, "metadata": getattr(value, "metadata", {})}
    if type(value).__name__.endswith("PromptValue") and isinstance(messages := getattr(value, "messages", None), list):
        return {"messages": messages}
    if is_dataclass(value) and not isinstance(value, type):
        found = {field.name: getattr(value, field.name, None) for field in fields(value)}
        return {name: item for name, item in found.items() if item not in (None, (), [], {})}
    if not isinstance(value, type) and isinstance(names := getattr(type(value), "model_fields", None), Mapping):
        return {name: getattr(value, name, None) for name in names}
    return None


def described(value: object) -> str:
    try:
        return repr(value)
    except Exception:  # noqa: BLE001  (it is somebody's own __repr__)
        return f"<{type(value).__name__}>"
