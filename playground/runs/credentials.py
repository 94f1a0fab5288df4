"""By what a socket came in, and whether that still holds: asked for all sockets of the process at once.

A socket outlives the request that opened it. Who signs out, changes the password, is disabled or loses the token must
not go on reading through one.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.contrib.sessions.models import Session as BrowserSession
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from playground.accounts.models import User
from playground.workspaces.models import ApiToken


@dataclass(frozen=True, slots=True)
class Credentials:
    """A browser's session key and hash (Django's, which changes with the password), or the id of a token."""

    user: User
    session_key: str = ""
    session_hash: str = ""
    token_id: int | None = None


def expired(known: Collection[Credentials]) -> set[Credentials]:
    """Those that do not hold any more. Three queries, however many there are."""
    users: dict[Any, User] = User.objects.filter(is_active=True).in_bulk({c.user.pk for c in known})
    sessions = set(
        BrowserSession.objects.filter(
            session_key__in={c.session_key for c in known if c.session_key}, expire_date__gt=timezone.now()
        ).values_list("session_key", flat=True)
    )
    tokens = set(
        ApiToken.objects.filter(id__in={c.token_id for c in known if c.token_id}, revoked_at=None).values_list(
            "id", flat=True
        )
    )
    return {c for c in known if not _holds(c, users.get(c.user.pk), sessions, tokens)}


def _holds(credentials: Credentials, user: User | None, sessions: set[str], tokens: set[int]) -> bool:
    if user is None:
        return False
    if credentials.token_id is not None:
        return credentials.token_id in tokens
    return credentials.session_key in sessions and constant_time_compare(
        credentials.session_hash, user.get_session_auth_hash()
    )
