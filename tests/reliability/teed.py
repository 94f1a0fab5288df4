"""A simulator that keeps what it wrote."""

import asyncio
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace

import orjson

from playground.providers.simulator import Simulator
from playground.providers.simulator.connection import Connection, Response
from playground.providers.simulator.http1 import Request
from playground.providers.simulator.steps import Step
from tests.threads import on_a_thread


class Teed(Simulator):
    """`wires`: what was written to each answered request; `models`: the model that each of them named."""

    def __init__(self) -> None:
        super().__init__()
        self.wires: list[bytearray] = []
        self.models: list[str] = []
        self._counted = asyncio.Event()

    def opened(self, connection: Connection) -> None:
        super().opened(connection)
        self._counted.set()

    def closed(self, connection: Connection) -> None:
        super().closed(connection)
        self._counted.set()

    def answer_started(self) -> None:
        super().answer_started()
        self._counted.set()

    def answer_ended(self, *, aborted: bool) -> None:
        super().answer_ended(aborted=aborted)
        self._counted.set()

    async def until(self, reached: Callable[[], bool]) -> None:
        """Until the counters are such."""
        while not reached():
            self._counted.clear()
            await self._counted.wait()

    def respond(self, request: Request) -> Response:
        response = super().respond(request)
        self.wires.append(bytearray())
        self.models.append(str(orjson.loads(request.body).get("model")) if request.body else "")
        return replace(response, steps=self._tee(response.steps, self.wires[-1]))

    def _tee(self, steps: Iterator[Step], wire: bytearray) -> Iterator[Step]:
        for due, piece in steps:
            raw = piece if isinstance(piece, bytes) else piece()
            wire += raw
            yield due, raw

    def bodies(self) -> bytes:
        """Of all answers one after the other, without HTTP's framing."""
        return b"".join(body_of(bytes(wire)) for wire in self.wires)


def teed_in_a_thread() -> AbstractContextManager[Teed]:
    """One that serves on a loop of its own."""
    return on_a_thread(Teed, "simulator")


def body_of(wire: bytes) -> bytes:
    head, _, rest = wire.partition(b"\r\n\r\n")
    head = head.lower()
    if b"transfer-encoding: chunked" not in head:
        return rest
    body = b""
    while rest:
        size, _, rest = rest.partition(b"\r\n")
        count = int(size, 16) if size else 0
        body += rest[:count]
        rest = rest[count + 2 :]
    return zlib.decompress(body, wbits=47) if b"content-encoding: gzip" in head else body
