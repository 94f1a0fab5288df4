"""What a link lets whoever has it read, without an account.

The apps that make links register how a token is resolved; the socket and the engine know only this module.
"""

from collections.abc import Callable
from typing import Protocol

from django.db.models import QuerySet

from playground.recording.events import Event
from playground.runs.models import Run

Lens = Callable[[Event], Event]
"""Shows an event as the holder of a link may see it: the same seq and kind; a time and data that may say less.

What it shows of an event depends on that event alone, so it may be asked in any order, and again.
"""


class Grant(Protocol):
    """Made by a resolver, on a database thread. Two grants of the same `key` show the same."""

    @property
    def key(self) -> str: ...

    def holds(self) -> bool:
        """Whether the link still opens anything: it may have expired or been revoked. Reads the database."""

    def runs(self) -> QuerySet[Run]:
        """The runs that may be read now, with their turn and session."""

    def lens(self, run: Run) -> Lens:
        """How the events of `run` are shown. Called once a run and `key`; redactions made later need a new lens."""

    def rooms(self) -> frozenset[str]:
        """The rooms that the holder may join (see `runs.rooms`)."""


Resolver = Callable[[str], "Grant | None"]

_resolvers: list[Resolver] = []


def register(resolver: Resolver) -> None:
    """Called once, by the `ready` of the app that makes the links."""
    _resolvers.append(resolver)


def resolve(token: str) -> Grant | None:
    """The grant of a link's token; None if no link has it, or it opens nothing any more. Reads the database."""
    return next((grant for resolver in _resolvers if (grant := resolver(token)) is not None), None)
