"""Starts the engine under any ASGI server. `manage.py serve` owns its engine itself, since Daphne has no lifespan."""

import logging
import os
import sys
import threading
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

from django.apps import apps

from playground.runs.apps import RunsConfig
from playground.runs.database import has_left_threads

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
CUT = "playground.http.cut"
"""A message of an ASGI application that ASGI has no word for: close the connection in the middle of the answer. Another
server than ours refuses it, and closes the connection because of that."""

END_AFTER_S: Final = 3.0
"""So long a server has for its own last steps, where its process cannot end by itself."""

Application = Callable[[Scope, Receive, Send], Awaitable[None]]


def end_process_if_hanging() -> None:
    """End this process here and now if threads of its engine still wait for a database that hangs. All else is done."""
    if has_left_threads():
        logging.shutdown()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)


def _end_process_soon() -> None:
    if has_left_threads():
        ending = threading.Timer(END_AFTER_S, end_process_if_hanging)
        ending.daemon = True
        ending.start()


class WithEngine:
    """Wraps an ASGI application: the engine starts with the server's lifespan, or with the first scope without one."""

    def __init__(self, application: Application) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        config = apps.get_app_config("runs")
        assert isinstance(config, RunsConfig)  # noqa: S101  (for the type checker: this is our own app)
        if scope["type"] == "lifespan":
            await self._lifespan(config, receive, send)
            return
        if config.engine is None:
            await config.ensure_engine()
        await self._application(scope, receive, send)

    async def _lifespan(self, config: RunsConfig, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await config.ensure_engine()
                await send({"type": "lifespan.startup.complete"})
            else:
                await config.close_engine()
                await send({"type": "lifespan.shutdown.complete"})
                _end_process_soon()
                return
