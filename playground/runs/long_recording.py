"""A long run that has ended, as its viewers read it: a few blocks of it are in memory, the others come when needed."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final
from uuid import UUID

from playground.errors import NotFound
from playground.recording.events import Event
from playground.recording.frames import MAX_EVENTS, Frame, encode_frame, frame_head
from playground.recording.segments import CorruptSegment
from playground.recording.status import RunStatus
from playground.runs.database import DatabaseThreads, is_away
from playground.runs.stored import Block, StoredEvents, kept_block, load_block
from playground.runs.tasks import Own

AGAIN_S: Final = 0.5  # after the database did not answer


class LongRecording:
    """A `Source`. Viewers are woken when what one of them asked for has come.

    `own` takes the tasks that read the database on `threads`.
    """

    def __init__(
        self, run_id: UUID, epoch: str, status: RunStatus, blocks: Sequence[Block], threads: DatabaseThreads, own: Own
    ) -> None:
        self.epoch = epoch
        self.status = status
        self.gone = False
        self.events = StoredEvents(run_id, blocks)
        self._run_id = run_id
        self._threads = threads
        self._own = own
        self._head = frame_head(str(run_id), epoch)
        self._held: dict[int, Sequence[Event]] = {}
        self._coming: set[int] = set()
        self._wakes: set[Callable[[], None]] = set()

    @property
    def last_seq(self) -> int:
        return len(self.events) - 1

    def frame_after(self, seq: int) -> Frame | None:
        events = self.read(seq + 1, seq + 1 + MAX_EVENTS)
        return encode_frame(self._head, events) if events else None

    def read(self, first: int, until: int) -> Sequence[Event] | None:
        """Some events from `first` on, those before `until`; None while they are on their way."""
        if first > self.last_seq:
            return ()
        index = self.events.block_at(first)
        block = self.events.blocks[index]
        events = self._held.get(index) or kept_block(self._run_id, block)
        if events is None:
            self._ask_for(index)
            return None
        self._ask_for(index + 1)
        return events[first - block.first : until - block.first]

    def attach(self, wake: Callable[[], None]) -> None:
        self._wakes.add(wake)

    def detach(self, wake: Callable[[], None]) -> None:
        self._wakes.discard(wake)

    def _ask_for(self, index: int) -> None:
        if index not in self._coming and index not in self._held and index < len(self.events.blocks):
            self._coming.add(index)
            self._own(self._fetch(index), f"read {self._run_id}")

    async def _fetch(self, index: int) -> None:
        """Hold a block, and the one before it, which a viewer may be at."""
        try:
            events = await self._threads.call(load_block, self._run_id, self.events.blocks[index])
            self._held = {index: events, **{near: self._held[near] for near in (index - 1,) if near in self._held}}
        except (NotFound, CorruptSegment):
            self.gone = True  # who asks for the run anew is told why it cannot be read
        except Exception as error:
            await asyncio.sleep(AGAIN_S)
            if not is_away(error):  # else the page says that the database is away
                raise
        finally:
            self._coming.discard(index)
            for wake in tuple(self._wakes):
                wake()
