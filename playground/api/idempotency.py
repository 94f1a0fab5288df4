"""The header `Idempotency-Key`."""

from collections.abc import Callable

from django.http import HttpRequest

from playground.errors import InvalidField
from playground.runs import idempotency
from playground.runs.models import Run
from playground.runs.turns import Created
from playground.workspaces.models import ApiToken

LONGEST = 200  # characters of a key


def started_once(
    request: HttpRequest, token: ApiToken, start: Callable[[Created], Run], again: Run | None = None
) -> Run:
    """The run that `start` starts, or that it started when the request was sent before with the same key.

    `again`: the run that the address names, if it does: to start that one again is another request for each run.

    Raises:
        InvalidField: the key is too long.
        Conflict: the key was used for another request.
    """
    key = request.headers.get("Idempotency-Key", "")
    if len(key) > LONGEST:
        raise InvalidField("Idempotency-Key", f"Idempotency-Key can have at most {LONGEST} characters.")
    address = request.path.encode() if again is not None else b""
    return idempotency.started_once(token.user, key, idempotency.digest_of(address, request.body), start)
