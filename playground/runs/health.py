"""What is wrong around this process right now, told to all its sockets, and asked before a run begins."""

import asyncio
from collections.abc import Collection
from enum import StrEnum
from typing import Final, Protocol

import orjson
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy


class Trouble(StrEnum):
    """What can be wrong while the process itself is well."""

    DATABASE = "database"
    DISK = "disk"
    MEMORY = "memory"
    REDIS = "redis"


SENTENCES: Final[dict[Trouble, Promise]] = {
    Trouble.DATABASE: gettext_lazy(
        "The database does not take recordings now. Answers go on and are kept in memory; they are stored when it is "
        "back. New ones can be started then."
    ),
    Trouble.DISK: gettext_lazy(
        "The disk of the database is full. Answers go on and are kept in memory; they are stored once there is space. "
        "New ones can be started then."
    ),
    Trouble.MEMORY: gettext_lazy(
        "Answers that wait to be stored fill the memory set aside for them, so the longest were ended. What they said "
        "is stored when the database is back. New ones can be started then."
    ),
    Trouble.REDIS: gettext_lazy(
        "Redis does not answer. Answers that stream from another server arrive a little later; nothing is lost."
    ),
}
# No run begins while one of these holds: its row could not be written, or its recording not be kept.
_REFUSING: Final = (Trouble.DATABASE, Trouble.DISK, Trouble.MEMORY)


class Listener(Protocol):
    """A socket of this process."""

    async def tell(self, text: str) -> None: ...


class Health:
    """Owned by the engine. `note` belongs to its event loop; the rest may be read from any thread."""

    def __init__(self) -> None:
        self._troubles: frozenset[Trouble] = frozenset()
        self._changed = asyncio.Event()

    def note(self, trouble: Trouble, holds: bool) -> None:
        """Say that `trouble` holds now, or does not."""
        troubles = self._troubles | {trouble} if holds else self._troubles - {trouble}
        if troubles != self._troubles:
            self._troubles = troubles
            self._changed.set()

    def has(self, trouble: Trouble) -> bool:
        return trouble in self._troubles

    @property
    def problems(self) -> list[dict[str, str]]:
        """`{"code", "message"}` of each, the gravest first; empty while all is well."""
        return [{"code": t.value, "message": str(SENTENCES[t])} for t in Trouble if t in self._troubles]

    @property
    def refusal(self) -> Promise | str:
        """Why no run can begin now; "" if one can."""
        return next((SENTENCES[trouble] for trouble in _REFUSING if trouble in self._troubles), "")

    @property
    def message(self) -> str:
        """What sockets are told, at each change and when they are opened while something is wrong."""
        return orjson.dumps({"op": "health", "problems": self.problems}).decode()

    async def run(self, sockets: Collection[Listener]) -> None:
        """Tell all sockets of each change, until cancelled."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            text = self.message
            for socket in list(sockets):
                await socket.tell(text)
