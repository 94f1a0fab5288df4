"""Watches that nobody goes on reading through an open socket what is no longer open to them."""

import asyncio
import logging
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from playground.runs.credentials import Credentials, expired
from playground.runs.database import DatabaseThreads, is_away
from playground.runs.room_access import open_rooms
from playground.runs.tasks import Own

logger = logging.getLogger(__name__)

EVERY_S: Final = 3.0


@dataclass(slots=True)
class Reading:
    """The runs and the rooms that a socket has open, by their ids and names."""

    runs: set[str] = field(default_factory=set)
    rooms: set[str] = field(default_factory=set)


class OpenSocket(Protocol):
    """A socket, as the engine closes it: when this server stops, or when who opened it may not read any more.

    `is_over`: it was signed out, and is about to close.
    """

    credentials: Credentials
    is_over: bool

    async def restart(self) -> None: ...
    async def tell(self, text: str) -> None: ...
    async def sign_out(self) -> None: ...
    def reading(self) -> Reading: ...
    @property
    def viewing(self) -> int: ...
    @property
    def pending_bytes(self) -> int: ...
    async def lose(self, lost: Reading) -> None: ...


async def guard(sockets: Collection[OpenSocket], threads: DatabaseThreads, own: Own) -> None:
    """Check all sockets every few seconds, until cancelled. Whatever goes wrong once, the next round comes.

    `own` takes tasks: each socket is closed by one of its own, for a client may let its close wait, or make it fail.
    """
    while True:
        await asyncio.sleep(EVERY_S)
        try:
            await check(sockets, threads, own)
        except Exception as error:
            if not is_away(error):  # if it is, the writer says so
                logger.exception("The open sockets could not be checked; it is tried again in %g s.", EVERY_S)


async def check(sockets: Collection[OpenSocket], threads: DatabaseThreads, own: Own) -> None:
    """Close the sockets whose credentials do not hold any more; take from the others what they may not read."""
    lost = await threads.call(expired, {socket.credentials for socket in sockets})
    for socket in list(sockets):
        if socket.credentials in lost and not socket.is_over:
            own(socket.sign_out(), "sign out a socket")
    wanted = _wanted(socket for socket in sockets if socket.credentials not in lost)
    open_ones = await threads.call(_still_open, wanted)
    for socket in list(sockets):
        reader = _reader(socket.credentials)
        if reader not in wanted:
            continue
        (_, asked), still = wanted[reader], open_ones[reader]
        reading = socket.reading()  # what was opened meanwhile was checked then
        gone = Reading((reading.runs & asked.runs) - still.runs, (reading.rooms & asked.rooms) - still.rooms)
        if gone.runs or gone.rooms:
            own(socket.lose(gone), "take from a socket")


def _reader(credentials: Credentials) -> str:
    """The same for all tabs of a person, and for all holders of a link: they may read the same."""
    if credentials.grant is not None:
        return f"link {credentials.grant.key}"
    return f"user {credentials.user.pk if credentials.user else ''} in {credentials.workspace_id or 'all'}"


def _wanted(sockets: Iterable[OpenSocket]) -> dict[str, tuple[Credentials, Reading]]:
    """By who reads: two tabs of a person, or all holders of a link, are asked for once."""
    wanted: dict[str, tuple[Credentials, Reading]] = {}
    for socket in sockets:
        reading = socket.reading()
        if reading.runs or reading.rooms:
            _, total = wanted.setdefault(_reader(socket.credentials), (socket.credentials, Reading()))
            total.runs |= reading.runs
            total.rooms |= reading.rooms
    return wanted


def _still_open(wanted: Mapping[str, tuple[Credentials, Reading]]) -> dict[str, Reading]:
    return {
        reader: Reading(
            runs=set(map(str, credentials.runs().filter(pk__in=asked.runs).values_list("pk", flat=True))),
            rooms=open_rooms(credentials, asked.rooms),
        )
        for reader, (credentials, asked) in wanted.items()
    }
