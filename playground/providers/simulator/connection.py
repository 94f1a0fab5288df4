"""One client's connection: requests in, answers out at their pace."""

import asyncio
import math
import socket
import struct
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Protocol, cast

from playground.providers.simulator.http1 import Refused, Request, RequestReader
from playground.providers.simulator.pace import Pacer
from playground.providers.simulator.steps import Step

_WRITES_A_TURN: Final = 64  # then other connections get theirs, also beside a stream that goes as fast as it can
_TURNS_A_READ: Final = 3  # the socket is seen to be readable, it is read, the task that waits for it goes on
_LINGER: Final = 2.0  # seconds that a refused client has to read why and to hang up


@dataclass(frozen=True, slots=True)
class Response:
    """What to write. `steps` yields the very bytes, so that a fault can be any change of them.

    `counted` marks an answer of a model, which the counters are about. After `close` the connection is closed, after
    `reset` by a RST. `by_turns`: a reader on the same event loop gets each write as a read of its own.
    """

    steps: Iterator[Step]
    counted: bool = False
    close: bool = False
    reset: bool = False
    by_turns: bool = False


class Service(Protocol):
    """What connections need of the simulator."""

    def respond(self, request: Request) -> Response: ...
    def refuse(self, refused: Refused) -> Response: ...
    def opened(self, connection: "Connection") -> None: ...
    def closed(self, connection: "Connection") -> None: ...
    def answer_started(self) -> None: ...
    def answer_ended(self, *, aborted: bool) -> None: ...


class Connection(asyncio.Protocol):
    def __init__(self, service: Service, pacer: Pacer) -> None:
        self._service = service
        self._pacer = pacer
        self._reader = RequestReader()
        self._playback: Playback | None = None
        self._refused = False
        self.paused = False  # the client does not take what is written
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one in all but its bases
        self._service.opened(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._end_playback(aborted=True)
        self._service.closed(self)

    # Not overridden: eof_received. Its default closes the transport, so a client that hangs up ends its stream at once.

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        try:
            self._reader.feed(data)
        except Refused as refused:
            if self._playback is not None:  # in the middle of an answer there is no place for another
                self.abort()
            else:
                self._refuse(refused)
        else:
            self._next()

    def pause_writing(self) -> None:
        self.paused = True

    def resume_writing(self) -> None:
        self.paused = False
        if self._playback is not None and self._playback.waits_for_room:
            self._playback.play(time.monotonic())

    def _next(self) -> None:
        """Answer the next request, if one is here and none is being answered."""
        if self._playback is not None or self._transport is None or self._transport.is_closing():
            return
        try:
            request = self._reader.next_request()
        except Refused as refused:
            self._refuse(refused)
            return
        if request is not None:
            self._start(self._service.respond(request))
        elif self._reader.take_continue():
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _refuse(self, refused: Refused) -> None:
        self._refused = True
        self._start(self._service.refuse(refused))

    def _start(self, response: Response) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        self._playback = Playback(response, self, self._transport, self._pacer)
        if response.counted:
            self._service.answer_started()
        self._playback.play(time.monotonic())

    def _end_playback(self, *, aborted: bool) -> None:
        playback, self._playback = self._playback, None
        if playback is not None:
            playback.stop()
            if playback.response.counted:
                self._service.answer_ended(aborted=aborted)

    def finished(self, response: Response) -> None:
        self._end_playback(aborted=False)
        if self._transport is None:
            return
        if response.reset:
            _reset(self._transport)
        elif self._refused:
            # Closing now would reset the connection under a client that still sends, and lose the answer it is to read.
            self._transport.write_eof()
            self._pacer.wake(_Closing(self._transport), time.monotonic() + _LINGER)
        elif response.close:
            self._transport.close()
        else:
            # Not called from here: a client that pipelines would make the stack as deep as its requests are many.
            asyncio.get_running_loop().call_soon(self._next)


def _reset(transport: asyncio.Transport) -> None:
    linger = struct.pack("ii", 1, 0)  # on, and for no time: what is left to send is thrown away
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    transport.abort()


class _Closing:
    """Closes a connection at its time."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport

    def play(self, now: float) -> None:
        self._transport.close()


class Playback:
    """Writes one response: every step in a write of its own, when it is due and the client takes it."""

    __slots__ = ("_connection", "_pacer", "_pending", "_start", "_steps", "_transport", "response", "waits_for_room")

    def __init__(self, response: Response, connection: Connection, transport: asyncio.Transport, pacer: Pacer) -> None:
        self.response = response
        self.waits_for_room = False
        self._connection = connection
        self._transport = transport
        self._pacer = pacer
        self._steps: Iterator[Step] | None = response.steps
        self._start = time.monotonic()
        self._pending: bytes | Callable[[], bytes] | None = None  # the step that the pacer or the client holds up

    def stop(self) -> None:
        """Nothing is written after this. The pacer may still hold the playback until its time."""
        self._steps = self._pending = None

    def play(self, now: float) -> None:
        """Write what is due by `now` (of `time.monotonic()`)."""
        self.waits_for_room = False
        steps, pending, writes = self._steps, self._pending, 0
        if steps is None:
            return
        while writes < (1 if self.response.by_turns else _WRITES_A_TURN):
            if pending is not None:
                if self._connection.paused:
                    self._pending, self.waits_for_room = pending, True
                    return
                self._transport.write(pending if isinstance(pending, bytes) else pending())
                writes += 1
            step = next(steps, None)
            if step is None:
                self._connection.finished(self.response)
                return
            due, pending = step
            due += self._start
            if due > now:
                self._pending = pending
                if due < math.inf:
                    self._pacer.wake(self, due)
                return
        self._pending = pending
        self._play_after(_TURNS_A_READ if self.response.by_turns else 1)

    def _play_after(self, turns: int) -> None:
        if turns:
            asyncio.get_running_loop().call_soon(self._play_after, turns - 1)
        else:
            self.play(time.monotonic())
