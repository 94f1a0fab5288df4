"""JSON from outside, of which all that is read can be written again."""

from typing import Any

import orjson

from playground.interchange.errors import NotARecording
from playground.providers.loosejson import is_too_deep


def json_of(raw: bytes, where: str) -> Any:
    """Raises NotARecording. `where`: what is told to be wrong, as in "Line 5"."""
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise NotARecording(f"{where} is not JSON: {error.msg}.") from None
    if is_too_deep(raw, value):  # it reads deeper than it writes
        raise NotARecording(f"{where} has lists or objects that are nested too deeply.") from None
    return value


def object_of(value: object) -> dict[str, Any]:
    """The value, or an empty object where it is none."""
    return value if isinstance(value, dict) else {}


def list_of(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def text_of(value: object) -> str:
    return value if isinstance(value, str) else ""


def count_of(value: object) -> int | None:
    """A count of tokens, if it is one that can be kept."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31 else None
