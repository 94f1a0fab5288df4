"""API tokens: bearer secrets that act for one user in one workspace.

A secret is `spg_` and 256 random bits, shown once. Its plain SHA-256 is kept: such a secret cannot be guessed from its
hash, so a slow hash would only cost each request time. Looking a hash up by index leaks nothing useful about a secret.
"""

import secrets
import time
from datetime import timedelta
from typing import Final

from django.db.models import F
from django.utils import timezone

from playground.accounts.link_tokens import digest_of
from playground.accounts.models import User
from playground.workspaces.models import ApiToken, Workspace

PREFIX: Final = "spg_"
_LAST_USED_RESOLUTION: Final = timedelta(minutes=1)
_KNOWN_FOR_S: Final = 1.0
_KNOWN: Final = 1000

_known: dict[str, tuple[float, ApiToken]] = {}  # by digest: until when, what


def create_token(user: User, workspace: Workspace, name: str = "") -> str:
    """Returns the secret, which cannot be read again."""
    secret = PREFIX + secrets.token_urlsafe(32)
    ApiToken.objects.create(user=user, workspace=workspace, name=name[:100], digest=digest_of(secret))
    return secret


def authenticate_token(secret: str) -> ApiToken | None:
    """The token with its `user` and `workspace`; None if it is unknown or revoked, or the user is inactive or left.

    The answer may be up to a second old: a quarter of what starting a run cost was asking this again.
    """
    if not secret.startswith(PREFIX):
        return None
    digest = digest_of(secret)
    known = _known.get(digest)
    if known is not None and time.monotonic() < known[0]:
        return known[1]
    token = (
        ApiToken.objects.select_related("user", "workspace")
        .filter(digest=digest, revoked_at=None, user__is_active=True)
        .filter(workspace__memberships__user=F("user"))
        .first()
    )
    if token is not None:
        _note_use(token)
        if len(_known) >= _KNOWN:
            _known.clear()
        _known[digest] = (time.monotonic() + _KNOWN_FOR_S, token)
    return token


def revoke_token(user: User, token_id: int) -> bool:
    """False if the user has no such live token."""
    forget_known()
    return bool(ApiToken.objects.filter(pk=token_id, user=user, revoked_at=None).update(revoked_at=timezone.now()))


def forget_known() -> None:
    """Ask the database anew, at the next request of each token to this process."""
    _known.clear()


def _note_use(token: ApiToken) -> None:
    now = timezone.now()
    if token.last_used_at is None or now - token.last_used_at > _LAST_USED_RESOLUTION:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
        token.last_used_at = now
