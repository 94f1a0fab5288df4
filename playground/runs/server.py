"""Daphne's server, run so that its process has one owner: this module starts the engine, and stops everything in order.

Daphne on its own has no lifespan, drops live sockets on SIGTERM, and can crash at exit with a streaming response open.
"""

import asyncio
import contextlib
import gc
import signal
import sys
from collections.abc import Callable, Mapping
from functools import partial
from http import HTTPStatus
from typing import Any

from daphne.endpoints import build_endpoint_description_strings
from daphne.server import Server
from daphne.ws_protocol import WebSocketProtocol
from django.conf import settings
from twisted.internet import defer, reactor
from twisted.internet.abstract import FileDescriptor
from twisted.web.http import RESPONSES

from playground.runs.apps import RunsConfig
from playground.runs.backpressure import MOST_UNSENT, NotRead, unsent, until_taken
from playground.runs.lifespan import CUT, Application
from playground.runs.metrics import ANSWERS_NOT_READ
from playground.runs.patient_socket import PatientSocket
from playground.runs.resets import Connection
from playground.runs.slim import Inbox
from playground.runs.wire import SCOPE_KEY, Wire

CLOSE_GRACE_S = 2.0

# Twisted knows none of the newer statuses, 429 among them, and would call them "Unknown Status".
RESPONSES.update({status.value: status.phrase.encode() for status in HTTPStatus if status.value not in RESPONSES})


class CannotListen(Exception):
    """The address is taken, or not ours. The message says what to do."""


class PlaygroundServer(Server):  # type: ignore[misc]
    """Daphne's server that remembers what it listens on, and tells where it cannot.

    Who sends to a client that reads slowly waits for it, and a client that does not read at all is cut off.
    """

    def __init__(self, application: Application, *, host: str, port: int, on_failure: Callable[[str], None]) -> None:
        super().__init__(
            _without_unread(application),
            endpoints=build_endpoint_description_strings(host=host, port=port),
            signal_handlers=False,
            server_name="",
            application_close_timeout=5,
            websocket_handshake_timeout=20,
        )
        self.ports: list[Any] = []
        self._on_failure = on_failure
        self._watches: set[asyncio.Task[None]] = set()

    def create_application(self, protocol: Any, scope: Any) -> Any:
        if scope["type"] != "websocket":
            return super().create_application(protocol, scope)
        scope[SCOPE_KEY], scope["asgi"] = Wire(protocol), {"version": "3.0"}
        inbox = Inbox()
        answer = self.application(scope, inbox.get, partial(self.handle_reply, protocol))
        self.connections[protocol]["application_instance"] = asyncio.ensure_future(answer)
        return inbox

    async def handle_reply(self, protocol: Any, message: Any) -> None:
        transport = protocol.transport
        if message.get("more_body") and protocol in self.connections:
            protocol.handle_reply(message)
            _send_now(transport)
        elif message["type"] != CUT:
            await super().handle_reply(protocol, message)
        elif protocol in self.connections and not protocol.finished and protocol.channel is not None:
            protocol.loseConnection()
        if unsent(transport) > MOST_UNSENT:
            await self._wait_for_reader(protocol, transport, message)

    async def _wait_for_reader(self, protocol: Any, transport: Any, message: Any) -> None:
        """Make the sender wait until the client has read on. What is sent last waits for nobody: it is watched.

        Raises:
            NotRead: the client of an answer did not read for so long that its connection was cut.
        """
        if message["type"] == "websocket.send":
            await protocol.until_read()
        elif message.get("more_body"):
            await self._wait_for_client(transport)
        elif message["type"] == "http.response.body":
            watch = asyncio.create_task(self._watch_the_end(transport), name="end of an answer")
            self._watches.add(watch)
            watch.add_done_callback(self._watches.discard)

    async def _wait_for_client(self, transport: Any) -> None:
        try:
            await until_taken(transport, within_s=settings.PLAYGROUND_WRITE_TIMEOUT_S)
        except NotRead:
            ANSWERS_NOT_READ.inc()
            transport.abortConnection()
            raise

    async def _watch_the_end(self, transport: Any) -> None:
        with contextlib.suppress(NotRead):
            await self._wait_for_client(transport)

    def listen_success(self, port: Any) -> None:
        # A message that is too large is answered with the close code 1009, not with a cut connection.
        self.ws_factory.setProtocolOptions(failByDrop=False)
        self.ws_factory.protocol = PatientSocket
        port.transport = Connection
        self.ports.append(port)
        super().listen_success(port)

    def listen_error(self, failure: Any) -> None:
        self._on_failure(str(failure.value))


