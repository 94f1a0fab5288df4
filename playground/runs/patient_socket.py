"""A WebSocket of Daphne's that takes no more from its client than is answered, and waits for one that reads slowly."""

import asyncio
from typing import Final

from daphne.ws_protocol import WebSocketProtocol

from playground.runs.backpressure import MOST_UNSENT, NotRead, unsent, until_taken
from playground.runs.consumers import TOO_SLOW
from playground.runs.metrics import VIEWERS_TOO_SLOW
from playground.runs.viewer import TOO_SLOW_AFTER_S

MOST_UNANSWERED: Final = 64  # messages of one socket; a read may bring more at once
LOOK_EVERY_S: Final = 0.02


class PatientSocket(WebSocketProtocol):  # type: ignore[misc]
    """Reads on only once most of what it has read was answered: who asks faster than that waits in its own buffers."""

    maxMessagePayloadSize: int  # noqa: N815  (Autobahn's name)
    is_holding = False
    is_given_up = False

    def onOpen(self) -> None:  # noqa: N802  (Autobahn's name)
        super().onOpen()
        # The HTTP of the handshake is still this transport's producer, which is all that holds it in memory: 6 KiB.
        self.transport.unregisterProducer()

    def give_up(self, code: int) -> None:
        """Close; what was asked and not answered yet is not answered any more."""
        self.is_given_up = True
        while not self.application_queue.empty():
            self.application_queue.get_nowait()
        self.serverClose(code=code)

    def onMessage(self, payload: bytes, isBinary: bool) -> None:  # noqa: N802, N803  (Autobahn's names)
        if self.is_given_up:
            return
        super().onMessage(payload, isBinary)
        if not self.is_holding and self.application_queue.qsize() > MOST_UNANSWERED:
            self.is_holding = True
            self.transport.pauseProducing()
            self._read_on()

    def sendMessage(self, payload: bytes, *args: object, **options: object) -> None:  # noqa: N802  (Autobahn's name)
        """Autobahn holds what is sent to the limit of what is received; a chunk is as long as its provider made it."""
        received, self.maxMessagePayloadSize = self.maxMessagePayloadSize, 0
        try:
            super().sendMessage(payload, *args, **options)
        finally:
            self.maxMessagePayloadSize = received

    async def until_read(self) -> None:
        """Wait until the client has read on. Nothing is taken meanwhile from who takes nothing: what it asks stays in
        its own buffers."""
        self.transport.pauseProducing()
        try:
            await until_taken(self.transport, within_s=TOO_SLOW_AFTER_S)
        except NotRead:
            if self.state == self.STATE_OPEN:
                VIEWERS_TOO_SLOW.inc()
                self.give_up(TOO_SLOW)  # unless it answers the close, the connection is cut a second later
        finally:
            if not self.is_holding:
                self.transport.resumeProducing()

    def _read_on(self) -> None:
        is_behind = self.application_queue.qsize() > MOST_UNANSWERED // 2 or unsent(self.transport) > MOST_UNSENT
        if is_behind and self.state != self.STATE_CLOSED:  # where the server killed its application, nobody catches up
            asyncio.get_running_loop().call_later(LOOK_EVERY_S, self._read_on)
        else:
            self.is_holding = False
            self.transport.resumeProducing()
