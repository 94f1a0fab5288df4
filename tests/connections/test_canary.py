"""No secret of a connection leaves by a log, a page, an event, an error or a repr."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import psutil
import pytest
from django.test import Client

from playground.connections.catalogue import endpoint_of, list_models, resolve
from playground.connections.check import check
from playground.connections.embedded.supervisor import EmbeddedModel
from playground.connections.forms import ConnectionForm
from playground.connections.models import Connection
from playground.connections.runtime import Runtimes
from playground.connections.secrets import Secrets
from playground.providers.endpoint import Endpoint, RetryPolicy
from playground.providers.http import UpstreamClient
from playground.providers.request import GenerationRequest, Message
from playground.providers.stream import stream_run
from playground.recording.log import EventLog
from playground.workspaces.models import Role
from tests.connections.test_form import VALID
from tests.factories import make_connection, make_member, make_user, make_workspace

KEY = "canary-key-7f3a9c"
HEADER = "canary-header-7f3a9c"
PROXY = "canary-proxy-7f3a9c"
SECRETS = Secrets(KEY, {"X-Secret": HEADER}, f"http://user:{PROXY}@127.0.0.1:9")


def clean(text: str) -> bool:
    return "canary-" not in text


def ignore(code: str, message: str, **data: object) -> None:
    """Hears notices, and does nothing about them."""


@pytest.fixture
def every_log(caplog: pytest.LogCaptureFixture) -> Callable[[], str]:
    caplog.set_level(logging.DEBUG)
    return lambda: caplog.text


@pytest.fixture
def connection(db: None) -> Connection:
    connection = make_connection(make_workspace(), "up", model_names=["m"])
    connection.set_secrets(SECRETS)
    connection.save()
    return connection


def test_objects(connection: Connection, every_log: Callable[[], str]) -> None:
    resolved = resolve(connection.workspace, "up/m")
    shown = [connection, vars(connection), resolved, resolved.endpoint, connection.read_secrets()]
    shown += [list_models(connection.workspace), ConnectionForm(connection.workspace, connection)]
    assert clean(" ".join(f"{thing!r} {thing!s}" for thing in shown))
    assert clean(every_log())


def test_pages(client: Client, connection: Connection, every_log: Callable[[], str]) -> None:
    client.force_login(make_member(connection.workspace, Role.OWNER))
    bad = {**VALID, "name": "local", "api_key": "", "headers": "", "proxy": "nowhere"}
    pages = [
        client.get("/connections/"),
        client.get("/connections/up/edit/"),
        client.post("/connections/up/edit/", bad),
        client.get("/connections/up/delete/"),
    ]
    assert [page.status_code for page in pages] == [200, 200, 422, 200]
    assert clean(b" ".join(page.content for page in pages).decode())
    assert all("no-store" in page["Cache-Control"] for page in pages[1:3])
    typed = {**VALID, "name": "local", "api_key": KEY, "proxy": f"u:{PROXY}@nowhere"}
    assert client.post("/connections/up/edit/", typed).status_code == 422
    assert clean(every_log())


def test_admin(client: Client, connection: Connection) -> None:
    client.force_login(make_user(is_superuser=True, is_staff=True))
    for page in ("/admin/connections/connection/", f"/admin/connections/connection/{connection.pk}/change/"):
        response = client.get(page)
        assert response.status_code == 200
        assert clean(response.content.decode())
        assert bytes(connection.secrets_encrypted).decode() not in response.content.decode()


@asynccontextmanager
async def upstream_that_repeats_what_it_is_told() -> AsyncIterator[str]:
    """Answers 401 with the request's headers in the message, as some providers and proxies do."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().replace("\r\n", " ").replace('"', "")
        body = f'{{"error": {{"message": "Wrong key: {head}", "code": "invalid_api_key"}}}}'.encode()
        writer.write(b"HTTP/1.1 401 No\r\nX-Request-Id: " + KEY.encode() + b"\r\nConnection: close\r\n")
        writer.write(b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"


async def test_answers_that_repeat_a_key(every_log: Callable[[], str]) -> None:
    async with upstream_that_repeats_what_it_is_told() as base_url, UpstreamClient() as http:
        endpoint = Endpoint(
            "openai-chat", base_url, KEY, {"X-Secret": HEADER}, allow_private=True, retry=RetryPolicy(attempts=1)
        )
        report = await check(endpoint, ["m"], http)
        log = EventLog()
        outcome = await stream_run(endpoint, GenerationRequest("m", (Message("user", "Hi"),)), log, http=http)
    assert "did not accept the API key" in report.error
    assert "did not accept the API key" in report.models_error
    assert clean(repr(report) + repr(outcome) + repr(log.events) + repr(log.reads) + every_log())


@pytest.mark.django_db
def test_a_broken_connection_fails_without_its_secrets(connection: Connection, every_log: Callable[[], str]) -> None:
    async def run() -> str:
        log = EventLog()
        request = GenerationRequest("m", (Message("user", "Hi"),))
        async with UpstreamClient() as http, Runtimes() as runtimes, runtimes.open(resolved, ignore) as endpoint:
            outcome = await stream_run(endpoint, request, log, http=http)
        return repr(outcome) + repr(log.events)

    connection.retry = {"attempts": 1}
    connection.save()
    resolved = resolve(connection.workspace, "up/m")
    assert endpoint_of(connection).proxy == SECRETS.proxy
    assert clean(asyncio.run(run()) + every_log())


@pytest.mark.model
async def test_the_embedded_models_key(tmp_path_factory: pytest.TempPathFactory, every_log: Callable[[], str]) -> None:
    notices: list[object] = []

    def notify(*args: object, **data: object) -> None:
        notices.append((args, data))

    data_dir = tmp_path_factory.mktemp("data")
    async with EmbeddedModel(data_dir, idle_s=600) as model, model.use(notify) as address:
        (child,) = (p for p in psutil.Process().children() if "playground.connections.embedded.child" in p.cmdline())
        shown = f"{address!r} {notices} {every_log()} {child.cmdline()} {child.environ()}"
        assert address.key not in shown
        assert "SECRET_KEY" not in child.environ()
