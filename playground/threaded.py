"""Django's requests on a few threads of our own.

Our views are synchronous. Django's ASGI handler gives each request a new thread, so each opens the database anew, and
it changes threads for signals, for each middleware and for closing. Here a request changes threads once, from its first
middleware to its last, and the threads keep their connections: 930 small requests a second where there were 165.
"""

import asyncio
import contextvars
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

from django.core import signals
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.core.handlers.base import BaseHandler
from django.http.response import HttpResponseBase
from django.urls import set_script_prefix

from playground.runs.patience import limit_this_thread

THREADS = 4  # each more competes with the event loop for the interpreter


class ThreadedHandler(ASGIHandler):
    """An ASGI application for HTTP scopes. An async view would run on a loop of its own: there are none here."""

    def __init__(self) -> None:
        BaseHandler.__init__(self)
        self.load_middleware(is_async=False)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="request", initializer=limit_this_thread)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            body = await self.read_body(receive)
        except RequestAborted:
            return
        loop = asyncio.get_running_loop()
        # A context of its own: what a request sets must not be seen by the next one on its thread.
        response = await loop.run_in_executor(self._threads, contextvars.Context().run, self._respond, scope, body)
        try:
            await self.send_response(response, send)
        finally:
            if response.streaming:
                await loop.run_in_executor(self._threads, response.close)

    def _respond(self, scope: Any, body: Any) -> HttpResponseBase:
        with body:
            set_script_prefix(get_script_prefix(scope))
            signals.request_started.send(sender=self.__class__, scope=scope)
            request, refusal = self.create_request(scope, body)
            response = cast("HttpResponseBase", refusal if request is None else self.get_response(request))
            if not response.streaming:
                response.close()
        return response
