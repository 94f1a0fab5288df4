"""The secrets of links and tokens: 256 random bits, of which only the SHA-256 is kept.

Such a secret cannot be guessed from its hash, so a slow hash would only cost time. `redaction` keeps them out of logs.
"""

import hashlib
import secrets


def new_token() -> str:
    return secrets.token_urlsafe(32)


def digest_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
