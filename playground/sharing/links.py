"""Share links: made, found by their token, revoked.

A token is 192 random bits; only its SHA-256 is kept. A page that a link opens hands its scripts a *pass*, which opens
the socket for some hours: so a link with a password never opens it by the token alone.
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.contrib.auth.hashers import check_password, make_password
from django.core import signing
from django.db import transaction
from django.db.models import Count, Exists, F, Max, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from playground.accounts.link_tokens import digest_of
from playground.accounts.models import User
from playground.review.models import Redaction
from playground.runs.models import Run, Session, Visibility
from playground.sharing.contents import Contents
from playground.sharing.models import ShareLink
from playground.workspaces import audit
from playground.workspaces.access import workspaces_of
from playground.workspaces.models import Role

PASS_AGE: Final = timedelta(hours=12)
_SALT: Final = "playground.sharing.links"


@dataclass(frozen=True, slots=True)
class LinkDraft:
    """`lifetime` None: it does not expire. `password` "": none is asked for."""

    contents: Contents
    name: str = ""
    lifetime: timedelta | None = timedelta(days=7)
    password: str = ""


def share_session(user: User, session: Session, draft: LinkDraft) -> tuple[ShareLink, str]:
    """The link, and its token, which cannot be read again."""
    return _create(user, draft, workspace=session.workspace, session=session)


def share_comparison(user: User, left: Run, right: Run, draft: LinkDraft) -> tuple[ShareLink, str]:
    """As `share_session`; both runs must be of one workspace."""
    return _create(user, draft, workspace=left.turn.session.workspace, left=left, right=right)


@transaction.atomic
def revoke(user: User, link: ShareLink) -> None:
    """From now on it opens nothing, and sockets that it opened are closed."""
    if ShareLink.objects.filter(pk=link.pk, revoked_at=None).update(revoked_at=timezone.now()):
        audit.record(link.workspace, user, "share.revoke", subject_of(link), subject_id=link.pk, name=link.name)


def contents_of(link: ShareLink) -> Contents:
    return Contents(
        system=link.shows_system,
        parameters=link.shows_parameters,
        timeline=link.shows_timeline,
        annotations=link.shows_annotations,
    )


def live_links() -> QuerySet[ShareLink]:
    """Those that open something now: whoever made one must still be in its workspace, what it shows not be deleted."""
    unexpired = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
    undeleted = Q(session__deleted_at=None, session__isnull=False) | Q(
        left__turn__session__deleted_at=None, right__turn__session__deleted_at=None, session=None
    )
    author = Q(created_by__is_active=True, created_by__memberships__workspace=F("workspace"))
    return ShareLink.objects.filter(unexpired, undeleted, author, revoked_at=None)


def shared_sessions() -> Q:
    """That a link opens a session now, or a run of it beside another."""
    links = live_links()
    paths = ("session", "left__turn__session", "right__turn__session")
    one, left, right = (Exists(links.filter(**{path: OuterRef("pk")})) for path in paths)
    return Q(one) | Q(left) | Q(right)


def manageable_links(user: User) -> QuerySet[ShareLink]:
    """One's own, and all of a workspace that one owns: private sessions too, since what is outside is its business."""
    owned = Q(workspace__in=workspaces_of(user, Role.OWNER))
    own = Q(created_by=user, workspace__in=workspaces_of(user))
    related = ("session", "created_by", "workspace", "left__turn__session", "right__turn__session")
    return ShareLink.objects.filter(owned | own).select_related(*related)


def links_of(session: Session) -> QuerySet[ShareLink]:
    return ShareLink.objects.filter(session=session, revoked_at=None).select_related("created_by")


def links_of_comparison(left: Run, right: Run) -> QuerySet[ShareLink]:
    return ShareLink.objects.filter(left=left, right=right, revoked_at=None).select_related("created_by")


def count_redactions(turns: Iterable[UUID]) -> int:
    """How many spans are hidden of these turns."""
    return Redaction.objects.filter(turn__in=list(turns)).count()


def find(token: str) -> ShareLink | None:
    """The link that opens something, with what it shows; None for every reason why not."""
    related = ("session", "created_by", "left__turn__session", "right__turn__session")
    return live_links().select_related(*related).filter(digest=digest_of(token)).first()


def runs_of(link: ShareLink) -> QuerySet[Run]:
    """All runs that a link shows, with their turn and session."""
    shown = Q(turn__session=link.session_id) if link.session_id else Q(pk__in=(link.left_id, link.right_id))
    return Run.objects.filter(shown, turn__session__deleted_at=None).select_related("turn__session")


def redaction_version(link: ShareLink) -> str:
    """Changes with what is hidden of what the link shows."""
    of = Q(turn__session=link.session_id) if link.session_id else Q(turn__runs__in=(link.left_id, link.right_id))
    found = Redaction.objects.filter(of).aggregate(newest=Max("pk"), count=Count("pk", distinct=True))
    return f"{found['newest'] or 0}.{found['count']}"


def subject_of(link: ShareLink) -> str:
    """What it shows, for the audit log, whose readers need not know of a private session."""
    if link.session is not None:
        return title_for_audit(link.session)
    assert link.left is not None  # noqa: S101  (a constraint of the table)
    assert link.right is not None  # noqa: S101
    return f"{link.left.model_id} / {link.right.model_id}"


def title_for_audit(session: Session) -> str:
    return session.title if session.visibility == Visibility.WORKSPACE else ""


def check(link: ShareLink, password: str) -> bool:
    return check_password(password, link.password)


def key_of(link: ShareLink) -> str:
    """What a browser keeps that has given the password; worthless once the link has another."""
    return salted_hmac(_SALT, f"{link.pk}:{link.password}", algorithm="sha256").hexdigest()


def is_key(link: ShareLink, key: str) -> bool:
    return constant_time_compare(key, key_of(link))


def make_pass(link: ShareLink) -> str:
    """For the socket of a page that this link has opened."""
    return signing.TimestampSigner(salt=_SALT).sign(str(link.pk))


def find_by_socket_token(token: str) -> ShareLink | None:
    """By a pass, or by the token of a link that asks for no password."""
    if ":" not in token:
        link = find(token)
        return link if link is not None and not link.password else None
    try:
        pk = signing.TimestampSigner(salt=_SALT).unsign(token, max_age=PASS_AGE)
    except signing.BadSignature:
        return None
    return live_links().filter(pk=pk).first()


@transaction.atomic
def _create(user: User, draft: LinkDraft, **shown: Any) -> tuple[ShareLink, str]:
    token = secrets.token_urlsafe(24)
    contents = draft.contents
    link = ShareLink.objects.create(
        name=draft.name,
        digest=digest_of(token),
        password=make_password(draft.password) if draft.password else "",
        shows_system=contents.system,
        shows_parameters=contents.parameters,
        shows_timeline=contents.timeline,
        shows_annotations=contents.annotations,
        created_by=user,
        expires_at=timezone.now() + draft.lifetime if draft.lifetime is not None else None,
        **shown,
    )
    expires = link.expires_at.isoformat() if link.expires_at else ""
    audit.record(
        link.workspace, user, "share.create", subject_of(link), subject_id=link.pk, name=draft.name, expires=expires
    )
    return link, token
