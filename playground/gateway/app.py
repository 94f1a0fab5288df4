"""The gateway as an ASGI application: `/v1/…` is answered here, all else by the application behind it.

Nothing of Django's request cycle is used: a call stays on the event loop, but for one visit to the engine's database
threads. There are no cookies and no CORS: who calls has a token. It always speaks English.
"""

import asyncio
import time
from collections.abc import Mapping
from typing import Any, Final

import django.db
from django.conf import settings
from django.http.request import split_domain_port, validate_host

from playground.errors import BadRequest, Busy, NotFound, PlaygroundError
from playground.gateway import starting
from playground.gateway.answers import answer
from playground.gateway.calls import Call, Client, Endpoint, Gone, Receive, Send
from playground.gateway.errors import MethodNotAllowed
from playground.gateway.listing import describe_model, describe_models
from playground.gateway.replay import replay
from playground.outage import refuse_while_away
from playground.runs.apps import running_engine
from playground.runs.backpressure import NotRead
from playground.runs.engine import Engine
from playground.runs.lifespan import Application
from playground.runs.metrics import RUNS_REFUSED
from playground.runs.models import Run

PREFIX: Final = "/v1/"
_MODELS: Final = "models"
_LOCAL_HOSTS: Final = [".localhost", "127.0.0.1", "[::1]"]  # as Django allows them while DEBUG is on


class Gateway:
    """Stands before `inner`, which gets every scope that is not a request to `/v1/`."""

    def __init__(self, inner: Application) -> None:
        self._inner = inner

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(PREFIX):
            await self._inner(scope, receive, send)
            return
        client = Client(receive, send)
        try:
            await _respond(scope, client)
        except Gone:
            return
        except PlaygroundError as error:
            await client.error(error)
        except django.db.Error:
            message = "The playground's database does not answer. Try again in a few seconds."
            await client.error(Busy(message, retry_after=5))


async def _respond(scope: Mapping[str, Any], client: Client) -> None:
    headers = _headers(scope)
    _check_host(headers.get("host", ""))
    path, method = scope["path"].removeprefix(PREFIX).strip("/"), scope["method"]
    engine = _engine()
    if path == _MODELS or path.startswith(_MODELS + "/"):
        _check_method(method, "GET")
        await _models(path.removeprefix(_MODELS).strip("/"), headers, engine, client)
    elif path in list(Endpoint):
        _check_method(method, "POST")
        refuse_while_away()
        await _call(Endpoint(path), headers, engine, client)
    else:
        endpoints = ", ".join(f"POST {PREFIX}{endpoint}" for endpoint in Endpoint)
        raise NotFound(
            f"Unknown request URL: {method} {PREFIX}{path[:100]}. There are GET {PREFIX}models, {endpoints}."
        )


async def _models(model_id: str, headers: Mapping[str, str], engine: Engine, client: Client) -> None:
    def describe() -> Any:
        token = starting.token_of(headers)
        return describe_model(token, model_id) if model_id else describe_models(token)

    await client.json(await engine.threads.call(describe))


async def _call(endpoint: Endpoint, headers: Mapping[str, str], engine: Engine, client: Client) -> None:
    limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    raw = await client.body(limit)
    watching = asyncio.create_task(client.watch(), name="gateway client")
    lives = starting.Lives(engine)

    def start() -> tuple[Call, list[Run]]:
        call = starting.read_call(endpoint, headers, raw, engine, client)
        return call, [] if call.model_id.startswith(starting.REPLAY) else starting.start(call, lives.launch)

    try:
        try:
            call, runs = await engine.threads.call(start)
        except django.db.Error:
            RUNS_REFUSED.labels("trouble").inc()
            raise
        if runs:
            client.headers = _names(runs)
            await answer(call, lives.runs, int(time.time()))
        else:
            await replay(call)
    except NotRead:
        lives.stop(starting.NOT_READ)
    finally:
        lives.stop()
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


def _names(runs: list[Run]) -> list[tuple[bytes, bytes]]:
    """The headers that tell where the answer is recorded."""
    ids = ", ".join(str(run.id) for run in runs).encode()
    return [
        (b"x-playground-run", ids),
        (b"x-playground-session", str(runs[0].turn.session_id).encode()),
        (b"x-request-id", str(runs[0].id).encode()),
    ]


def _headers(scope: Mapping[str, Any]) -> dict[str, str]:
    """By name; what people write into a header is UTF-8 where it can be."""
    found = {}
    for name, value in scope["headers"]:
        try:
            found[name.decode("latin-1")] = value.decode()
        except UnicodeDecodeError:
            found[name.decode("latin-1")] = value.decode("latin-1")
    return found


def _check_host(host: str) -> None:
    allowed = settings.ALLOWED_HOSTS or (_LOCAL_HOSTS if settings.DEBUG else [])
    domain, _port = split_domain_port(host)
    if not domain or not validate_host(domain, allowed):
        raise BadRequest(f"This server does not answer for the host “{host[:100]}”: check ALLOWED_HOSTS.")


def _check_method(method: str, allowed: str) -> None:
    if method != allowed:
        raise MethodNotAllowed(f"Not allowed to {method} on this endpoint: use {allowed}.")


def _engine() -> Engine:
    engine = running_engine()
    if engine is None:
        raise Busy("The server is still starting. Try again in a few seconds.", retry_after=2)
    return engine
