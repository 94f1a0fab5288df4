"""The cast of the history's tests, and a session full of canaries."""

from tests.history.conftest import client, owner, stranger, teammate

__all__ = ["client", "owner", "stranger", "teammate"]
