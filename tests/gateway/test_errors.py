"""What goes wrong is told as OpenAI's API tells it: by a status before the first token, in the stream after it."""

import threading
from typing import Any

import httpx
import orjson
import pytest

from tests.gateway.conftest import HELLO, Gateway, frames
from tests.gateway.upstream import Scripted, hold
from tests.providers.faults import DONE, STREAM_HEAD, Call, Script, answers, streams, token
from tests.server import Server

CHAT = "/chat/completions"
NUL = [{"role": "user", "content": "a\0b"}]
BLANK = [{"role": "user", "content": " "}]


def error_of(response: httpx.Response) -> dict[str, Any]:
    assert response.headers["content-type"] == "application/json"
    error: dict[str, Any] = response.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert error["message"].rstrip("”").endswith((".", "…"))
    return error


def says(**error: str) -> bytes:
    return orjson.dumps({"error": error})


@pytest.mark.parametrize(
    ("path", "body", "status", "code", "param"),
    [
        (CHAT, {"messages": HELLO}, 400, "invalid_request", "model"),
        (CHAT, {"model": 5, "messages": HELLO}, 400, "invalid_request", "model"),
        (CHAT, {"model": "nowhere/x", "messages": HELLO}, 404, "model_not_found", "model"),
        (CHAT, {"model": "sim/nonsense", "messages": HELLO}, 404, "model_not_found", "model"),
        (CHAT, {"model": "sim/sim-n3-r0"}, 400, "invalid_value", "messages"),
        (CHAT, {"model": "sim/sim-n3-r0", "messages": []}, 400, "invalid_value", "messages"),
        (CHAT, {"model": "sim/sim-n3-r0", "messages": ["x"]}, 400, "invalid_value", "messages[0]"),
        (CHAT, {"model": "sim/sim-n3-r0", "messages": [{"role": "x"}]}, 400, "invalid_value", "messages[0].role"),
        (
            CHAT,
            {"model": "sim/sim-n3-r0", "messages": [{"role": "user", "content": [{"type": "image_url"}]}]},
            400,
            "invalid_value",
            "messages[0].content[0]",
        ),
        (CHAT, {"model": "sim/sim-n3-r0", "messages": BLANK}, 400, "invalid_value", "messages"),
        (CHAT, {"model": "sim/sim-n3-r0", "messages": NUL}, 400, "invalid_request", None),
        (CHAT, {"model": "sim/sim-n3-r0", "messages": HELLO, "temperature": 9}, 400, "invalid_value", "temperature"),
        (CHAT, {"model": "sim/sim-n3-r0", "messages": HELLO, "stream": "yes"}, 400, "invalid_value", "stream"),
        (CHAT, {"model": "replay/nonsense", "messages": HELLO}, 404, None, "model"),
        ("/completions", {"model": "sim/sim-n3-r0"}, 400, "invalid_value", "prompt"),
        ("/completions", {"model": "sim/sim-n3-r0", "prompt": [[1, 2]]}, 400, "invalid_value", "prompt"),
        ("/completions", {"model": "sim/sim-n3-r0", "prompt": ["x"] * 21}, 400, "invalid_value", "prompt"),
        ("/completions", {"model": "sim/sim-n3-r0", "prompt": "x", "logprobs": True}, 400, "invalid_value", "logprobs"),
        ("/responses", {"model": "sim/sim-n3-r0", "input": "x"}, 400, "invalid_request", "model"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_call(
    gateway: Gateway, path: str, body: dict[str, Any], status: int, code: str | None, param: str | None
) -> None:
    response = gateway.post(path, body)
    assert response.status_code == status, response.text
    error = error_of(response)
    assert error["param"] == param
    assert code is None or (error["type"], error["code"]) == ("invalid_request_error", code)
    assert "x-playground-run" not in response.headers


DEEP = b'{"model": "sim/sim-n3-r0", "messages": [{"role": "user", "content": "x", "tool_calls": %b}]}'


@pytest.mark.parametrize(
    "content", [b"{broken", b"[]", b'"x"', b"", b'{"model": "\\ud83d"}', DEEP % (b"[" * 300 + b"]" * 300)]
)
def test_a_body_that_is_no_object(gateway: Gateway, content: bytes) -> None:
    response = gateway.http.post(CHAT, content=content)
    assert (response.status_code, error_of(response)["code"]) == (400, "invalid_request")


def test_a_body_that_is_too_large(gateway: Gateway) -> None:
    response = gateway.http.post(CHAT, content=b" " * (4 * 1024 * 1024 + 1))
    assert (response.status_code, error_of(response)["code"]) == (413, "request_too_large")


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", CHAT, 405, "method_not_allowed"),
        ("OPTIONS", CHAT, 405, "method_not_allowed"),
        ("POST", "/models", 405, "method_not_allowed"),
        ("POST", "/embeddings", 404, "not_found"),
        ("GET", "/", 404, "not_found"),
        ("GET", "/models/nowhere/x", 404, "not_found"),
    ],
)
def test_addresses_that_there_are_not(gateway: Gateway, method: str, path: str, status: int, code: str) -> None:
    response = gateway.http.request(method, path)
    assert (response.status_code, error_of(response)["code"]) == (status, code)
    assert not any(name.startswith("access-control-") for name in response.headers)


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer spg_nonsense"}, {"Authorization": "Basic eDp5"}])
@pytest.mark.parametrize(("method", "path"), [("POST", CHAT), ("GET", "/models"), ("GET", "/models/sim/sim-n3-r0")])
def test_without_a_valid_token_there_is_nothing(
    server: Server, headers: dict[str, str], method: str, path: str
) -> None:
    response = httpx.request(method, f"{server.base_url}/v1{path}", headers=headers, content=b"{broken")
    assert (response.status_code, error_of(response)["code"]) == (401, "invalid_api_key")
    assert response.headers["www-authenticate"] == "Bearer"


def test_a_host_that_is_not_ours_is_refused(gateway: Gateway) -> None:
    response = gateway.http.get("/models", headers={"Host": "evil.example"})
    assert (response.status_code, error_of(response)["code"]) == (400, "invalid_request")


@pytest.mark.parametrize("is_streamed", [True, False])
@pytest.mark.parametrize(
    ("script", "status", "kind", "code"),
    [
        (answers("401 No", says(message="bad key")), 401, "authentication_error", "not_authenticated"),
        (answers("403 No", says(message="no")), 403, "permission_error", "not_permitted"),
        (answers("404 No", says(message="no")), 404, "invalid_request_error", "model_not_found"),
        (answers("400 No", says(message="too long", code="context_length_exceeded")), 400, "invalid_request_error",
         "context_length_exceeded"),
        (answers("402 No", says(message="pay")), 429, "insufficient_quota", "insufficient_quota"),
        (answers("501 No", says(message="no")), 501, "server_error", "server_failed"),
        (answers("200 OK", b"<html>hello</html>"), 502, "server_error", "not_a_model_answer"),
        (streams(b'data: {"error":{"message":"no","code":"content_filter"}}\n\n'), 400, "invalid_request_error",
         "content_filter"),
    ],
)  # fmt: skip
def test_what_an_upstream_refuses_keeps_its_status(
    gateway: Gateway, up: Scripted, script: Script, status: int, kind: str, code: str, *, is_streamed: bool
) -> None:
    up.play(script)
    gateway.chat(stream=is_streamed)
    error = error_of(gateway.last)
    assert (gateway.last.status_code, error["type"], error["code"]) == (status, kind, code)
    assert gateway.run["status"] in ("failed", "filtered")
    assert error["message"] == gateway.run["error"]["message"]
    assert gateway.last.headers["x-playground-session"] == gateway.run["session"]
    assert gateway.last.headers["x-request-id"] == gateway.run["id"]


def test_the_field_that_an_upstream_names_is_named(gateway: Gateway) -> None:
    body = {"model": "sim/sim-n3-r0", "messages": HELLO, "stream": True, "sim": {"fault": "eof", "at": -1}}
    response = gateway.post(CHAT, body)
    assert response.status_code == 400
    assert error_of(response)["param"] == "sim.at"


def test_a_rate_limit_says_when_to_come_back(gateway: Gateway, up: Scripted) -> None:
    up.play(answers("429 Slow", says(message="slow down"), Retry_After="1000"))
    gateway.chat(stream=True)
    assert (gateway.last.status_code, error_of(gateway.last)["code"]) == (429, "rate_limit_exceeded")
    assert gateway.last.headers["retry-after"] == "1000"
    assert len(up.calls) == 1


def test_an_upstream_that_is_not_there(gateway: Gateway, server: Server) -> None:
    add = ("--dialect", "openai-chat", "--base-url", "http://127.0.0.1:9/v1", "--allow-private")
    server.manage("connection", "add", "nobody", *add)
    gateway.chat("nobody/m", stream=True)
    assert (gateway.last.status_code, error_of(gateway.last)["code"]) == (502, "connection_refused")
    assert gateway.last.headers["x-should-retry"] == "false"  # it was tried three times already


async def _dies(call: Call) -> None:
    await call.send(STREAM_HEAD + b"%x\r\n%s\r\n" % (len(token("Hi")), token("Hi")))
    call.reset()


@pytest.mark.parametrize(
    ("script", "code"),
    [
        (_dies, "connection_lost"),
        (streams(token("Hi")), "no_end_marker"),
        (streams(token("Hi"), b'data: {"error":{"message":"broke","type":"server_error"}}\n\n', DONE), "server_failed"),
        (streams(token("Hi"), b"data: {nonsense\n\n", DONE), "malformed_answer"),
        (streams(token("Hi"), b'data: {"usage":{"a":%b}}\n\n' % (b"[" * 300 + b"]" * 300), DONE), "malformed_answer"),
    ],
)
@pytest.mark.parametrize(("model", "path"), [("chat/m", CHAT), ("chat/m", "/completions")])
def test_what_breaks_after_the_first_token_is_told_in_the_stream(
    gateway: Gateway, up: Scripted, script: Script, code: str, model: str, path: str
) -> None:
    up.play(script)
    *before, last = gateway.stream(model, path)
    assert [one for one in before if "error" in one] == []
    assert "Hi" in str(before)
    assert last["error"]["code"] == code
    assert last["error"]["message"] == gateway.run["error"]["message"]
    assert gateway.run["text"] == "Hi"


def test_who_stops_the_run_on_the_page_ends_the_stream_with_an_error(gateway: Gateway, up: Scripted) -> None:
    up.play(hold(token("Hi")))
    body = {"model": "chat/m", "messages": HELLO, "stream": True}
    with gateway.http.stream("POST", CHAT, json=body) as response:
        pieces = response.iter_bytes()
        got = next(pieces)
        run = response.headers["x-playground-run"]
        assert gateway.client.http.post(f"/runs/{run}/cancel").status_code == 202
        got += b"".join(pieces)
    assert frames(got)[-1]["error"]["code"] == "cancelled"
    assert gateway.client.run(run)["status"] == "cancelled"
    up.wait_gone(up.calls[0])


def test_who_stops_the_run_before_its_first_token_gets_a_status(gateway: Gateway, up: Scripted) -> None:
    asked = threading.Event()

    async def waits(call: Call) -> None:
        asked.set()
        await call.wait_gone()

    up.play(waits)
    caller = threading.Thread(target=gateway.chat, kwargs={"stream": True}, name="caller")
    caller.start()
    assert asked.wait(20)
    newest = gateway.client.http.get("/sessions").json()["sessions"][0]
    (turn,) = gateway.client.http.get(f"/sessions/{newest['id']}").json()["turns"]
    assert gateway.client.http.post(f"/runs/{turn['runs'][0]['id']}/cancel").status_code == 202
    caller.join(20)
    assert (gateway.last.status_code, error_of(gateway.last)["code"]) == (499, "cancelled")
    assert gateway.last.headers["x-should-retry"] == "false"
    assert gateway.run["status"] == "cancelled"