def _without_unread(application: Application) -> Application:
    """The application, whose client may stop to read: what `send` says then need not be anybody's fault."""

    async def answered(scope: Any, receive: Any, send: Any) -> None:
        with contextlib.suppress(NotRead):
            await application(scope, receive, send)

    return answered


def _send_now(transport: Any) -> None:
    """Send a piece of a stream at once. Twisted would ask the reactor to tell it when it may, and send a turn of the
    loop later, which costs as much again. What the socket does not take now, and errors, it still handles so."""
    if isinstance(transport, FileDescriptor) and transport.connected and not transport.disconnecting:
        transport.doWrite()  # type: ignore[no-untyped-call]


def _is_answering(protocol: Any, details: Mapping[str, Any]) -> bool:
    if isinstance(protocol, WebSocketProtocol):
        return bool(protocol.state != protocol.STATE_CLOSED)
    return not protocol.finished and "disconnected" not in details


class Service:
    """The engine and the server of one process, on one event loop.

    `on_ready` is called once requests are answered. `run` returns after SIGTERM, which gives live runs `grace_s` s to
    end by themselves, or SIGINT, which gives them none; a second signal ends each wait. It raises CannotListen.
    """

    def __init__(
        self,
        application: Any,
        config: RunsConfig,
        *,
        host: str,
        port: int,
        grace_s: float,
        on_ready: Callable[[], None],
    ):
        self._server = PlaygroundServer(application, host=host, port=port, on_failure=self._fail)
        self._config = config
        self._on_ready = on_ready
        self._loop: asyncio.AbstractEventLoop = reactor._asyncioEventloop  # noqa: SLF001
        self._lifetime: asyncio.Task[None] | None = None
        self._stop = asyncio.Event()
        self._grace_s = grace_s
        self._failure = ""

    def run(self) -> None:
        # Threads that answer requests hold the interpreter for up to this long while the event loop waits for it.
        sys.setswitchinterval(0.001)
        reactor.callWhenRunning(self._start)
        self._server.run()
        self._clean_up()
        if self._failure:
            raise CannotListen(self._failure)

    def _fail(self, message: str) -> None:
        self._failure = message
        self._stop.set()

    def _start(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._loop.add_signal_handler(number, self._signalled, number)
        self._lifetime = self._loop.create_task(self._live(), name="service")

    def _signalled(self, number: signal.Signals) -> None:
        if self._stop.is_set() and self._config.engine is not None:
            self._config.engine.hurry()
        elif number is signal.SIGINT:
            self._grace_s = 0  # whoever presses Ctrl-C waits for it
        self._stop.set()

    async def _live(self) -> None:
        # What is loaded by now stays. To look through it for garbage each time would stop all streams for 150 ms.
        gc.collect()
        gc.freeze()
        try:
            async with self._config.build_engine() as engine:
                self._config.engine = engine
                if not self._failure:
                    self._on_ready()
                await self._stop.wait()
                await engine.drain(self._grace_s)  # listening on, to refuse new runs in words
                for port in self._server.ports:
                    await defer.maybeDeferred(port.stopListening).asFuture(self._loop)
            await self._drain_connections()
        finally:
            self._config.engine = None
            reactor.stop()  # type: ignore[misc]

    async def _drain_connections(self) -> None:
        """Give sockets a moment to get the close frame that the engine sent, and answers to get their last words."""
        deadline = self._loop.time() + CLOSE_GRACE_S
        while self._loop.time() < deadline and any(  # noqa: ASYNC110  Twisted tells nobody when a transport's buffer is empty
            _is_answering(protocol, details) for protocol, details in self._server.connections.items()
        ):
            await asyncio.sleep(0.05)

    def _clean_up(self) -> None:
        """End what Daphne leaves behind: without this a live streaming response crashes the interpreter at exit."""
        left = asyncio.all_tasks(self._loop)
        for task in left:
            task.cancel()
        if left:
            self._loop.run_until_complete(asyncio.wait(left, timeout=1))
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        if self._lifetime is not None and self._lifetime.done() and not self._lifetime.cancelled():
            error = self._lifetime.exception()
            if error is not None:
                raise error
