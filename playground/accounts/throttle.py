"""Slows down guessing of passwords: at most 5 wrong ones for a username from an address in 15 minutes.

Counted in the database, so that all processes count together; an attacker elsewhere cannot lock the person out, since
the address is part of the key. Only a keyed hash of the two is kept.
"""

from datetime import timedelta
from typing import Final

from django.db.models import F
from django.utils import timezone
from django.utils.crypto import salted_hmac

from playground.accounts.models import SignInFailures

LIMIT: Final = 5
WINDOW: Final = timedelta(minutes=15)


def seconds_to_wait(username: str, address: str, *, limit: int = LIMIT) -> int:
    """0 if a password may be tried now."""
    row = SignInFailures.objects.filter(key=_key(username, address), count__gte=limit).first()
    if row is None:
        return 0
    return max(0, round((row.window_ends_at - timezone.now()).total_seconds()))


def count_failure(username: str, address: str) -> None:
    now = timezone.now()
    SignInFailures.objects.filter(window_ends_at__lt=now).delete()
    row, _ = SignInFailures.objects.get_or_create(
        key=_key(username, address), defaults={"window_ends_at": now + WINDOW}
    )
    SignInFailures.objects.filter(pk=row.pk).update(count=F("count") + 1)


def forget_failures(username: str, address: str) -> None:
    SignInFailures.objects.filter(key=_key(username, address)).delete()


def _key(username: str, address: str) -> str:
    value = f"{username.strip().casefold()}\n{address}"
    return salted_hmac("playground.accounts.throttle", value, algorithm="sha256").hexdigest()
