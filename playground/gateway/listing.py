"""The models that a token may use, as OpenAI's API lists models."""

from typing import Any, Final

from playground.connections.catalogue import resolve
from playground.errors import InvalidField, NotFound
from playground.runs.token_limits import hold_scope, visible_models
from playground.workspaces.models import ApiToken

CREATED: Final = 0  # nobody knows when a provider made a model


def describe_models(token: ApiToken) -> dict[str, Any]:
    """Those that can be used now. A connection that lists no names takes any, and is not in the list."""
    models = [_described(info.id, info.connection) for info in visible_models(token) if info.available]
    return {"object": "list", "data": models}


def describe_model(token: ApiToken, model_id: str) -> dict[str, Any]:
    """Raises NotFound, Forbidden."""
    hold_scope(token, [model_id])
    try:
        found = resolve(token.workspace, model_id)
    except InvalidField as error:
        raise NotFound(error.message, field="model") from None
    return _described(found.model_id, found.connection)


def _described(model_id: str, connection: str) -> dict[str, Any]:
    return {"id": model_id, "object": "model", "created": CREATED, "owned_by": connection}
