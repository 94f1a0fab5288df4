"""The WebSocket `/ws/v1`, as `docs/websocket.md` describes it."""

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import UUID

import orjson
from autobahn.exception import Disconnected
from channels.generic.websocket import AsyncWebsocketConsumer

from playground.errors import BadRequest, Forbidden, NotFound, NotSignedIn, PlaygroundError, TooManyRuns
from playground.runs import shown
from playground.runs.access import may_see_live, stoppable_runs
from playground.runs.engine import Engine
from playground.runs.guard import Reading
from playground.runs.models import Run
from playground.runs.room_access import open_rooms
from playground.runs.socket_auth import authenticate
from playground.runs.sources import Source
from playground.runs.turns import current_engine, request_stop
from playground.runs.viewer import Viewer

NOT_SIGNED_IN = 4401
FORBIDDEN = 4403
TOO_SLOW = 4408
RESTARTING = 4412
MAX_SUBSCRIPTIONS = 64
MAX_ROOMS = 16
SETTLE_S = 1.0
Send = Callable[[Any], Awaitable[None]]
_ROOM = re.compile(r"[a-z]{1,20}:[A-Za-z0-9-]{1,40}")


def while_open(send: Send) -> Send:
    """`send`, but for a socket that has just closed, of which `disconnect` is about to tell: nobody reads on there.

    Those who send are tasks for all sockets: rooms, the guard. One socket's end must not be theirs.
    """

    async def sent(message: Any) -> None:
        with contextlib.suppress(Disconnected):
            await send(message)

    return sent


