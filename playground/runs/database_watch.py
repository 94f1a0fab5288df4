"""Whether the database takes what is written: asked all the time, on every process, and decided here only.

The writer tells how its commits go. Where it has nothing to store, a question of our own takes its place: a process
without a run must know it too, for it is the one that a load balancer sends the next run to.
"""

import asyncio
import logging
import os
from enum import Enum
from pathlib import Path
from typing import Final

from django.db import Error, OperationalError, connection, transaction

from playground.runs.database import DatabaseThreads, first_line, is_away, is_full
from playground.runs.health import Health, Trouble

logger = logging.getLogger(__name__)

EVERY_S: Final = 2.0
SILENT_S: Final = 4.0  # a question that has no answer after so long has none; one that waits for a large commit has
SCARCE_BYTES: Final = 16 * 1024 * 1024  # with less space than that, only a write tells whether a write succeeds


class Source(Enum):
    """Who found something out."""

    WRITER = "writer"
    QUESTION = "question"


class DatabaseWatch:
    """Owned by the engine; belongs to its event loop. The others tell it what they find, and it tells `health`.

    What the writer stored is the best evidence: it takes back what a question found. An answer to a question does not
    take back what the writer found. A full disk stays one until something is taken, whatever fails meanwhile.
    """

    def __init__(self, health: Health) -> None:
        self._health = health
        self._found: dict[Source, Trouble] = {}
        self._taken_at = 0.0
        self._thread = DatabaseThreads(1, "database watch")

    @property
    def is_well(self) -> bool:
        """Whether the database takes what is recorded, as far as anybody knows."""
        return not self._found

    def took(self, source: Source) -> None:
        """The database did what it was asked."""
        self._taken_at = asyncio.get_running_loop().time()
        if source is Source.WRITER:
            self._decide({}, "")
        else:
            self._decide({s: trouble for s, trouble in self._found.items() if s is not source}, "")

    def refused(self, source: Source, error: Error) -> None:
        """The database is away, in the sense of `is_away`."""
        was_full = self._found.get(source) is Trouble.DISK
        trouble = Trouble.DISK if was_full or is_full(error) else Trouble.DATABASE
        self._decide({**self._found, source: trouble}, first_line(error))

    def silent(self, source: Source, for_s: float) -> None:
        """The database has neither answered nor refused for so long."""
        self._decide({source: Trouble.DATABASE, **self._found}, f"no answer for {for_s:g} s")

    async def run(self) -> None:
        """Ask every few seconds, until cancelled."""
        loop = asyncio.get_running_loop()
        async with self._thread:
            while True:
                await asyncio.sleep(EVERY_S)
                if self._found or loop.time() - self._taken_at >= EVERY_S:
                    await self._ask()

    async def _ask(self) -> None:
        began = asyncio.get_running_loop().time()
        asking = asyncio.create_task(self._thread.call(ask), name="question to the database")
        try:
            answered, _ = await asyncio.wait({asking}, timeout=SILENT_S)
            if not answered and self._taken_at < began:
                self.silent(Source.QUESTION, SILENT_S)
            await asking
        except Error as error:
            if not is_away(error):
                raise
            self.refused(Source.QUESTION, error)
        else:
            self.took(Source.QUESTION)
        finally:
            asking.cancel()

    def _decide(self, found: dict[Source, Trouble], why: str) -> None:
        was_well, self._found = self.is_well, found
        is_full = Trouble.DISK in found.values()
        self._health.note(Trouble.DISK, is_full)
        self._health.note(Trouble.DATABASE, bool(found) and not is_full)
        if was_well and found:
            logger.warning("The database does not take what is recorded; trying again: %s", why)
        elif found == {} and not was_well:
            logger.warning("The database takes what is recorded again.")


def ask() -> None:
    """Ask the database whether it would take a write now; raises an Error of Django's if not.

    SQLite is asked for the lock that each write needs, and where space is scarce for a write that changes nothing.
    PostgreSQL is asked whether it is read-only.
    """
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            with transaction.atomic():
                if _is_space_scarce(connection.settings_dict["NAME"]):
                    version = cursor.execute("PRAGMA user_version").fetchone()[0]
                    cursor.execute(f"PRAGMA user_version = {int(version)}")
            return
        cursor.execute("SELECT current_setting('transaction_read_only')")
        if cursor.fetchone() == ("on",):
            raise OperationalError("it is read-only")


def _is_space_scarce(file: str) -> bool:
    space = os.statvfs(Path(file).parent)
    return space.f_bavail * space.f_frsize < SCARCE_BYTES
