"""JSON as providers really send it."""

import json
import math
from typing import Any, Final

import orjson

DEEPEST: Final = 200
"""Levels of lists and objects in what is read. orjson reads 1,024 and writes 254, and what is read is written within a
frame, a segment, an export."""

# What was put right, as `notice` events say it.
REPAIRS: Final[dict[str, str]] = {
    "invalid_utf8": "The provider sent bytes that are not UTF-8; they are shown as �.",
    "lone_surrogate": "The provider cut a character in two between chunks; its halves are shown as �.",
    "not_a_number": "The provider sent NaN or Infinity, which JSON does not have; they are recorded as null.",
}


class TooDeep(ValueError):
    """It has more than `DEEPEST` levels."""


def is_too_deep(raw: bytes, value: Any) -> bool:
    """Whether `value`, which was read from `raw`, has more than `DEEPEST` levels."""
    if len(raw) <= 2 * DEEPEST or raw.count(b"[") + raw.count(b"{") <= DEEPEST:
        return False
    level = [value]
    for _ in range(DEEPEST):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer if isinstance(outer, list) else ())
            if isinstance(inner, dict | list)
        ]
        if not level:
            return False
    return True


def repair(raw: bytes) -> tuple[Any, tuple[str, ...]]:
    """Parse what `orjson.loads` has refused: the value, and the keys of `REPAIRS` that were needed.

    Raises ValueError where no repair helps.
    """
    repairs = []
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        text = raw.decode("utf-8", "replace")
        repairs.append("invalid_utf8")
    constants: list[str] = []
    try:
        value = json.loads(text, parse_constant=constants.append, parse_float=_finite, parse_int=_storable)
        whole = _without_lone_surrogates(value)
    except RecursionError:
        raise TooDeep("nested too deeply") from None
    if constants:
        repairs.append("not_a_number")
    if whole != value:
        repairs.append("lone_surrogate")
    return whole, tuple(repairs)


def loads(raw: bytes) -> tuple[Any, tuple[str, ...]]:
    """Parse `raw`, repairing it if need be. Raises ValueError, and TooDeep where that is what is wrong."""
    repairs: tuple[str, ...] = ()
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError:
        value, repairs = repair(raw)
    if is_too_deep(raw, value):
        raise TooDeep("nested too deeply")
    return value, repairs


def _finite(number: str) -> float | None:
    value = float(number)
    return value if math.isfinite(value) else None


def _storable(number: str) -> float | int | None:
    """Beyond 64 bits a float, as orjson reads it: what it could not write again must not get into a recording."""
    return int(number) if len(number) < 19 else _finite(number)


def _without_lone_surrogates(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_without_lone_surrogates(item) for item in value]
    if isinstance(value, dict):
        return {_without_lone_surrogates(key): _without_lone_surrogates(item) for key, item in value.items()}
    return value
