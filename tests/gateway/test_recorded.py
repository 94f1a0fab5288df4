"""Each call is a run like those started on the page: in a session, with its title, tags and token."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.gateway.conftest import HELLO, Gateway
from tests.gateway.upstream import Scripted
from tests.providers.faults import GOOD
from tests.server import Client, Server

CHAT = "/chat/completions"
BODY = {"model": "chat/m", "messages": HELLO}


def session(gateway: Gateway) -> dict[str, Any]:
    response = gateway.client.http.get(f"/sessions/{gateway.last.headers['x-playground-session']}")
    body: dict[str, Any] = response.json()
    return body


@pytest.fixture(autouse=True)
def _good(up: Scripted) -> None:
    up.play(GOOD)


def test_the_headers_name_the_run_and_its_session(gateway: Gateway) -> None:
    for is_streamed in (True, False):
        gateway.post(CHAT, {**BODY, "stream": is_streamed})
        assert gateway.run["status"] == "completed"
        assert gateway.run["text"] == "Hello"
        assert gateway.run["model"] == "chat/m"
        assert gateway.last.headers["x-playground-session"] == gateway.run["session"]
        assert session(gateway)["title"] == "Hello"


def test_the_stream_has_the_headers_that_keep_proxies_from_holding_it(gateway: Gateway) -> None:
    gateway.stream()
    headers = {name: gateway.last.headers[name] for name in ("content-type", "cache-control", "x-accel-buffering")}
    assert headers == {
        "content-type": "text/event-stream; charset=utf-8",
        "cache-control": "no-cache",
        "x-accel-buffering": "no",
    }


def test_a_client_can_give_a_title_and_tags(gateway: Gateway) -> None:
    tag = f"nightly {uuid4().hex[:8]}"
    gateway.post(CHAT, BODY, x_playground_title="Caf%C3%A9  check", x_playground_tags=f"{tag}, other,{tag},")
    found = session(gateway)
    assert found["title"] == "Café check"
    listed = gateway.client.http.get("/sessions", params={"tag": tag}).json()["sessions"]
    assert [one["id"] for one in listed] == [found["id"]]


def test_a_client_can_go_on_in_a_session(gateway: Gateway) -> None:
    gateway.post(CHAT, BODY)
    first = gateway.last.headers["x-playground-session"]
    gateway.post(CHAT, {**BODY, "messages": [{"role": "user", "content": "more"}]}, x_playground_session=first)
    assert gateway.last.headers["x-playground-session"] == first
    assert [turn["prompt"] for turn in session(gateway)["turns"]] == ["Hello", "more"]


def test_the_conversation_is_sent_as_it_is_and_the_turn_shows_its_last_prompt(gateway: Gateway, up: Scripted) -> None:
    messages = [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "One"},
        {"role": "assistant", "content": "1"},
        {"role": "user", "content": "Two"},
    ]
    gateway.post(CHAT, {**BODY, "messages": messages, "temperature": 0.5, "own": 1})
    assert up.asked()["messages"] == messages
    (turn,) = session(gateway)["turns"]
    assert (turn["prompt"], turn["system"]) == ("Two", "Be kind.")
    assert turn["parameters"] == {"temperature": 0.5, "extra": {"own": 1}}


@pytest.mark.parametrize(
    ("headers", "status", "param"),
    [
        ({"x_playground_session": "nonsense"}, 400, "x-playground-session"),
        ({"x_playground_session": str(uuid4())}, 404, "x-playground-session"),
        ({"x_playground_tags": "x" * 41}, 400, "x-playground-tags"),
        ({"x_playground_tags": ",".join("abcdefghijk")}, 400, "x-playground-tags"),
    ],
)
def test_headers_that_are_wrong(
    gateway: Gateway, up: Scripted, headers: dict[str, str], status: int, param: str
) -> None:
    response = gateway.post(CHAT, BODY, **headers)
    assert (response.status_code, response.json()["error"]["param"]) == (status, param)
    assert up.calls == []


def test_nobody_adds_to_a_session_of_someone_else(gateway: Gateway, server: Server) -> None:
    gateway.post(CHAT, BODY)
    stranger = Client(server, "stranger")
    headers = {**stranger.headers, "x-playground-session": gateway.last.headers["x-playground-session"]}
    response = httpx.post(f"{server.base_url}/v1{CHAT}", json=BODY, headers=headers)
    stranger.close()
    assert (response.status_code, response.json()["error"]["param"]) == (404, "x-playground-session")


def test_models_are_listed_as_openai_lists_them(gateway: Gateway) -> None:
    listed = gateway.http.get("/models").json()
    assert listed["object"] == "list"
    ids = [model["id"] for model in listed["data"]]
    assert "sim/sim-n256-r50-d100" in ids
    assert all(set(model) == {"id", "object", "created", "owned_by"} for model in listed["data"])
    for path in ("/models/sim/sim-n3-r0", "/models/sim%2Fsim-n3-r0", "/models/chat/anything"):
        response = gateway.http.get(path)
        assert response.status_code == 200
        assert response.json()["object"] == "model"
    assert response.json() == {"id": "chat/anything", "object": "model", "created": 0, "owned_by": "chat"}


def test_the_site_behind_the_gateway_still_answers(server: Server) -> None:
    assert httpx.get(f"{server.base_url}/healthz").status_code == 200
    assert httpx.get(f"{server.base_url}/v1").status_code == 404
    assert httpx.get(f"{server.base_url}/api/v1/openapi.json").status_code == 200
