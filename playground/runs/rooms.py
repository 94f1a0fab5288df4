"""Rooms: who watches the same thing, and what they are told of it.

A room is named `workspace:<id>`, `session:<id>`, `user:<id>` or `show:<id>` (see `runs.room_access` for who may be in
it). Rooms carry low-rate hints ("the threads changed"), never tokens: those are read from the log. The sockets of this
process are told directly, those of the others over the channel layer, on which a process has one channel however many
sockets it has. Without the layer (no Redis, or none that answers) hints stay on their process.
"""

import asyncio
import logging
import sys
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final, Protocol, cast

import orjson
from channels.layers import BaseChannelLayer, get_channel_layer
from django.db import transaction

from playground.runs.apps import running_engine
from playground.runs.credentials import Credentials
from playground.runs.presence import Others, Watchers
from playground.runs.together import together

logger = logging.getLogger(__name__)

MOST_DATA: Final = 8 * 1024
DEBOUNCE_S: Final = 0.25
PRESENCE_EVERY_S: Final = 1.0
HEARTBEAT_S: Final = 10.0
RETRY_S: Final = 1.0
_WAITING: Final = 1000  # messages for the other processes, while the layer does not take them


def _away() -> tuple[type[Exception], ...]:
    """What the channel layer raises while it is away. redis takes 6 MiB: who has no layer over it does not load it."""
    errors = sys.modules.get("redis.exceptions")
    return (OSError, TimeoutError) if errors is None else (errors.RedisError, OSError, TimeoutError)


class Member(Protocol):
    """A socket, as its rooms see it."""

    @property
    def credentials(self) -> Credentials: ...

    async def tell(self, text: str) -> None: ...


class Room:
    def __init__(self) -> None:
        self.members: set[Member] = set()
        self.untold: set[Member] = set()  # they have not heard yet who is here
        self.others = Others()
        self.shown: Watchers | None = None
        self.shown_at = float("-inf")

    @property
    def here(self) -> Watchers:
        return Watchers.of(member.credentials for member in self.members)


