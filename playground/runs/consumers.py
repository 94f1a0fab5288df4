"""The WebSocket `/ws/v1`, as `docs/websocket.md` describes it."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import UUID

import orjson
from channels.generic.websocket import AsyncWebsocketConsumer

from playground.errors import BadRequest, Forbidden, NotFound, NotSignedIn, PlaygroundError, TooManyRuns
from playground.runs.access import may_see_live, visible_runs
from playground.runs.engine import Engine
from playground.runs.models import Run
from playground.runs.socket_auth import authenticate
from playground.runs.sources import Source
from playground.runs.turns import current_engine, request_stop
from playground.runs.viewer import Viewer

NOT_SIGNED_IN = 4401
FORBIDDEN = 4403
TOO_SLOW = 4408
RESTARTING = 4412
MAX_SUBSCRIPTIONS = 64
SETTLE_S = 1.0


class RunConsumer(AsyncWebsocketConsumer):
    """One socket. Its viewer's task is cancelled and awaited when the socket closes; the runs go on."""

    viewer_task: asyncio.Task[None] | None = None

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
            self.viewer = Viewer(self._send_text, self._resubscribe)
            self.viewer_task = asyncio.create_task(self._watch(), name="viewer")
            self.engine.sockets.add(self)

    async def disconnect(self, code: int) -> None:
        if self.viewer_task is not None:
            self.engine.sockets.discard(self)
            self.viewer.close()
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

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if self.viewer_task is None:
            return
        run = None
        try:
            message = _parse(text_data)
            run = message.get("run")
            await self._handler(message)(message)
        except PlaygroundError as error:
            await self._error(error, run)

    def _handler(self, message: Mapping[str, Any]) -> Callable[[Mapping[str, Any]], Awaitable[None]]:
        handlers = {
            "subscribe": self._subscribe,
            "unsubscribe": self._unsubscribe,
            "ack": self._ack,
            "cancel": self._cancel,
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
        run_id = _run_id(message)
        open_now = sum(not s.ended for s in self.viewer.subscriptions.values())
        if open_now >= MAX_SUBSCRIPTIONS and str(run_id) not in self.viewer.subscriptions:
            raise TooManyRuns(f"One socket can follow {MAX_SUBSCRIPTIONS} runs; unsubscribe from one first.")
        await self.viewer.subscribe(str(run_id), await self._visible_source(run_id), after, epoch)

    async def _unsubscribe(self, message: Mapping[str, Any]) -> None:
        self.viewer.unsubscribe(str(_run_id(message)))

    async def _ack(self, message: Mapping[str, Any]) -> None:
        self.viewer.acknowledge(str(_run_id(message)), _whole(message, "seq", at_least=0))

    async def _cancel(self, message: Mapping[str, Any]) -> None:
        await self.engine.threads.call(request_stop, await self._visible_run(_run_id(message)))

    async def _ping(self, message: Mapping[str, Any]) -> None:
        await self.viewer.send_op("pong")

    async def _visible_source(self, run_id: UUID) -> Source:
        live = self.engine.live_run(run_id)
        if live is not None and may_see_live(self.credentials.user, live):
            return live
        return await self.engine.source(await self._visible_run(run_id))

    async def _visible_run(self, run_id: UUID) -> Run:
        run = await self.engine.threads.call(lambda: visible_runs(self.credentials.user).filter(id=run_id).first())
        if run is None:
            raise NotFound("There is no such run, or it is not yours.")
        return run

    async def _resubscribe(self, run: str) -> None:
        """The run changed hands: send it again from where it now is, in its new epoch."""
        try:
            source = await self._visible_source(UUID(run))
            subscription = self.viewer.subscriptions.get(run)
            if subscription is not None:
                await self.viewer.subscribe(run, source, subscription.after, subscription.source.epoch)
        except PlaygroundError as error:
            self.viewer.unsubscribe(run)
            await self._error(error, run)

    async def _error(self, error: PlaygroundError, run: Any) -> None:
        code = error.code if error.code in ("not_found", "forbidden", "too_many_runs") else "bad_request"
        about = {"run": run} if isinstance(run, str) else {}
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
