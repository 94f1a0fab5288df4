"""The handler that runs requests on threads, as an ASGI application."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.test import override_settings
from django.urls import path

from playground.threaded import ThreadedHandler

closed: list[str] = []


def echo(request: HttpRequest) -> HttpResponse:
    return HttpResponse(
        b"%s %s" % (request.method.encode(), request.body), headers={"X-Thread": threading.current_thread().name}
    )


def streamed(request: HttpRequest) -> StreamingHttpResponse:
    def parts() -> Iterator[bytes]:
        yield b"a"
        yield b"b"

    response = StreamingHttpResponse(parts())
    response._resource_closers.append(lambda: closed.append("streamed"))
    return response


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("a fault")


urlpatterns = [path("echo", echo), path("streamed", streamed), path("broken", broken)]


async def ask(handler: ThreadedHandler, target: str, *bodies: bytes) -> tuple[int, dict[str, str], bytes]:
    messages = [{"type": "http.request", "body": body, "more_body": True} for body in bodies]
    messages.append({"type": "http.request", "body": b"", "more_body": False})
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return messages.pop(0)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": target,
        "headers": [(b"host", b"localhost")],
        "query_string": b"",
    }
    await handler(scope, receive, send)
    headers = {name.decode().lower(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], headers, b"".join(message.get("body", b"") for message in sent[1:])


@pytest.fixture
def handler() -> Iterator[ThreadedHandler]:
    with override_settings(ROOT_URLCONF=__name__, MIDDLEWARE=[]):
        handler = ThreadedHandler()
        yield handler
        handler._threads.submit(connection.close)
        handler._threads.shutdown()


async def test_a_request_runs_on_a_thread_of_the_pool(handler: ThreadedHandler) -> None:
    status, headers, body = await ask(handler, "/echo", b"one ", b"two")
    assert (status, body) == (200, b"POST one two")
    assert headers["x-thread"].startswith("request")


async def test_a_streamed_response_is_sent_whole_and_closed(handler: ThreadedHandler) -> None:
    closed.clear()
    with pytest.warns(Warning, match="StreamingHttpResponse must consume synchronous iterators"):
        assert (await ask(handler, "/streamed"))[2] == b"ab"
    assert closed == ["streamed"]


async def test_a_fault_in_a_view_is_a_500(handler: ThreadedHandler, caplog: pytest.LogCaptureFixture) -> None:
    assert (await ask(handler, "/broken"))[0] == 500


async def test_a_client_that_leaves_while_it_sends_is_no_fault(handler: ThreadedHandler) -> None:
    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        raise AssertionError("nothing is sent to a client that left")

    await handler(
        {"type": "http", "method": "POST", "path": "/echo", "headers": [], "query_string": b""}, receive, send
    )
