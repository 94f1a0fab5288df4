"""By what a socket came in, and whether that still holds: asked for all sockets of the process at once.

A socket outlives the request that opened it. Who signs out, changes the password, is disabled or loses the token must
not go on reading through one.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.models import Session as BrowserSession
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from playground.accounts.models import User
from playground.runs.access import visible_runs
from playground.runs.grants import Grant
from playground.runs.models import Run
from playground.workspaces.tokens import tokens_that_hold


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
    """Those that do not hold any more. Three queries at most for all people, and what each link's grant asks."""
    people = {c.user.pk for c in known if c.user and c.token_id is None}
    users: dict[Any, User] = User.objects.filter(is_active=True).in_bulk(people)
    sessions = set(
        BrowserSession.objects.filter(
            session_key__in={c.session_key for c in known if c.session_key}, expire_date__gt=timezone.now()
        ).values_list("session_key", flat=True)
    )
    tokens = tokens_that_hold({c.token_id for c in known if c.token_id is not None})
    grants = {c.grant.key: c.grant for c in known if c.grant is not None}
    held = {key for key, grant in grants.items() if grant.holds()}
    return {c for c in known if not _holds(c, users, sessions, tokens, held)}


def _holds(
    credentials: Credentials, users: Mapping[Any, User], sessions: set[str], tokens: set[int], grants: set[str]
) -> bool:
    if credentials.grant is not None:
        return credentials.grant.key in grants
    if credentials.token_id is not None:
        return credentials.token_id in tokens
    user = users.get(credentials.user.pk) if credentials.user is not None else None
    if user is None:
        return False
    return credentials.session_key in sessions and constant_time_compare(
        credentials.session_hash, user.get_session_auth_hash()
    )


def which_expired(known: Collection[Credentials]) -> dict[Credentials, bool]:
    """`expired`, by the credentials."""
    return dict.fromkeys(expired(known), True)


def readable_runs(asked: Collection[tuple[Credentials, UUID]]) -> dict[tuple[Credentials, UUID], Run]:
    """Of runs that are asked for by their ids those that may be read. One query for each of the credentials."""
    wanted: defaultdict[Credentials, list[UUID]] = defaultdict(list)
    for credentials, run_id in asked:
        wanted[credentials].append(run_id)
    return {
        (credentials, run.id): run
        for credentials, ids in wanted.items()
        for run in credentials.runs().filter(id__in=ids)
    }
