"""A server whose answers are written at set times; which answers, its subclasses say."""

import asyncio
import socket
from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self

from playground.providers.simulator.connection import Connection, Response
from playground.providers.simulator.http1 import Refused, Request
from playground.providers.simulator.pace import Pacer


class PacedServer(ABC):
    """An async context manager that serves on the running event loop. Raises OSError when it cannot listen."""

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port
        self._connections: set[Connection] = set()
        self._all_closed = asyncio.Event()
        self._server: asyncio.Server | None = None
        self._pacer: Pacer | None = None

    @property
    def base_url(self) -> str:
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._port}/v1"

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        pacer = self._pacer = Pacer(loop)
        self._server = await loop.create_server(lambda: Connection(self, pacer), self._host, self._port, backlog=1024)
        self._port = next(
            listening.getsockname()[1]
            for listening in self._server.sockets
            if listening.family in {socket.AF_INET, socket.AF_INET6}
        )
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stops listening, aborts what is open, and returns when all of it is closed."""
        if self._server is None or self._pacer is None:
            return
        self._server.close()
        self._pacer.close()
        for connection in list(self._connections):
            connection.abort()
        if self._connections:
            self._all_closed.clear()
            await self._all_closed.wait()
        await self._server.wait_closed()

    # --- what connections tell -----------------------------------------------------------------------------------

    def opened(self, connection: Connection) -> None:
        self._connections.add(connection)

    def closed(self, connection: Connection) -> None:
        self._connections.discard(connection)
        if not self._connections:
            self._all_closed.set()

    @abstractmethod
    def answer_started(self) -> None: ...

    @abstractmethod
    def answer_ended(self, *, aborted: bool) -> None: ...

    # --- what connections ask ------------------------------------------------------------------------------------

    @abstractmethod
    def respond(self, request: Request) -> Response: ...

    @abstractmethod
    def refuse(self, refused: Refused) -> Response: ...
