"""What is encrypted at rest, with keys derived from SECRET_KEY.

By HKDF-SHA256 (RFC 5869), a key for each use; each of SECRET_KEY_FALLBACKS still decrypts.
"""

import base64
from functools import lru_cache

from cryptography.fernet import Fernet, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


def cipher(use: bytes) -> MultiFernet:
    """Encrypts with the newest key; what was encrypted for another `use` does not decrypt."""
    return _cipher_of(use, (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS))


@lru_cache(maxsize=8)
def _cipher_of(use: bytes, secret_keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([_fernet(use, key) for key in secret_keys])


def _fernet(use: bytes, secret_key: str) -> Fernet:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=use).derive(secret_key.encode())
    return Fernet(base64.urlsafe_b64encode(derived))
