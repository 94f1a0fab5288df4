"""The same request sent twice is one run: for who sends it again because its answer was lost."""

import hashlib
from collections.abc import Callable

from django.db import IntegrityError

from playground.accounts.models import User
from playground.errors import Conflict
from playground.runs.models import IdempotencyKey, Run
from playground.runs.turns import Created


def digest_of(*parts: bytes) -> str:
    """Different for each different list of parts: 64 hexadecimal digits."""
    found = hashlib.sha256()
    for part in parts:
        found.update(len(part).to_bytes(8))
        found.update(part)
    return found.hexdigest()


def started_once(user: User, key: str, digest: str, start: Callable[[Created], Run]) -> Run:
    """The run that `start` starts, or that it started when the user sent the request before with the same key.

    `key`: at most 200 characters; without one it is started. `digest`: what the request asks for.
    The key is kept in the transaction that saves the run, so of two requests at the same time one starts a run.

    Raises:
        Conflict: the key was used for another request; and what `start` raises.
    """
    if not key:
        return start(None)
    earlier = _earlier(user, key)
    if earlier is None:
        try:
            return start(lambda runs: _keep(user, key, digest, runs[0]))
        except IntegrityError:
            earlier = _earlier(user, key)
            if earlier is None:  # it was something else that the database refused
                raise
    if earlier.request_digest != digest:
        raise Conflict("This Idempotency-Key was used for another request. Use a new key.", field="Idempotency-Key")
    return earlier.run


def _earlier(user: User, key: str) -> IdempotencyKey | None:
    return IdempotencyKey.objects.filter(user=user, key=key).select_related("run__turn__session").first()


def _keep(user: User, key: str, digest: str, run: Run) -> None:
    IdempotencyKey.objects.create(user=user, key=key, request_digest=digest, run=run)
