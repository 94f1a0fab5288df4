"""API tokens: bearer secrets that act for one user in one workspace.

A secret is `spg_` and 256 random bits, shown once. Its plain SHA-256 is kept: such a secret cannot be guessed from its
hash, so a slow hash would only cost each request time. Looking a hash up by index leaks nothing useful about a secret.
"""

import secrets
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from playground import rows
from playground.accounts.link_tokens import digest_of
from playground.accounts.models import User
from playground.workspaces.audit import record
from playground.workspaces.models import ApiToken, Membership, Workspace

PREFIX: Final = "spg_"
_LAST_USED_RESOLUTION: Final = timedelta(minutes=1)
_KNOWN_FOR_S: Final = 1.0
_KNOWN: Final = 1000

_known: dict[str, tuple[float, ApiToken]] = {}  # by digest: until when, what


@dataclass(frozen=True, slots=True)
class Scope:
    """What a token may do, as `ApiToken` says it: no connections for all of them, None for no limit and no end."""

    connections: Sequence[str] = ()
    expires_at: datetime | None = None
    runs_per_minute: int | None = None
    tokens_per_day: int | None = None

    def details(self) -> dict[str, Any]:
        """For the audit log: what is limited."""
        known = {
            "connections": list(self.connections),
            "expires": self.expires_at.isoformat(timespec="seconds") if self.expires_at else None,
            "runs_per_minute": self.runs_per_minute,
            "tokens_per_day": self.tokens_per_day,
        }
        return {name: value for name, value in known.items() if value}


def expiry_in(days: int | None) -> datetime | None:
    """None for never."""
    return None if days is None else timezone.now() + timedelta(days=days)


def create_token(user: User, workspace: Workspace, name: str = "", scope: Scope | None = None) -> str:
    """Returns the secret, which cannot be read again."""
    secret = PREFIX + secrets.token_urlsafe(32)
    scope = scope or Scope()
    ApiToken.objects.create(
        user=user,
        workspace=workspace,
        name=name[:100],
        digest=digest_of(secret),
        connections=list(scope.connections),
        expires_at=scope.expires_at,
        runs_per_minute=scope.runs_per_minute,
        tokens_per_day=scope.tokens_per_day,
    )
    return secret


def authenticate_token(secret: str) -> ApiToken | None:
    """The token with its `user` and `workspace`; None if it is not valid, or the user is inactive or left.

    The answer may be up to a second old: a quarter of what starting a run cost was asking this again.
    """
    if not secret.startswith(PREFIX):
        return None
    digest = digest_of(secret)
    known = _known.get(digest)
    if known is not None and time.monotonic() < known[0]:
        return None if _is_over(known[1]) else known[1]
    token = (
        ApiToken.objects.select_related("user", "workspace")
        .filter(unexpired(), digest=digest, revoked_at=None, user__is_active=True)
        .filter(workspace__memberships__user=F("user"))
        .first()
    )
    if token is not None:
        _note_use(token)
        if len(_known) >= _KNOWN:
            _known.clear()
        _known[digest] = (time.monotonic() + _KNOWN_FOR_S, token)
    return token


def tokens_that_hold(ids: Collection[int]) -> set[int]:
    """Those of the tokens that may still be used. By hand, for every program that opens a run asks this."""
    if not ids:
        return set()
    token, user, membership = map(rows.table_of, (ApiToken, User, Membership))
    sql = f"""
        SELECT t.id FROM {token} t JOIN {user} u ON u.id = t.user_id
            JOIN {membership} m ON m.user_id = t.user_id AND m.workspace_id = t.workspace_id
        WHERE t.id IN ({rows.places(ids)}) AND t.revoked_at IS NULL AND u.is_active
            AND (t.expires_at IS NULL OR t.expires_at > %s)
    """  # noqa: S608
    now = rows.database().ops.adapt_datetimefield_value(timezone.now())
    return {key for (key,) in rows.fetch(sql, [*ids, now])}


def unexpired() -> Q:
    """Of tokens: those whose time is not over."""
    return Q(expires_at=None) | Q(expires_at__gt=timezone.now())


def revoke_token(user: User, token_id: int) -> bool:
    """False if the user has no such live token."""
    forget_known()
    return bool(ApiToken.objects.filter(pk=token_id, user=user, revoked_at=None).update(revoked_at=timezone.now()))


@transaction.atomic
def revoke_all(user: User, **_kwargs: Any) -> None:
    """A receiver of `tokens_distrusted`: each is told in the audit log of its workspace."""
    live = ApiToken.objects.filter(user=user, revoked_at=None).select_related("workspace").order_by("pk")
    for token in live:
        record(token.workspace, user, "token.revoke", token.name, subject_id=token.pk)
    live.update(revoked_at=timezone.now())
    forget_known()


def forget_known() -> None:
    """Ask the database anew, at the next request of each token to this process."""
    _known.clear()


def _is_over(token: ApiToken) -> bool:
    return token.expires_at is not None and token.expires_at <= timezone.now()


def _note_use(token: ApiToken) -> None:
    now = timezone.now()
    if token.last_used_at is None or now - token.last_used_at > _LAST_USED_RESOLUTION:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
        token.last_used_at = now
