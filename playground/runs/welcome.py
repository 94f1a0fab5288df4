"""What a new server prints."""

import contextlib
from collections.abc import Iterator

from django.conf import settings
from django.db import OperationalError, connection
from django.urls import reverse

from playground.accounts.first_user import ensure_first_user
from playground.accounts.models import User
from playground.accounts.sign_in_links import create_sign_in_link
from playground.runs.samples import give_samples
from playground.workspaces.models import Workspace

_FOR_OTHERS = (
    "\nOther machines reach this server by names and addresses that ALLOWED_HOSTS lists; "
    "or set PUBLIC_URL to the address that people use."
)


_LOCKED_S = 2
"""So long a start waits for another program that writes to the same SQLite database."""


def greeting(host: str, port: int) -> str:
    """One line to open: with a one-time sign-in link for the oldest superuser, who is created if nobody exists.

    While the database takes no writes, the server starts all the same, and there is no link.
    """
    base = settings.PUBLIC_URL or _address(host, port)
    sign_in = f"Open {base + reverse('accounts:sign-in')} to sign in."
    try:
        with _impatient():
            user = _first_user()
            link = create_sign_in_link(user) if user is not None else ""
    except OperationalError as error:
        return f"{sign_in} There is no sign-in link: the database cannot be written to now ({error})."
    if user is None:
        return sign_in
    others = "" if base == settings.PUBLIC_URL or _is_local(host) else _FOR_OTHERS
    address = base + reverse("accounts:sign-in-link", args=[link])
    return f"Open {address} to sign in as {user.username} (works once, for 15 minutes).{others}"


def _first_user() -> User | None:
    is_new = not User.objects.exists()
    user = ensure_first_user()
    if is_new and user is not None:
        give_samples(Workspace.objects.default(), user)
    return user


@contextlib.contextmanager
def _impatient() -> Iterator[None]:
    if connection.vendor != "sqlite":
        yield
        return
    with connection.cursor() as cursor:
        usual = cursor.execute("PRAGMA busy_timeout").fetchone()[0]
        cursor.execute(f"PRAGMA busy_timeout = {_LOCKED_S * 1000}")
        try:
            yield
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {usual}")


def _address(host: str, port: int) -> str:
    name = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "": "127.0.0.1"}.get(host, host)  # noqa: S104
    return f"http://{f'[{name}]' if ':' in name and not name.startswith('[') else name}:{port}"


def _is_local(host: str) -> bool:
    return host == "localhost" or host == "::1" or host.startswith("127.")
