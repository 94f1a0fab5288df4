"""One-time sign-in links, as Jupyter prints them.

The link holds a random token; only its SHA-256 is kept, for 15 minutes. Opening the link changes nothing (mail
scanners and link previews open links); the POST of the page's button spends it. `redaction` keeps it out of logs.
"""

from datetime import timedelta
from typing import Final

from django.db.models import QuerySet
from django.utils import timezone

from playground.accounts.link_tokens import digest_of, new_token
from playground.accounts.models import SignInToken, User

LIFETIME: Final = timedelta(minutes=15)


def create_sign_in_link(user: User) -> str:
    """Returns the token, which cannot be read again. Forgets expired ones."""
    now = timezone.now()
    SignInToken.objects.filter(expires_at__lt=now).delete()
    token = new_token()
    SignInToken.objects.create(user=user, digest=digest_of(token), expires_at=now + LIFETIME)
    return token


def find_user(token: str) -> User | None:
    """Whom the token would sign in; None if it is unknown, spent or expired, or its user is inactive."""
    row = _live().select_related("user").filter(digest=digest_of(token)).first()
    return row.user if row else None


def spend(token: str) -> User | None:
    """As `find_user`, and the token is of no more use. Of any number of simultaneous calls, one gets the user."""
    user = find_user(token)
    if user is None:
        return None
    # Asked of this table alone: PostgreSQL looks again at a row that it waited for, and not at one that is joined.
    spent = SignInToken.objects.filter(digest=digest_of(token), used_at=None).update(used_at=timezone.now())
    return user if spent else None


def _live() -> QuerySet[SignInToken]:
    return SignInToken.objects.filter(used_at=None, expires_at__gt=timezone.now(), user__is_active=True)
