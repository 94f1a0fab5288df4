"""A client of the gateway owns its run: when it goes, the upstream is closed and the run is cancelled."""

import socket
import threading

import httpx

from tests.gateway.conftest import HELLO, Gateway
from tests.gateway.upstream import Scripted, hold
from tests.providers.faults import Call, token
from tests.server import Follower

BODY = {"model": "chat/m", "messages": HELLO}


def ended(gateway: Gateway, run_id: str) -> str:
    """How a run ended, once it has."""
    with gateway.client.socket() as viewer:
        Follower(viewer, run_id).finish()
    status: str = gateway.client.run(run_id)["status"]
    return status


def test_a_client_that_goes_in_mid_stream(gateway: Gateway, up: Scripted) -> None:
    up.play(hold(token("Hi")))
    with gateway.http.stream("POST", "/chat/completions", json={**BODY, "stream": True}) as response:
        next(response.iter_bytes())
        run = response.headers["x-playground-run"]
    up.wait_gone(up.calls[0])
    assert ended(gateway, run) == "cancelled"
    assert gateway.client.run(run)["text"] == "Hi"


def test_a_client_that_goes_before_the_first_token(gateway: Gateway, up: Scripted) -> None:
    for is_streamed in (True, False):
        asked = threading.Event()

        async def waits(call: Call, asked: threading.Event = asked) -> None:
            asked.set()
            await call.wait_gone()

        up.play(waits)
        run = _leave_once(gateway, asked, is_streamed=is_streamed)
        up.wait_gone(up.calls[0])
        assert ended(gateway, run) == "cancelled"


def _leave_once(gateway: Gateway, asked: threading.Event, *, is_streamed: bool) -> str:
    """Ask, and close the connection once the upstream has been asked; returns the id of the run."""
    content = httpx.Request("POST", "http://x", json={**BODY, "stream": is_streamed}).content
    address = httpx.URL(gateway.client.server.base_url)
    head = (
        f"POST /v1/chat/completions HTTP/1.1\r\nHost: {address.host}\r\nContent-Length: {len(content)}\r\n"
        f"Authorization: {gateway.client.headers['Authorization']}\r\n\r\n"
    )

    with socket.create_connection((address.host, address.port or 80)) as connection:
        connection.sendall(head.encode() + content)
        assert asked.wait(20)
    newest = gateway.client.http.get("/sessions").json()["sessions"][0]
    session = gateway.client.http.get(f"/sessions/{newest['id']}").json()
    return str(session["turns"][-1]["runs"][0]["id"])


def test_all_runs_of_a_client_that_goes(gateway: Gateway, up: Scripted) -> None:
    piece = b'data: {"choices":[{"index":0,"text":"Hi"}]}\n\n'
    up.play(hold(piece))
    body = {"model": "old/m", "prompt": ["one", "two"], "stream": True}
    with gateway.http.stream("POST", "/completions", json=body) as response:
        received = b""
        for data in response.iter_bytes():
            received += data
            if b'"index":0' in received and b'"index":1' in received:
                break
        runs = response.headers["x-playground-run"].split(", ")
    assert len(up.calls) == 2
    for call in up.calls:
        up.wait_gone(call)
    assert [ended(gateway, run) for run in runs] == ["cancelled", "cancelled"]
