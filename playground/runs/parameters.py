"""The parameters of a turn: which there are, what values they take, and how they reach a provider."""

from collections.abc import Callable, Mapping
from typing import Any

import orjson
from django.utils.translation import gettext as _

from playground.errors import InvalidField
from playground.providers.loosejson import is_too_deep
from playground.providers.request import Parameters

MAX_STOPS = 4
MAX_STOP_LENGTH = 200
MAX_JSON_BYTES = 256 * 1024


def is_text(value: object) -> bool:
    """Whether a value is text that can be sent: JSON can also hold half characters, for which UTF-8 has no bytes."""
    return isinstance(value, str) and not any("\ud800" <= character <= "\udfff" for character in value)


def _number(name: str, low: float, high: float) -> Callable[[Any], float]:
    def check(value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            message = _("%(name)s must be a number from %(low)g to %(high)g.")
            raise InvalidField(name, message % {"name": name, "low": low, "high": high})
        return float(value)

    return check


def _whole(name: str, low: int, high: int) -> Callable[[Any], int]:
    def check(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            message = _("%(name)s must be a whole number from %(low)d to %(high)d.")
            raise InvalidField(name, message % {"name": name, "low": low, "high": high})
        return value

    return check


def _stop(value: Any) -> list[str]:
    stops = [value] if isinstance(value, str) else value
    if (
        not isinstance(stops, list)
        or len(stops) > MAX_STOPS
        or not all(is_text(s) and 0 < len(s) <= MAX_STOP_LENGTH for s in stops)
    ):
        message = _("stop must be at most %(most)d texts of 1 to %(length)d characters.")
        raise InvalidField("stop", message % {"most": MAX_STOPS, "length": MAX_STOP_LENGTH})
    return stops


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise InvalidField("logprobs", _("logprobs must be true or false."))
    return value


def _tools(value: Any) -> list[dict[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(tool, dict) for tool in value):
        raise InvalidField("tools", _("tools must be a list of objects, as in OpenAI's chat."))
    _check_json("tools", value)
    return value


def _tool_choice(value: Any) -> Any:
    if not isinstance(value, str | dict):
        raise InvalidField("tool_choice", _("tool_choice must be a word or an object, as in OpenAI's chat."))
    _check_json("tool_choice", value)
    return value


def _extra(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InvalidField("extra", _("extra must be an object."))
    _check_json("extra", value)
    return value


def _check_json(name: str, value: Any) -> None:
    try:
        written = orjson.dumps(value)
    except orjson.JSONEncodeError:
        written = b""
    if not written or is_too_deep(written, value):
        raise InvalidField(name, _("%(name)s holds what JSON cannot.") % {"name": name})
    if b"\\u0000" in written and holds_nul(value):
        raise InvalidField(name, _("%(name)s holds a NUL character, which no model takes. Remove it.") % {"name": name})
    if len(written) > MAX_JSON_BYTES:
        message = _("%(name)s is longer than %(limit)d KiB.")
        raise InvalidField(name, message % {"name": name, "limit": MAX_JSON_BYTES // 1024})


def holds_nul(value: Any) -> bool:
    """Whether there is a NUL in a text of what JSON can hold: a database cannot store it."""
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any("\0" in name or holds_nul(inner) for name, inner in value.items())
    return isinstance(value, list) and any(map(holds_nul, value))


CHECKS: Mapping[str, Callable[[Any], Any]] = {
    "temperature": _number("temperature", 0, 2),
    "top_p": _number("top_p", 0, 1),
    "max_tokens": _whole("max_tokens", 1, 1_000_000),
    "stop": _stop,
    "seed": _whole("seed", -(2**63), 2**63 - 1),
    "logprobs": _flag,
    "top_logprobs": _whole("top_logprobs", 0, 20),
    "tools": _tools,
    "tool_choice": _tool_choice,
    "extra": _extra,
}


def clean_parameters(raw: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters that are set, checked; None counts as not set.

    Raises:
        InvalidField: a parameter is unknown or out of range; `field` is its name.
    """
    for name in raw:
        if name not in CHECKS:
            message = _("There is no parameter “%(name)s”; there are %(names)s.")
            raise InvalidField(name, message % {"name": name, "names": ", ".join(CHECKS)})
    cleaned = {name: CHECKS[name](value) for name, value in raw.items() if value is not None}
    if "top_logprobs" in cleaned and not cleaned.get("logprobs"):
        raise InvalidField("top_logprobs", _("top_logprobs needs logprobs to be true."))
    return cleaned


def to_request_parameters(cleaned: Mapping[str, Any]) -> Parameters:
    """The stored parameters of a turn as a provider takes them."""
    lists = {name: tuple(cleaned.get(name, ())) for name in ("stop", "tools")}
    return Parameters(**{**cleaned, **lists})
