"""The bus: carries the events of live runs between processes, over Redis Streams.

Each live run has one stream, whose entries hold consecutive events as a packed segment. An entry's id is the seq of its
last event plus one, so that a position in the run is a position in the stream, and publishing again adds nothing. A
stream is trimmed only below what the database holds: who finds a hole reads the database. One task publishes, one task
reads, one rings, however many runs and viewers there are. The bus is never the truth: without it, followers poll the
database. No caller waits for Redis, and no fault, of one run or of Redis, ends it.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID
from weakref import WeakSet

import redis.asyncio as aioredis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import OutOfMemoryError, RedisError, ResponseError

from playground.recording.event_list import EventList
from playground.recording.events import Event
from playground.recording.segments import CorruptSegment, pack_events, unpack_events
from playground.runs.live import LiveRun
from playground.runs.sources import Follower
from playground.runs.together import together

logger = logging.getLogger(__name__)

TICK_S: Final = 0.01
PACE_S: Final = 0.005  # the reader's rest: XREAD names every stream, so what arrives together is asked for together
BLOCK_MS: Final = 1000
ANSWER_S: Final = 5.0  # a silent server holds the publisher, the reader or the bell no longer than that
KEEP_S: Final = 3600  # a stream outlives its process by so much, for recovery
ENDED_KEEP_S: Final = 60  # the end is stored: this is for those who are still reading
RETRY_S: Final = 0.5
EVENTS_PER_ENTRY: Final = 1024
_ENTRIES: Final = 256
_BELLS: Final = 1000
_ARRIVED_BEFORE: Final = "equal or smaller"  # what Redis says of an entry whose answer was lost


def _stream(run_id: UUID, epoch: str) -> str:
    return f"playground:run:{run_id}:{epoch}"


def _bell(owner: str) -> str:
    return f"playground:bell:{owner}"


@dataclass(slots=True)
class _Published:
    """What a run's stream was given: up to which seq, and when (the loop's time) its expiry was set."""

    seq: int
    kept_at: float


class Bus:
    """Owned by the engine, on its event loop. `on_stop` is called with runs that another process wants stopped,
    `on_health` with whether all is well, whenever that changes."""

    def __init__(
        self, url: str, owner: str, on_stop: Callable[[UUID], None], on_health: Callable[[bool], None] = lambda _: None
    ) -> None:
        # The client's own retries would hide an outage for seconds: each task here tries again by itself.
        self._redis = aioredis.Redis.from_url(
            url, socket_timeout=ANSWER_S, socket_connect_timeout=2, retry=Retry(NoBackoff(), 0)
        )
        self._owner = owner
        self._on_stop = on_stop
        self._on_health = on_health
        self._dirty: set[LiveRun] = set()
        self._published: dict[LiveRun, _Published] = {}
        self._unpackable: WeakSet[LiveRun] = WeakSet()
        self._due = asyncio.Event()
        self._followers: dict[str, Follower] = {}
        self._past_hole: dict[Follower, tuple[int, str]] = {}  # its seq when it met the hole, the entry behind it
        self._bells: deque[tuple[str, str]] = deque(maxlen=_BELLS)
        self._rung = asyncio.Event()
        self._failing: set[str] = set()  # which of the tasks had a failure last

    @property
    def healthy(self) -> bool:
        return not self._failing

    async def run(self) -> None:
        """Publish, read and ring until cancelled."""
        try:
            await together(
                bus_publisher=self._publish_forever(), bus_reader=self._read_forever(), bus_bell=self._ring_forever()
            )
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
                unfinished = await self._publish(runs)
            except Exception as error:  # noqa: BLE001  (it is logged)
                self._note("publisher", error)
                # Runs that have ended are stored, and read from there: an outage must not keep them in memory.
                unfinished = {live for live in runs if not live.is_final}
                await asyncio.sleep(RETRY_S)
                if not unfinished:
                    self._note("publisher", None)
            else:
                self._note("publisher", None)
            for live in [live for live in self._published if live.is_final or live.gone]:
                if live not in self._dirty and live not in unfinished:
                    del self._published[live]
            if unfinished:
                self._dirty |= unfinished
                self._due.set()

    async def _publish(self, runs: set[LiveRun]) -> set[LiveRun]:
        """Publish what is new of each run; return those that have more to publish."""
        pieces = [(live, *packed) for live in runs if (packed := self._packed(live)) is not None]
        if not pieces:
            return set()
        now = asyncio.get_running_loop().time()
        async with self._redis.pipeline(transaction=False) as pipe:
            for live, piece, entry in pieces:
                self._add(pipe, live, piece, entry)
            for live, _ in (expiring := [(live, now) for live, *_ in pieces if self._must_expire(live, now)]):
                pipe.expire(_stream(live.run_id, live.epoch), ENDED_KEEP_S if live.is_final else KEEP_S)
            added = (await pipe.execute(raise_on_error=False))[: len(pieces)]
        kept = dict(expiring)
        more: set[LiveRun] = set()
        refused: list[Exception] = []
        for (live, piece, _), answer in zip(pieces, added, strict=True):
            if answer is None:  # Redis lost the stream: what is not stored yet is published again
                self._published.pop(live, None)
                more.add(live)
            elif isinstance(answer, Exception) and not _is_repetition(answer):
                refused.append(answer)
            else:
                before = self._published.get(live)
                self._published[live] = _Published(piece[-1].seq, kept.get(live, before.kept_at if before else now))
                if piece[-1].seq < live.last_seq:
                    more.add(live)
        if refused:
            raise refused[0]
        return more

    def _packed(self, live: LiveRun) -> tuple[EventList, bytes] | None:
        """What comes next on the stream, if anything does. A run that holds what cannot be packed is left out from then
        on: it is the writer that ends it."""
        if live.gone or live in self._unpackable or not (piece := self._unpublished(live)):
            return None
        try:
            return piece, pack_events(piece)
        except Exception:
            logger.exception("What a run says cannot be packed, and is not published.", extra={"run": live.run_id})
            self._unpackable.add(live)
            return None

    def _unpublished(self, live: LiveRun) -> EventList:
        """What comes next on the stream. What is stored needs no bus: after an outage, only the rest is sent."""
        published = self._published.get(live)
        after = max(published.seq if published else -1, live.stored_seq - live.is_final)
        return live.events.part(after + 1, after + 1 + EVENTS_PER_ENTRY)

    def _add(self, pipe: Any, live: LiveRun, piece: EventList, packed: bytes) -> None:
        pipe.xadd(
            _stream(live.run_id, live.epoch),
            {"e": packed},
            id=f"{piece[-1].seq + 1}-0",
            minid=f"{live.stored_seq + 1}-0",
            nomkstream=live in self._published,
        )

    def _must_expire(self, live: LiveRun, now: float) -> bool:
        published = self._published.get(live)
        return published is None or live.is_final or now > published.kept_at + KEEP_S / 4

    # Reading --------------------------------------------------------------------------------------------------------

    def follow(self, follower: Follower) -> None:
        """Feed a follower, which has what is stored, from now on until `unfollow`."""
        self._followers[_stream(follower.run_id, follower.epoch)] = follower
        self.ring(self._owner)  # the reader waits for the streams that it knows

    def unfollow(self, follower: Follower) -> None:
        if self._followers.get(key := _stream(follower.run_id, follower.epoch)) is follower:
            del self._followers[key]
        self._past_hole.pop(follower, None)

    async def _read_forever(self) -> None:
        bell = "0-0"
        while True:
            streams: dict[Any, Any] = {key: self._position(follower) for key, follower in self._followers.items()}
            streams[_bell(self._owner)] = bell
            try:
                answer: Any = await self._redis.xread(streams, count=_ENTRIES, block=BLOCK_MS)
                for key, entries in answer:
                    if key.decode() == _bell(self._owner):
                        bell = entries[-1][0].decode()
                        self._hear([fields[b"stop"].decode() for _, fields in entries])
                    elif (follower := self._followers.get(key.decode())) is not None:
                        self._feed(follower, entries)
            except Exception as error:  # noqa: BLE001  (it is logged)
                self._note("reader", error)
                if isinstance(error, RedisError):
                    bell = "0-0"  # a Redis that comes back empty numbers bells anew
                await asyncio.sleep(RETRY_S)
                continue
            self._note("reader", None)
            if answer:
                await asyncio.sleep(PACE_S)

    def _position(self, follower: Follower) -> str:
        """After which entry to read. Behind a hole, until the database has filled it: XREAD must wait, not repeat."""
        stuck_at, entry = self._past_hole.get(follower, (None, ""))
        return entry if stuck_at == follower.last_seq else f"{follower.last_seq + 1}-0"

    def _feed(self, follower: Follower, entries: list[Any]) -> None:
        """Take entries. Where the database filled the hole while they were on their way, those before them are read."""
        met_at, _ = self._past_hole.pop(follower, (None, ""))
        events, is_whole = _events_of(entries, follower.run_id)
        follower.feed(events)
        if not is_whole:
            follower.miss()
        has_hole = follower.last_seq + 1 < int(entries[-1][0].partition(b"-")[0])
        if has_hole and met_at in (None, follower.last_seq):
            self._past_hole[follower] = (follower.last_seq, entries[-1][0].decode())

    async def tail(self, run_id: UUID, epoch: str) -> list[Event]:
        """What the stream of a dead process's run still holds, up to what is damaged; nothing if Redis is silent."""
        try:
            entries: Any = await self._redis.xrange(_stream(run_id, epoch))
        except RedisError as error:
            logger.warning("Redis did not tell what it holds of a run: %s", error, extra={"run": run_id})
            return []
        return _events_of(entries, run_id)[0]

    # Bells ----------------------------------------------------------------------------------------------------------

    def ring(self, owner: str, stop: UUID | None = None) -> None:
        """Wake the reader of a process; with `stop`, for it to stop a run. A bell that is not heard loses nothing: the
        owner reads requests to stop from the database, and a reader wakes by itself after BLOCK_MS."""
        self._bells.append((owner, str(stop or "")))
        self._rung.set()

    async def _ring_forever(self) -> None:
        while True:
            await self._rung.wait()
            self._rung.clear()
            bells = list(dict.fromkeys(self._bells))
            self._bells.clear()
            try:
                await self._ring_all(bells)
            except Exception as error:  # noqa: BLE001  (it is logged)
                self._note("bell", error)
                await asyncio.sleep(RETRY_S)
                self._bells.extendleft(reversed(bells))
                self._rung.set()
            else:
                self._note("bell", None)

    async def _ring_all(self, bells: list[tuple[str, str]]) -> None:
        async with self._redis.pipeline(transaction=False) as pipe:
            for owner, stop in bells:
                pipe.xadd(_bell(owner), {"stop": stop}, maxlen=_BELLS)
                pipe.expire(_bell(owner), KEEP_S)
            await pipe.execute()

    def _hear(self, stops: list[str]) -> None:
        for run_id in filter(None, stops):
            self._on_stop(UUID(run_id))

    # Health ---------------------------------------------------------------------------------------------------------

    def _note(self, task: str, error: Exception | None) -> None:
        """How it goes with one of the tasks."""
        if (error is not None) == (task in self._failing):
            return
        was_healthy = self.healthy
        self._failing ^= {task}
        if error is not None and not isinstance(error, RedisError):
            logger.error("The bus's %s met a fault, and tries again.", task, exc_info=error)
        elif error is not None and was_healthy:
            logger.warning("Redis does not answer; viewers of other processes' runs read the database: %s", error)
        elif self.healthy:
            logger.warning("Redis answers again.")
        if self.healthy != was_healthy:
            self._on_health(self.healthy)


def _events_of(entries: list[Any], run_id: UUID) -> tuple[list[Event], bool]:
    """The events that entries hold, up to one that cannot be read; and whether all could."""
    events: list[Event] = []
    for _, fields in entries:
        try:
            events += unpack_events(fields[b"e"])
        except (CorruptSegment, KeyError):
            logger.exception("What Redis holds of a run is damaged.", extra={"run": run_id})
            return events, False
    return events, True


def _is_repetition(answer: Exception) -> bool:
    """Redis refused an entry because it has it, or a later one. A full Redis, a replica and the like are errors."""
    return (
        isinstance(answer, ResponseError)
        and not isinstance(answer, OutOfMemoryError)
        and _ARRIVED_BEFORE in str(answer)
    )