class Rooms:
    """The rooms of this process. Owned by the engine; `owner` names the process to the others."""

    def __init__(self, owner: str) -> None:
        self._owner = owner
        self._channel = f"rooms.{owner}"
        self._layer = cast("BaseChannelLayer", get_channel_layer())
        self._loop: asyncio.AbstractEventLoop | None = None
        self._rooms: dict[str, Room] = {}
        self._inbox: asyncio.Queue[tuple[str, str]] = asyncio.Queue()
        self._outbox: deque[dict[str, Any]] = deque()
        self._due = asyncio.Event()
        self._unannounced: set[str] = set()
        self._heard_groups: set[str] = set()
        self._changed: set[str] = set()
        self._restless = asyncio.Event()
        self._is_away = False

    # From any thread ------------------------------------------------------------------------------------------------

    def nudge(self, room: str, what: str, data: Mapping[str, Any]) -> None:
        """Raises ValueError for more than MOST_DATA bytes: a hint says where to look, not what is there."""
        encoded = orjson.dumps(data, default=str)
        if len(encoded) > MOST_DATA:
            raise ValueError(f"A nudge holds at most {MOST_DATA} bytes; “{what}” has {len(encoded)}.")
        text = orjson.dumps({"op": "nudge", "room": room, "what": what, "data": orjson.Fragment(encoded)}).decode()
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._spread, room, text)

    def watching(self, room: str) -> int:
        """How many people and links watch, as far as this process knows: 0 where it has no socket in the room."""
        known = self._rooms.get(room)
        return known.shown.count if known is not None and known.shown is not None else 0

    # On the loop ----------------------------------------------------------------------------------------------------

    def join(self, room: str, member: Member) -> None:
        """The caller has made sure that the member may."""
        known = self._rooms.setdefault(room, Room())
        if member in known.members:
            return
        if not known.members:
            self._send(room, {"type": "ask"})
        known.members.add(member)
        known.untold.add(member)
        self._touch(room)

    def leave(self, room: str, member: Member) -> None:
        known = self._rooms.get(room)
        if known is not None and member in known.members:
            known.members.discard(member)
            known.untold.discard(member)
            self._touch(room)

    async def run(self) -> None:
        """Carry messages until cancelled."""
        self._loop = asyncio.get_running_loop()
        try:
            await together(
                rooms_deliver=self._deliver_forever(),
                rooms_receive=self._receive_forever(),
                rooms_send=self._send_forever(),
                rooms_presence=self._show_presence_forever(),
            )
        finally:
            self._loop = None
            self._heard_groups.clear()
            with suppress(*_away()):
                await self._layer.flush()

    def _spread(self, room: str, text: str) -> None:
        if room in self._rooms:
            self._inbox.put_nowait((room, text))
        self._send(room, {"type": "nudge", "text": text})

    def _send(self, room: str, message: dict[str, Any]) -> None:
        if len(self._outbox) < _WAITING:  # while the layer is away, what comes later is what nobody misses
            self._outbox.append({**message, "room": room, "from": self._owner})
        self._due.set()

    async def _deliver_forever(self) -> None:
        """One after the other, so that what is told in an order arrives in it."""
        while True:
            room, text = await self._inbox.get()
            if known := self._rooms.get(room):
                await _tell(known.members, text)

    # The other processes --------------------------------------------------------------------------------------------

    async def _send_forever(self) -> None:
        while True:
            await self._due.wait()
            self._due.clear()
            try:
                await self._settle_groups()
                await self._announce()
                while self._outbox:
                    await self._layer.group_send(_group(self._outbox[0]["room"]), self._outbox[0])
                    self._outbox.popleft()
            except _away() as error:
                self._note(error)
                await asyncio.sleep(RETRY_S)
                self._due.set()
            else:
                self._note(None)

    async def _settle_groups(self) -> None:
        """Hear of the rooms that have a socket here, and of no others."""
        wanted = {room for room, known in self._rooms.items() if known.members}
        for room in wanted - self._heard_groups:
            await self._layer.group_add(_group(room), self._channel)
            self._heard_groups.add(room)
        for room in self._heard_groups - wanted:
            await self._layer.group_discard(_group(room), self._channel)
            self._heard_groups.discard(room)

    async def _announce(self) -> None:
        """Say who watches here, as it is now."""
        while self._unannounced:
            room = next(iter(self._unannounced))
            here = self._rooms[room].here if room in self._rooms else Watchers()
            message = {"type": "presence", "room": room, "from": self._owner}
            await self._layer.group_send(_group(room), {**message, "people": dict(here.people), "links": here.links})
            self._unannounced.discard(room)

    async def _receive_forever(self) -> None:
        while True:
            try:
                message = await self._layer.receive(self._channel)
            except _away() as error:
                self._note(error)
                await asyncio.sleep(RETRY_S)
            else:
                if message["from"] != self._owner:
                    self._heard(message)

    def _heard(self, message: Mapping[str, Any]) -> None:
        room = message["room"]
        known = self._rooms.get(room)
        if known is None:
            return
        if message["type"] == "nudge":
            self._inbox.put_nowait((room, message["text"]))
        elif message["type"] == "ask":
            self._unannounced.add(room)
            self._due.set()
        elif message["type"] == "presence":
            watchers = Watchers(message["people"], message["links"])
            known.others.hear(message["from"], watchers, asyncio.get_running_loop().time())
            self._restless_about(room)

    def _note(self, error: BaseException | None) -> None:
        if error is not None and not self._is_away:
            logger.warning("Redis does not answer; people on other processes are not told of changes: %s", error)
        elif error is None and self._is_away:
            logger.warning("Redis answers again; people on other processes are told of changes.")
        self._is_away = error is not None

    # Presence -------------------------------------------------------------------------------------------------------

    def _touch(self, room: str) -> None:
        """Someone came or went here."""
        self._unannounced.add(room)
        self._restless_about(room)

    def _restless_about(self, room: str) -> None:
        self._changed.add(room)
        self._restless.set()

    async def _show_presence_forever(self) -> None:
        loop = asyncio.get_running_loop()
        beat_at = loop.time() + HEARTBEAT_S
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout_at(beat_at):
                    await self._restless.wait()
            if loop.time() >= beat_at:
                beat_at = loop.time() + HEARTBEAT_S
                self._beat()
            await asyncio.sleep(DEBOUNCE_S)
            self._restless.clear()
            self._due.set()
            changed, self._changed = self._changed, set()
            for room in changed:
                await self._show(room, loop.time())

    def _beat(self) -> None:
        self._unannounced.update(self._rooms)
        self._changed.update(self._rooms)

    async def _show(self, room: str, now: float) -> None:
        known = self._rooms.get(room)
        if known is None:
            return
        if not known.members:
            del self._rooms[room]
            return
        if now < known.shown_at + PRESENCE_EVERY_S:
            self._restless_about(room)
            return
        total = known.here | known.others.total(now)
        told = known.members if total != known.shown else known.untold
        if told:
            known.shown, known.shown_at, known.untold = total, now, set()
            await _tell_presence(room, total, told)


async def _tell_presence(room: str, watchers: Watchers, members: set[Member]) -> None:
    named, unnamed = (orjson.dumps(watchers.message(room, named=named)).decode() for named in (True, False))
    for member in tuple(members):
        await member.tell(named if member.credentials.user is not None else unnamed)


async def _tell(members: set[Member], text: str) -> None:
    for member in tuple(members):
        await member.tell(text)


def _group(room: str) -> str:
    return f"rooms.{room.replace(':', '.')}"


def nudge(room: str, what: str, **data: Any) -> None:
    """Tell everyone in `room`, on whichever process, that `what` changed: once the change is committed. Does not wait.

    From a thread; on the event loop there is `engine.rooms`. The browser gets it as the DOM event `room:<what>` on the
    body, with `data` as its detail.
    """
    engine = running_engine()
    if engine is not None:
        transaction.on_commit(lambda: engine.rooms.nudge(room, what, data))
