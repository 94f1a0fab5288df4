"""Tells people's pages that runs have started or ended, so that they look again."""

import asyncio
from collections.abc import Collection, Iterator
from typing import Final
from uuid import UUID

from django.db import Error

from playground.runs.database import DatabaseThreads, is_away
from playground.runs.models import Session, Visibility
from playground.runs.rooms import Rooms

TOGETHER_S: Final = 0.1  # the lanes of a turn start together, and often end so


class Activity:
    """Owned by the engine, on its event loop.

    `sessions` is nudged for who may see the session in a list, `turns` where the session itself is open.
    """

    def __init__(self, rooms: Rooms, threads: DatabaseThreads) -> None:
        self._rooms = rooms
        self._threads = threads
        self._started: set[UUID] = set()
        self._ended: set[UUID] = set()
        self._due = asyncio.Event()

    def started(self, run_id: UUID) -> None:
        self._started.add(run_id)
        self._due.set()

    def ended(self, run_id: UUID) -> None:
        self._ended.add(run_id)
        self._due.set()

    async def run(self) -> None:
        """Tell until cancelled."""
        while True:
            await self._due.wait()
            await asyncio.sleep(TOGETHER_S)
            self._due.clear()
            started, self._started = self._started, set()
            ended, self._ended = self._ended, set()
            try:
                hints = await self._threads.call(_hints, started, ended)
            except Error as error:
                if not is_away(error):
                    raise
                continue  # the writer says that the database is away
            for room, what in hints:
                self._rooms.nudge(room, what, {})


def _hints(started: Collection[UUID], ended: Collection[UUID]) -> list[tuple[str, str]]:
    """Rooms, and what to nudge there. Two queries at most."""
    hints = {hint for session in _sessions_of([*started, *ended]) for hint in _lists(session)}
    hints |= {(f"session:{session.pk}", "turns") for session in _sessions_of(started)}
    return sorted(hints)


def _sessions_of(run_ids: Collection[UUID]) -> list[Session]:
    fields = ("pk", "owner_id", "workspace_id", "visibility")
    return list(Session.objects.filter(turns__runs__in=run_ids).only(*fields).distinct()) if run_ids else []


def _lists(session: Session) -> Iterator[tuple[str, str]]:
    yield f"user:{session.owner_id}", "sessions"
    if session.visibility == Visibility.WORKSPACE:
        yield f"workspace:{session.workspace_id}", "sessions"
