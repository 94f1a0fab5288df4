"""The bus: carries the events of live runs between processes, over Redis Streams.

Each live run has one stream, whose entries hold consecutive events as a packed segment. An entry's id is the seq of its
last event plus one, so that a position in the run is a position in the stream, and publishing again adds nothing. A
stream is trimmed only below what the database holds: who finds a hole reads the database. One task publishes, one task
reads, however many runs and viewers there are. The bus is never the truth: without it, followers poll the database.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

import redis.asyncio as aioredis
from redis.exceptions import RedisError, ResponseError

from playground.recording.events import Event
from playground.recording.segments import pack_events, unpack_events
from playground.runs.live import LiveRun
from playground.runs.sources import Follower

logger = logging.getLogger(__name__)

TICK_S: Final = 0.01
BLOCK_MS: Final = 1000
KEEP_S: Final = 3600  # a stream outlives its process by so much, for recovery
RETRY_S: Final = 0.5
_ENTRIES: Final = 256


def _stream(run_id: UUID, epoch: str) -> str:
    return f"playground:run:{run_id}:{epoch}"


def _bell(owner: str) -> str:
    return f"playground:bell:{owner}"


class Bus:
    """Owned by the engine, on its event loop. `on_stop` is called with runs that another process wants stopped."""

    def __init__(self, url: str, owner: str, on_stop: Callable[[UUID], None]) -> None:
        # One connection blocks in XREAD for up to BLOCK_MS; a silent server must not hold either for longer than that.
        self._redis = aioredis.Redis.from_url(url, socket_timeout=5, socket_connect_timeout=2)
        self._owner = owner
        self._on_stop = on_stop
        self._dirty: set[LiveRun] = set()
        self._published: dict[LiveRun, int] = {}
        self._followers: dict[str, Follower] = {}
        self._due = asyncio.Event()
        self.healthy = True

    async def run(self) -> None:
        """Publish and read until cancelled."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._publish_forever(), name="bus publisher")
                tasks.create_task(self._read_forever(), name="bus reader")
        finally:
            await self._redis.aclose()

    # Publishing -----------------------------------------------------------------------------------------------------

    def touch(self, live: LiveRun) -> None:
        """There are new events of `live`."""
        if not self._dirty:
            asyncio.get_running_loop().call_later(TICK_S, self._due.set)
        self._dirty.add(live)

    async def _publish_forever(self) -> None:
        while True:
            await self._due.wait()
            self._due.clear()
            runs, self._dirty = self._dirty, set()
            try:
                await self._publish(runs)
            except RedisError as error:
                self._note(error)
                self._dirty |= runs
                await asyncio.sleep(RETRY_S)
                self._due.set()
            else:
                self._note(None)

    async def _publish(self, runs: set[LiveRun]) -> None:
        sent: dict[LiveRun, int] = {}
        async with self._redis.pipeline(transaction=False) as pipe:
            for live in runs:
                # What is stored by now needs no bus: after an outage, only the rest is sent.
                after = max(self._published.get(live, -1), live.stored_seq - live.is_final)
                events = live.events[after + 1 :]
                if events:
                    key = _stream(live.run_id, live.epoch)
                    pipe.xadd(key, {"e": pack_events(events)}, id=f"{events[-1].seq + 1}-0")
                    pipe.xtrim(key, minid=f"{live.stored_seq + 1}-0")
                    pipe.expire(key, KEEP_S)
                    sent[live] = events[-1].seq
            results = await pipe.execute(raise_on_error=False)
        for result in results:
            # An id that is not larger than the last: this entry arrived before the connection was lost.
            if isinstance(result, Exception) and not isinstance(result, ResponseError):
                raise result
        self._published.update(sent)
        for live in [live for live in self._published if live.is_final and live not in self._dirty]:
            del self._published[live]

    # Reading --------------------------------------------------------------------------------------------------------

    async def follow(self, follower: Follower) -> None:
        """Feed a follower from now on, until `unfollow`."""
        self._followers[_stream(follower.run_id, follower.epoch)] = follower
        await self.ring(self._owner)

    def unfollow(self, follower: Follower) -> None:
        self._followers.pop(_stream(follower.run_id, follower.epoch), None)

    async def ring(self, owner: str, stop: UUID | None = None) -> None:
        """Wake the reader of a process; with `stop`, for it to stop a run. A bell that is not heard loses nothing."""
        with contextlib.suppress(RedisError):
            await self._redis.xadd(_bell(owner), {"stop": str(stop or "")}, maxlen=1000)
            await self._redis.expire(_bell(owner), KEEP_S)

    async def _read_forever(self) -> None:
        bell = "0-0"
        while True:
            streams: dict[Any, Any] = {key: f"{f.last_seq + 1}-0" for key, f in self._followers.items()}
            streams[_bell(self._owner)] = bell
            try:
                answer: Any = await self._redis.xread(streams, count=_ENTRIES, block=BLOCK_MS)
            except RedisError as error:
                self._note(error)
                await asyncio.sleep(RETRY_S)
                continue
            self._note(None)
            for key, entries in answer:
                if key.decode() == _bell(self._owner):
                    bell = entries[-1][0].decode()
                    self._hear([fields[b"stop"].decode() for _, fields in entries])
                elif (follower := self._followers.get(key.decode())) is not None:
                    follower.feed([event for _, fields in entries for event in unpack_events(fields[b"e"])])

    def _hear(self, stops: list[str]) -> None:
        for run_id in filter(None, stops):
            self._on_stop(UUID(run_id))

    async def tail(self, run_id: UUID, epoch: str) -> list[Event]:
        """What the stream of a dead process's run still holds; nothing if Redis does not answer."""
        try:
            entries: Any = await self._redis.xrange(_stream(run_id, epoch))
        except RedisError as error:
            self._note(error)
            return []
        return [event for _, fields in entries for event in unpack_events(fields[b"e"])]

    def _note(self, error: RedisError | None) -> None:
        if error is not None and self.healthy:
            logger.warning("Redis does not answer; viewers of other processes' runs read the database: %s", error)
        elif error is None and not self.healthy:
            logger.warning("Redis answers again.")
        self.healthy = error is None
