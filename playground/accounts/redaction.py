"""Keeps the tokens of links out of logs. Imports no model: logging is set up before models can be imported."""

import logging
import re
from typing import Final

# One-time sign-in links, invitations (also as the page to come back to), links that reset a password, share links,
# audience links, and what their pages give the socket.
_TOKENS: Final = re.compile(
    r"((?:/|%2F)(?:sign-in/link|join|reset|s|a)(?:/|%2F)|/password-reset/[\w-]+/|[?&]share=)[\w%:.~-]+", re.IGNORECASE
)


class RedactTokens(logging.Filter):
    """For a log handler. Django and servers log the path of a request that fails, and this path is a credential."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        redacted = _TOKENS.sub(r"\1…", message)
        if redacted != message:
            record.msg, record.args = redacted, None
        return True