class RunConsumer(AsyncWebsocketConsumer):
    """One socket. Its viewer's task is cancelled and awaited when the socket closes; the runs go on."""

    channel_layer_alias = "none"  # no channel a socket: its rooms have one for the whole process
    viewer_task: asyncio.Task[None] | None = None

    async def __call__(self, scope: Any, receive: Any, send: Send) -> None:
        await super().__call__(scope, receive, while_open(send))

    async def connect(self) -> None:
        await self.accept()
        try:
            self.engine: Engine = current_engine()
            self.credentials = await self.engine.threads.call(authenticate, self.scope)
        except NotSignedIn:
            await self.close(NOT_SIGNED_IN)
        except Forbidden:
            await self.close(FORBIDDEN)
        except PlaygroundError:
            await self.close(RESTARTING)
        else:
            self.rooms: set[str] = set()
            self.viewer = Viewer(self._send_text, self._resubscribe)
            self.viewer_task = asyncio.create_task(self._watch(), name="viewer")
            self.engine.sockets.add(self)

    async def disconnect(self, code: int) -> None:
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
        """Whoever opened the socket may not read through it any more."""
        await self.close(NOT_SIGNED_IN)

    def reading(self) -> Reading:
        return Reading({run for run, s in self.viewer.subscriptions.items() if not s.ended}, set(self.rooms))

    async def lose(self, lost: Reading) -> None:
        """These are not open any more to whoever opened the socket."""
        for run in lost.runs:
            self.viewer.unsubscribe(run)
            await self._error(_no_run(), {"run": run})
        for room in lost.rooms:
            self._part(room)
            await self._error(_no_room(), {"room": room})

    async def tell(self, text: str) -> None:
        """A message of a room."""
        await self._send_text(text)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if self.viewer_task is None:
            return
        about: dict[str, Any] = {}
        try:
            message = _parse(text_data)
            about = {name: message[name] for name in ("run", "room") if isinstance(message.get(name), str)}
            await self._handler(message)(message)
        except PlaygroundError as error:
            await self._error(error, about)

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

    async def _subscribe(self, message: Mapping[str, Any]) -> None:
        after = _whole(message, "after", at_least=-1)
        epoch = message.get("epoch")
        if epoch is not None and not isinstance(epoch, str):
            raise BadRequest("“epoch” must be the text that a frame came with.", field="epoch")
        view = message.get("view", shown.RAW)
        if view not in shown.names():
            raise BadRequest(f"“view” must be one of {', '.join(shown.names())}.", field="view")
        run_id = _run_id(message)
        open_now = sum(not s.ended for s in self.viewer.subscriptions.values())
        if open_now >= MAX_SUBSCRIPTIONS and str(run_id) not in self.viewer.subscriptions:
            raise TooManyRuns(f"One socket can follow {MAX_SUBSCRIPTIONS} runs; unsubscribe from one first.")
        await self.viewer.subscribe(str(run_id), await self._visible_source(run_id, view), after, epoch)

    async def _unsubscribe(self, message: Mapping[str, Any]) -> None:
        self.viewer.unsubscribe(str(_run_id(message)))

    async def _ack(self, message: Mapping[str, Any]) -> None:
        self.viewer.acknowledge(str(_run_id(message)), _whole(message, "seq", at_least=0))

    async def _cancel(self, message: Mapping[str, Any]) -> None:
        user = self.credentials.user
        run = await self._visible_run(_run_id(message))
        if user is None or not await self.engine.threads.call(stoppable_runs(user).filter(id=run.id).exists):
            raise Forbidden("Only the person whose run this is, or an owner of the workspace, can stop it.")
        await self.engine.threads.call(request_stop, run)

    async def _join(self, message: Mapping[str, Any]) -> None:
        room = _room(message)
        if len(self.rooms) >= MAX_ROOMS and room not in self.rooms:
            raise BadRequest(f"One socket can be in {MAX_ROOMS} rooms; leave one first.", field="room")
        if not await self.engine.threads.call(open_rooms, self.credentials, [room]):
            raise _no_room()
        self.rooms.add(room)
        await self.viewer.send_op("joined", room=room)
        self.engine.rooms.join(room, self)

    async def _leave(self, message: Mapping[str, Any]) -> None:
        self._part(_room(message))

    def _part(self, room: str) -> None:
        self.rooms.discard(room)
        self.engine.rooms.leave(room, self)

    async def _ping(self, message: Mapping[str, Any]) -> None:
        await self.viewer.send_op("pong")

    async def _visible_source(self, run_id: UUID, view: str) -> Source:
        return await self.engine.views.open(run_id, await self._readable_source(run_id), view)

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
        run = await self.engine.threads.call(self.credentials.runs().filter(id=run_id).first)
        if run is None:
            raise _no_run()
        return run

    async def _resubscribe(self, run: str) -> None:
        """The run changed hands: send it again from where it now is, in its new epoch."""
        subscription = self.viewer.subscriptions.get(run)
        if subscription is None:
            return
        try:
            source = await self._visible_source(UUID(run), shown.name_of(subscription.source))
            if self.viewer.subscriptions.get(run) is subscription:
                await self.viewer.subscribe(run, source, subscription.after, subscription.source.epoch)
        except PlaygroundError as error:
            self.viewer.unsubscribe(run)
            await self._error(error, {"run": run})

    async def _error(self, error: PlaygroundError, about: Mapping[str, Any]) -> None:
        code = error.code if error.code in ("not_found", "forbidden", "too_many_runs") else "bad_request"
        await self.send(orjson.dumps({"op": "error", **about, "code": code, "message": error.message}).decode())

    async def _send_text(self, text: str) -> None:
        """What `send` does, for a frame: two calls fewer for each."""
        await self.base_send({"type": "websocket.send", "text": text})  # type: ignore[arg-type]

    async def _watch(self) -> None:
        """Feed the viewer; close the socket if it proves too slow."""
        await self.viewer.run()
        message = "You are too far behind. Connect again and go on from your last seq."
        await self.viewer.send_op("error", code="too_slow", message=message)
        await self.close(TOO_SLOW)


def _parse(text: str | None) -> dict[str, Any]:
    if text is None:
        raise BadRequest("Send JSON in text messages; binary messages are not understood.")
    try:
        message = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise BadRequest("That is not JSON.") from None
    if not isinstance(message, dict):
        raise BadRequest("A message must be a JSON object with an “op”.")
    return message


def _no_run() -> NotFound:
    return NotFound("There is no such run, or it is not yours.")


def _no_room() -> NotFound:
    return NotFound("There is no such room, or it is not open to you.")


def _room(message: Mapping[str, Any]) -> str:
    room = message.get("room")
    if not isinstance(room, str) or not _ROOM.fullmatch(room):
        raise BadRequest("“room” must be a kind and a name, as in “workspace:1”.", field="room")
    return room


def _run_id(message: Mapping[str, Any]) -> UUID:
    try:
        return UUID(message.get("run") or "")
    except (ValueError, AttributeError, TypeError):
        raise BadRequest("“run” must be the id of a run.", field="run") from None


def _whole(message: Mapping[str, Any], name: str, *, at_least: int) -> int:
    value = message.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or value < at_least:
        raise BadRequest(f"“{name}” must be a whole number, at least {at_least}.", field=name)
    return value
