"""The live runs of other processes that this one follows, and one question a second for all of them.

Each asked for itself, which was a third of the CPU of a process that followed 200 runs.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import Error

from playground import rows
from playground.recording.segments import CorruptSegment
from playground.runs.database import DatabaseThreads, is_away
from playground.runs.models import Run, Segment
from playground.runs.sources import POLL_FED_S, Follower, Stored
from playground.runs.tasks import Own

if TYPE_CHECKING:
    from playground.runs.bus import Bus


class Followers:
    """Owned by the engine, on its loop. `own` takes tasks; `bus` gives what feeds followers, where something does."""

    def __init__(self, threads: DatabaseThreads, own: Own, bus: "Callable[[], Bus | None]") -> None:
        self._threads = threads
        self._own = own
        self._bus = bus
        self._followers: dict[UUID, Follower] = {}

    async def open(self, run_id: UUID, epoch: str) -> Follower:
        """The one that all viewers of a run's epoch share, once what is stored is there.

        Raises:
            CorruptSegment: what is stored is damaged.
        """
        follower = self._followers.get(run_id)
        if follower is None or follower.epoch != epoch:
            follower = Follower(run_id, epoch, self._threads, is_fed=self._is_fed)
            self._followers[run_id] = follower
            self._own(self._follow(follower), f"follow {run_id}")
        await follower.loaded.wait()
        if follower.damage is not None:
            raise CorruptSegment(str(follower.damage)) from follower.damage
        return follower

    async def run(self) -> None:
        """Tell each follower once a second how its run stands in the database, until cancelled."""
        while True:
            await asyncio.sleep(POLL_FED_S)
            waiting = [follower for follower in self._followers.values() if follower.loaded.is_set()]
            if not waiting:
                continue
            try:
                found = await self._threads.call(stored_of, [follower.run_id for follower in waiting])
            except Error as error:
                if not is_away(error):
                    raise
                continue  # the writer says that the database is away
            for follower in waiting:
                follower.told(found.get(follower.run_id))

    def _is_fed(self) -> bool:
        bus = self._bus()
        return bus is not None and bus.healthy

    async def _follow(self, follower: Follower) -> None:
        bus = self._bus()
        try:
            await follower.run(bus.follow if bus is not None else None)
        finally:
            if bus is not None:
                bus.unfollow(follower)
            if self._followers.get(follower.run_id) is follower:
                del self._followers[follower.run_id]


def stored_of(run_ids: Sequence[UUID]) -> dict[UUID, Stored]:
    """How runs stand in the database; without those that are not there any more."""
    run, segment = rows.table_of(Run), rows.table_of(Segment)
    keys = rows.keys_of(run_ids)
    places = ", ".join(["%s"] * len(keys))
    found = rows.fetch(
        f"SELECT r.id, r.epoch, r.status, (SELECT s.last_seq FROM {segment} s WHERE s.run_id = r.id "  # noqa: S608
        f"ORDER BY s.first_seq DESC LIMIT 1) FROM {run} r WHERE r.id IN ({places})",
        keys,
    )
    known = {key: Stored(epoch, status, -1 if last is None else last) for key, epoch, status, last in found}
    return {run_id: known[key] for run_id, key in zip(run_ids, keys, strict=True) if key in known}
