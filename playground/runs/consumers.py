"""The WebSocket `/ws/v1`, as `docs/websocket.md` describes it."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import UUID

from autobahn.exception import Disconnected
from channels.exceptions import StopConsumer
from channels.generic.websocket import AsyncWebsocketConsumer
from django.db import InterfaceError, OperationalError

from playground.errors import BadRequest, Forbidden, NotSignedIn, PlaygroundError, TooManyRuns
from playground.recording.segments import CorruptSegment
from playground.runs import shown, wire
from playground.runs.access import may_see_live, stoppable_runs
from playground.runs.engine import Engine
from playground.runs.guard import Reading
from playground.runs.health import Trouble
from playground.runs.messages import (
    RETRY_S,
    damaged,
    error_text,
    no_answer,
    no_room,
    no_run,
    parse,
    room_of,
    run_id_of,
    whole_of,
)
from playground.runs.metrics import VIEWERS_TOO_SLOW
from playground.runs.models import Run
from playground.runs.room_access import open_rooms
from playground.runs.socket_auth import authenticate
from playground.runs.sources import Source
from playground.runs.stopping import request_stop
from playground.runs.turns import current_engine
from playground.runs.viewer import Viewer

logger = logging.getLogger(__name__)

NOT_SIGNED_IN = 4401
FORBIDDEN = 4403
TOO_SLOW = 4408
RESTARTING = 4412
MAX_SUBSCRIPTIONS = 64
MAX_ROOMS = 16
SETTLE_S = 1.0
FRESH_S = 0.25  # so long ago a check was made just now
CHECK_WITHIN_S = 2.0
_VALID_WHEN_GONE = "cancel"  # all else that is asked is for who is there to hear the answer
_UNANSWERED = frozenset(("ack", "unsubscribe", "leave"))
Send = Callable[[Any], Awaitable[None]]


def while_open(send: Send) -> Send:
    """`send`, but for a socket that has just closed, of which `disconnect` is about to tell: nobody reads on there.

    Those who send are tasks for all sockets: rooms, the guard. One socket's end must not be theirs.
    """

    async def sent(message: Any) -> None:
        with contextlib.suppress(Disconnected):
            await send(message)

    return sent


class RunConsumer(AsyncWebsocketConsumer):
    """One socket. Its viewer's task is cancelled and awaited when it ends, however it does; the runs go on."""

    viewer_task: asyncio.Task[None] | None = None
    is_over = False

    async def __call__(self, scope: Any, receive: Any, send: Send) -> None:
        """Channels' own has a task for each message that it waits for, and goes to a thread before each to close old
        connections to the database, which left 12 KiB with each socket; ours are used on the engine's threads.

        A server kills what still waits for the database some seconds after its client has gone."""
        self.scope, self.base_send = scope, while_open(send)
        try:
            with contextlib.suppress(StopConsumer):
                while True:
                    message = await receive()
                    await getattr(self, message["type"].replace(".", "_"))(message)
        finally:
            await self._leave_all()

    async def connect(self) -> None:
        await self.accept()
        try:
            self.engine: Engine = current_engine()
            self.credentials = await self.engine.threads.call(authenticate, self.scope)
        except NotSignedIn:
            await self.close(NOT_SIGNED_IN)
        except Forbidden:
            await self.close(FORBIDDEN)
        except (PlaygroundError, OperationalError, InterfaceError):
            await self.close(RESTARTING)
        else:
            self.checked_at = asyncio.get_running_loop().time()
            self.rooms: set[str] = set()
            self.wire = wire.of_scope(self.scope)
            self.viewer = Viewer(self._send_text, self._resubscribe, self.wire)
            self.viewer_task = asyncio.create_task(self._watch(), name="viewer")
            self.engine.sockets.add(self)
            if self.engine.health.problems:
                await self.tell(self.engine.health.message)

    async def websocket_disconnect(self, message: Any) -> None:
        raise StopConsumer

    async def _leave_all(self) -> None:
        """It waits last: who cancels it meanwhile leaves nothing undone."""
        if self.viewer_task is not None:
            self.engine.sockets.discard(self)
            self.viewer.close()
            for room in self.rooms:
                self.engine.rooms.leave(room, self)
            self.viewer_task.cancel()
            await asyncio.gather(self.viewer_task, return_exceptions=True)

    async def restart(self) -> None:
        """Send the ends of the runs, then tell the client to come back in a moment: this server is stopping."""
        if self.viewer_task is not None and not self.viewer_task.done():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(SETTLE_S):
                    await self.viewer.settle()
        await self.close(RESTARTING)

    async def sign_out(self) -> None:
        """Whoever opened the socket may not read through it any more, nor ask anything of it."""
        self.is_over = True
        self.viewer.close()
        await self.close(NOT_SIGNED_IN)

    def reading(self) -> Reading:
        return Reading({run for run, s in self.viewer.subscriptions.items() if not s.ended}, set(self.rooms))

    @property
    def viewing(self) -> int:
        """How many runs it follows."""
        return sum(not s.ended for s in list(self.viewer.subscriptions.values()))

    @property
    def pending_bytes(self) -> int:
        """What was sent and not acknowledged."""
        return self.viewer.pending

    async def lose(self, lost: Reading) -> None:
        """These are not open any more to whoever opened the socket."""
        for run in lost.runs:
            self.viewer.unsubscribe(run)
            self.viewer.tell(error_text(no_run(), {"run": run}))
        for room in lost.rooms:
            self._part(room)
            self.viewer.tell(error_text(no_room(), {"room": room}))

    async def tell(self, text: str) -> None:
        """A message of a room."""
        self.viewer.tell(text)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if self.viewer_task is None or self.is_over:
            return
        about: dict[str, Any] = {}
        try:
            message = parse(text_data)
            about = {name: message[name] for name in ("run", "room") if isinstance(message.get(name), str)}
            handler = self._handler(message)
            if self.wire is not None and self.wire.is_closed and message["op"] != _VALID_WHEN_GONE:
                return
            if message["op"] in _UNANSWERED or await self._is_still_signed_in():
                await handler(message)
            else:
                await self.sign_out()
        except PlaygroundError as error:
            await self._send_text(error_text(error, about))
        except (OperationalError, InterfaceError):
            await self._send_text(error_text(no_answer(), about))

    def _handler(self, message: Mapping[str, Any]) -> Callable[[Mapping[str, Any]], Awaitable[None]]:
        handlers = {
            "subscribe": self._subscribe,
            "unsubscribe": self._unsubscribe,
            "ack": self._ack,
            "cancel": self._cancel,
            "join": self._join,
            "leave": self._leave,
            "ping": self._ping,
        }
        op = message.get("op")
        if not isinstance(op, str) or op not in handlers:
            raise BadRequest(f"There is no op {op!r}; there are {', '.join(handlers)}.", field="op")
        return handlers[op]

    async def _is_still_signed_in(self) -> bool:
        """Asked before anything is answered: `guard` comes by only every few seconds.

        True while the database is known to be away: nobody can sign out there, and the runs go on.

        Raises:
            Busy: it does not answer in time, for whatever other reason; what was asked is not answered then.
        """
        now = asyncio.get_running_loop().time()
        if now - self.checked_at < FRESH_S:
            return True
        try:
            async with asyncio.timeout(CHECK_WITHIN_S):
                has_expired = await self.engine.expired.get(self.credentials)
        except (TimeoutError, OperationalError, InterfaceError):
            if self.engine.health.has(Trouble.DATABASE):
                return True
            raise no_answer() from None
        self.checked_at = now
        return not has_expired

    async def _subscribe(self, message: Mapping[str, Any]) -> None:
        after = whole_of(message, "after", at_least=-1)
        epoch = message.get("epoch")
        if epoch is not None and not isinstance(epoch, str):
            raise BadRequest("“epoch” must be the text that a frame came with.", field="epoch")
        view = message.get("view", shown.RAW)
        if view not in shown.names():
            raise BadRequest(f"“view” must be one of {', '.join(shown.names())}.", field="view")
        run_id = run_id_of(message)
        if self.viewing >= MAX_SUBSCRIPTIONS and str(run_id) not in self.viewer.subscriptions:
            raise TooManyRuns(f"One socket can follow {MAX_SUBSCRIPTIONS} runs; unsubscribe from one first.")
        self.viewer.subscribe(str(run_id), await self._visible_source(run_id, view), after, epoch)

    async def _unsubscribe(self, message: Mapping[str, Any]) -> None:
        self.viewer.unsubscribe(str(run_id_of(message)))

    async def _ack(self, message: Mapping[str, Any]) -> None:
        self.viewer.acknowledge(str(run_id_of(message)), whole_of(message, "seq", at_least=0))

    async def _cancel(self, message: Mapping[str, Any]) -> None:
        user = self.credentials.user
        run = await self._visible_run(run_id_of(message))
        if user is None or not await self.engine.threads.call(stoppable_runs(user).filter(id=run.id).exists):
            raise Forbidden("Only the person whose run this is, or an owner of the workspace, can stop it.")
        await self.engine.threads.call(request_stop, run)

    async def _join(self, message: Mapping[str, Any]) -> None:
        room = room_of(message)
        if len(self.rooms) >= MAX_ROOMS and room not in self.rooms:
            raise BadRequest(f"One socket can be in {MAX_ROOMS} rooms; leave one first.", field="room")
        if not await self.engine.threads.call(open_rooms, self.credentials, [room]):
            raise no_room()
        self.rooms.add(room)
        await self.viewer.send_op("joined", room=room)
        self.engine.rooms.join(room, self)

    async def _leave(self, message: Mapping[str, Any]) -> None:
        self._part(room_of(message))

    def _part(self, room: str) -> None:
        self.rooms.discard(room)
        self.engine.rooms.leave(room, self)

    async def _ping(self, message: Mapping[str, Any]) -> None:
        await self.viewer.send_op("pong")

    async def _visible_source(self, run_id: UUID, view: str) -> Source:
        try:
            return await self.engine.views.open(run_id, await self._readable_source(run_id), view)
        except CorruptSegment:
            logger.exception("A recording cannot be read.", extra={"run": run_id})
            raise damaged() from None

    async def _readable_source(self, run_id: UUID) -> Source:
        user, grant = self.credentials.user, self.credentials.grant
        if grant is not None:
            return await self.engine.lenses.open(run_id, grant)
        live = self.engine.live_run(run_id)
        within = self.credentials.workspace_id
        is_within = live is not None and within in (None, live.spec.workspace_id)
        if live is not None and is_within and user is not None and may_see_live(user, live):
            return live
        return await self.engine.source(await self._visible_run(run_id))

    async def _visible_run(self, run_id: UUID) -> Run:
        run = await self.engine.readable_runs.get((self.credentials, run_id))
        if run is None:
            raise no_run()
        return run

    async def _resubscribe(self, run: str) -> None:
        """The run changed hands: send it again from where it now is, in its new epoch."""
        subscription = self.viewer.subscriptions.get(run)
        if subscription is None:
            return
        try:
            source = await self._visible_source(UUID(run), shown.name_of(subscription.source))
            if self.viewer.subscriptions.get(run) is subscription:
                self.viewer.subscribe(run, source, subscription.after, subscription.source.epoch)
        except PlaygroundError as error:
            self.viewer.unsubscribe(run)
            await self._send_text(error_text(error, {"run": run}))
        except (OperationalError, InterfaceError):
            asyncio.get_running_loop().call_later(RETRY_S, self.viewer.wake)  # which asks for this again

    async def _send_text(self, text: str) -> None:
        """What `send` does, for a frame: two calls fewer for each."""
        await self.base_send({"type": "websocket.send", "text": text})  # type: ignore[arg-type]

    async def _watch(self) -> None:
        """Feed the viewer; close the socket if it proves too slow, or a fault ends it: nobody waits for nothing."""
        try:
            await self.viewer.run()
        except Exception:
            logger.exception("A viewer was ended by a fault, and is told to come back.")
            await self.close(RESTARTING)
            return
        VIEWERS_TOO_SLOW.inc()
        message = "You are too far behind. Connect again and go on from your last seq."
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SETTLE_S):
                await self.viewer.send_op("error", code="too_slow", message=message)
        await self.close(TOO_SLOW)
