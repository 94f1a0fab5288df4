"""One-time links to set a new password, for an installation without a mail server.

Opening the link changes nothing; the POST of the new password spends it, and ends all other sign-ins of the person.
Who may make one for whom is not decided here: see `workspaces.resets`.
"""

from datetime import timedelta
from typing import Final

from django.db import transaction
from django.utils import timezone

from playground.accounts.forms import SetPassword
from playground.accounts.link_tokens import digest_of, new_token
from playground.accounts.models import ResetLink, User

LIFETIME: Final = timedelta(hours=24)


@transaction.atomic
def create_reset_link(user: User, created_by: User) -> str:
    """Returns the token, which cannot be read again. A person has one link: an earlier one ends, as expired ones do."""
    now = timezone.now()
    ResetLink.objects.filter(expires_at__lt=now).delete()
    ResetLink.objects.filter(user=user).delete()
    token = new_token()
    ResetLink.objects.create(user=user, created_by=created_by, digest=digest_of(token), expires_at=now + LIFETIME)
    return token


def find_link(token: str) -> ResetLink | None:
    """With its people; None if it is unknown, spent or expired, or one of them is inactive."""
    return (
        ResetLink.objects.select_related("user", "created_by")
        .filter(digest=digest_of(token), used_at=None, expires_at__gt=timezone.now())
        .filter(user__is_active=True, created_by__is_active=True)
        .first()
    )


@transaction.atomic
def spend(link: ResetLink, form: SetPassword) -> bool:
    """Set the password of a valid form. False if the link was spent meanwhile: of simultaneous calls, one wins."""
    if not ResetLink.objects.filter(pk=link.pk, used_at=None).update(used_at=timezone.now()):
        return False
    form.save()
    return True
