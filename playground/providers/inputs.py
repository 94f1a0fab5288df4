"""What a caller may give a model, made into a request."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any, Final, TypedDict, get_args

from playground.providers.request import Message, Parameters, Role

# A text; messages as `Message`, ("user", "text") or {"role": "user", "content": "text"}; or a single one of these.
Input = (
    str | Message | Mapping[str, str] | tuple[str, str] | Sequence[Message | Mapping[str, str] | tuple[str, str] | str]
)

_ROLES: Final = frozenset(get_args(Role))
_ALSO_CALLED: Final[dict[str, Role]] = {"human": "user", "ai": "assistant", "developer": "system"}
_PARAMETERS: Final = frozenset(field.name for field in fields(Parameters))


class Config(TypedDict, total=False):
    """What LangChain calls a RunnableConfig, in so far as it means something here."""

    run_name: str
    run_id: Any
    tags: list[str]
    metadata: dict[str, Any]
    max_concurrency: int | None


def messages_of(given: Input) -> tuple[Message, ...]:
    """Raises TypeError and ValueError for what is no message, or none at all."""
    if isinstance(given, str | Message | Mapping) or _is_pair(given):
        return (_message(given),)
    if not isinstance(given, Sequence):
        raise TypeError(f"A prompt is a string or a list of messages, not {type(given).__name__}.")
    if not given:
        raise ValueError("The list of messages is empty: give at least one.")
    return tuple(_message(item) for item in given)


def _is_pair(given: object) -> bool:
    return isinstance(given, tuple) and len(given) == 2 and all(isinstance(item, str) for item in given)


def _message(given: Any) -> Message:
    if isinstance(given, Message):
        return given
    if isinstance(given, str):
        return Message("user", given)
    if isinstance(given, Mapping) and isinstance(given.get("role"), str) and isinstance(given.get("content"), str):
        return Message(_role(given["role"]), given["content"])
    if isinstance(given, Sequence) and len(given) == 2 and all(isinstance(item, str) for item in given):
        return Message(_role(given[0]), given[1])
    raise TypeError('A message is a string, a Message, ("user", "text") or {"role": "user", "content": "text"}.')


def _role(name: str) -> Role:
    role = _ALSO_CALLED.get(name, name)
    if role not in _ROLES:
        raise ValueError(f"A message's role is one of {', '.join(sorted(_ROLES))}, not {name!r}.")
    return role  # type: ignore[return-value]


def with_changes(parameters: Parameters, changes: Mapping[str, Any]) -> Parameters:
    """Raises TypeError for a name that is no parameter's. `stop` may be one string."""
    unknown = changes.keys() - _PARAMETERS
    if unknown:
        raise TypeError(f"{min(unknown)} is no parameter of a model; what only your provider knows goes into extra.")
    values = dict(changes)
    if "stop" in values:
        stop = values["stop"]
        values["stop"] = (stop,) if isinstance(stop, str) else tuple(stop or ())
    return replace(parameters, **values)
