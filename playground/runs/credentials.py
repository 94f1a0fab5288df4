"""By what a socket came in, and whether that still holds: asked for all sockets of the process at once.

A socket outlives the request that opened it. Who signs out, changes the password, is disabled or loses the token must
not go on reading through one.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.models import Session as BrowserSession
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from playground.accounts.models import User
from playground.runs.access import visible_runs
from playground.runs.grants import Grant
from playground.runs.models import Run
from playground.workspaces.models import ApiToken
from playground.workspaces.tokens import unexpired


@dataclass(frozen=True, slots=True)
class Credentials:
    """A browser's session key and hash (Django's, which changes with the password), a token's id, or a link's grant.

    `workspace_id`: the one that a token acts in; None: all of the user's.
    """

    user: User | None = None
    session_key: str = ""
    session_hash: str = ""
    token_id: int | None = None
    workspace_id: int | None = None
    grant: Grant | None = None

    def runs(self) -> QuerySet[Run]:
        """Those that may be read, with their turn and session."""
        if self.grant is not None:
            return self.grant.runs()
        runs = visible_runs(self.user or AnonymousUser())
        return runs if self.workspace_id is None else runs.filter(turn__session__workspace=self.workspace_id)


def expired(known: Collection[Credentials]) -> set[Credentials]:
    """Those that do not hold any more. Three queries for all people, and what each link's grant asks."""
    users: dict[Any, User] = User.objects.filter(is_active=True).in_bulk({c.user.pk for c in known if c.user})
    sessions = set(
        BrowserSession.objects.filter(
            session_key__in={c.session_key for c in known if c.session_key}, expire_date__gt=timezone.now()
        ).values_list("session_key", flat=True)
    )
    tokens = set(
        ApiToken.objects.filter(unexpired(), id__in={c.token_id for c in known if c.token_id}, revoked_at=None)
        .filter(workspace__memberships__user=F("user"))
        .values_list("id", flat=True)
    )
    grants = {c.grant.key: c.grant for c in known if c.grant is not None}
    held = {key for key, grant in grants.items() if grant.holds()}
    return {c for c in known if not _holds(c, users, sessions, tokens, held)}


def _holds(
    credentials: Credentials, users: Mapping[Any, User], sessions: set[str], tokens: set[int], grants: set[str]
) -> bool:
    if credentials.grant is not None:
        return credentials.grant.key in grants
    user = users.get(credentials.user.pk) if credentials.user is not None else None
    if user is None:
        return False
    if credentials.token_id is not None:
        return credentials.token_id in tokens
    return credentials.session_key in sessions and constant_time_compare(
        credentials.session_hash, user.get_session_auth_hash()
    )
