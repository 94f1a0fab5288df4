"""Keeps one-time sign-in tokens out of logs. Imports no model: logging is set up before models can be imported."""

import logging
import re
from typing import Final

_TOKEN_IN_PATH: Final = re.compile(r"(/sign-in/link/)[\w%-]+")


class RedactTokens(logging.Filter):
    """For a log handler. Django and servers log the path of a request that fails, and this path is a credential."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        redacted = _TOKEN_IN_PATH.sub(r"\1…", message)
        if redacted != message:
            record.msg, record.args = redacted, None
        return True
