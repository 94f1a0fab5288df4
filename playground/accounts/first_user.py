"""The account of a fresh installation."""

from django.db import IntegrityError, transaction

from playground.accounts.models import User


def ensure_first_user() -> User | None:
    """Makes the account `owner` if there is no superuser. Returns the oldest active superuser, None if there is none.

    `owner` has no password: it signs in by the link that the start prints, and can set one on its account page. As any
    new superuser, it becomes an owner of the default workspace (see `workspaces.members`).
    """
    if not User.objects.filter(is_superuser=True).exists():
        try:
            with transaction.atomic():
                User.objects.create_superuser(username="owner", email="", password=None)
        except IntegrityError:
            pass  # another process was first, or someone else has the name
    return User.objects.filter(is_superuser=True, is_active=True).order_by("date_joined", "pk").first()
