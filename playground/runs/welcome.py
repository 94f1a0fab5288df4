"""What a new server prints."""

from django.conf import settings
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


def greeting(host: str, port: int) -> str:
    """One line to open: with a one-time sign-in link for the oldest superuser, who is created if nobody exists."""
    base = settings.PUBLIC_URL
    if not base:
        name = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "": "127.0.0.1"}.get(host, host)  # noqa: S104
        base = f"http://{f'[{name}]' if ':' in name and not name.startswith('[') else name}:{port}"
    is_new = not User.objects.exists()
    user = ensure_first_user()
    if is_new and user is not None:
        give_samples(Workspace.objects.default(), user)
    if user is None:
        return f"Open {base + reverse('accounts:sign-in')} to sign in."
    link = base + reverse("accounts:sign-in-link", args=[create_sign_in_link(user)])
    others = "" if base == settings.PUBLIC_URL or _is_local(host) else _FOR_OTHERS
    return f"Open {link} to sign in as {user.username} (works once, for 15 minutes).{others}"


def _is_local(host: str) -> bool:
    return host == "localhost" or host == "::1" or host.startswith("127.")
