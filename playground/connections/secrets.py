"""What a connection must not show: its API key, extra headers and proxy URL, encrypted at rest.

The encryption key is derived from SECRET_KEY (see `sealing`); each of SECRET_KEY_FALLBACKS still decrypts.
Saving a connection encrypts its secrets again with the newest key, so old keys can be dropped after every connection
has been saved once.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptography.fernet import InvalidToken, MultiFernet
from django.utils.translation import gettext as _

from playground.errors import Conflict
from playground.sealing import cipher

_INFO = b"playground connection secrets v1"


class SecretsUnreadable(Conflict):
    """The secrets were encrypted with a key that is no longer among SECRET_KEY and SECRET_KEY_FALLBACKS."""

    code = "secrets_unreadable"

    def __init__(self, connection: str) -> None:
        super().__init__(
            _(
                "The stored credentials of the connection “%s” cannot be read, because SECRET_KEY has changed: "
                "put the old key into SECRET_KEY_FALLBACKS, or enter the credentials again."
            )
            % connection
        )


@dataclass(frozen=True, slots=True)
class Secrets:
    """Never in a repr, a log or a page. `headers` are sent with each request; `proxy` is a URL or ""."""

    api_key: str = field(default="", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    proxy: str = field(default="", repr=False)


def encrypt(secrets: Secrets) -> bytes:
    if secrets == Secrets():
        return b""
    plain = {"api_key": secrets.api_key, "headers": dict(secrets.headers), "proxy": secrets.proxy}
    return _cipher().encrypt(json.dumps(plain).encode())


def decrypt(token: bytes, connection: str) -> Secrets:
    """Raises SecretsUnreadable, which names the connection."""
    if not token:
        return Secrets()
    try:
        plain = json.loads(_cipher().decrypt(token))
    except InvalidToken:
        raise SecretsUnreadable(connection) from None
    return Secrets(plain["api_key"], plain["headers"], plain["proxy"])


def rotate(token: bytes, connection: str) -> bytes:
    """The same secrets, encrypted with the newest key. Raises SecretsUnreadable."""
    if not token:
        return b""
    try:
        return _cipher().rotate(token)
    except InvalidToken:
        raise SecretsUnreadable(connection) from None


def _cipher() -> MultiFernet:
    return cipher(_INFO)
