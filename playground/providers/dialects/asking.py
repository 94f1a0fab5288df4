"""What the requests of several dialects share."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import orjson

from playground.providers import loosejson
from playground.providers.dialects.body import malformed
from playground.providers.endpoint import Endpoint
from playground.providers.errors import InvalidRequest
from playground.providers.request import Message, Parameters

JSON: Final = {"content-type": "application/json"}


def body_of(words: Mapping[str, Any], extra: Mapping[str, Any]) -> bytes:
    """A body in JSON: of `words` what is not None, and `extra` as it is. Raises InvalidRequest for half a character."""
    try:
        return orjson.dumps({name: value for name, value in words.items() if value is not None} | dict(extra))
    except orjson.JSONEncodeError:
        raise InvalidRequest("The prompt holds half a character, which cannot be sent: enter it again.") from None


def bearer(endpoint: Endpoint) -> dict[str, str]:
    return {"authorization": f"Bearer {endpoint.api_key}"} if endpoint.api_key else {}


def asked_for(parameters: Parameters, names: Iterable[str]) -> tuple[str, ...]:
    """Which of the parameters called `names`, for which a dialect has no word, are set: see `HttpRequest.ignored`."""
    return tuple(name for name in names if getattr(parameters, name) not in (None, False, ()))


def system_and_rest(messages: Sequence[Message]) -> tuple[str, list[Message]]:
    """The text of the system messages, for dialects that take it apart from the conversation; and the others."""
    system = "\n\n".join(message.content for message in messages if message.role == "system")
    return system, [message for message in messages if message.role != "system"]


def names_in(body: bytes, member: str = "data", name: str = "id") -> list[str]:
    """The names in a list of models: `{member: [{name: …}, …]}`. Raises MalformedAnswer."""
    try:
        value, _ = loosejson.loads(body)
    except ValueError:
        raise malformed("broken JSON") from None
    models = value.get(member) if isinstance(value, dict) else None
    if not isinstance(models, list):
        raise malformed("JSON without a list of models")
    return [model[name] for model in models if isinstance(model, dict) and isinstance(model.get(name), str)]
