"""`/api/v1/runs`, over HTTP to a real server."""

import json
from uuid import uuid4

import httpx
import pytest

from tests.server import Client, Follower, Server


def error_of(response: httpx.Response) -> dict[str, str]:
    error: dict[str, str] = response.json()["error"]
    assert set(error) <= {"code", "message", "field"}
    assert error["message"].endswith((".", "…"))
    return error


def finish(client: Client, run_id: str) -> str:
    with client.socket() as socket:
        return Follower(socket, run_id).finish()


def test_a_run_starts_and_can_be_read(api_client: Client) -> None:
    run = api_client.post_run("sim/sim-n12-r0", "Hello", params={"temperature": 0.5, "seed": 1})
    assert set(run) == {"id", "status", "url", "session"}
    assert run["url"].startswith(f"{api_client.server.base_url}/runs/{run['id']}")
    text = finish(api_client, run["id"])
    body = api_client.run(run["id"])
    assert set(body) >= {
        "id", "status", "model", "text", "finish_reason", "error", "attempts", "usage", "metrics", "session", "url",
    }  # fmt: skip
    assert (body["status"], body["text"], body["error"], body["attempts"]) == ("completed", text, None, 1)
    assert body["metrics"]["chunks"] == 12
    assert body["metrics"]["ttft_ms"] >= 0
    assert body["usage"]["completion_tokens"] == 12


def test_a_live_run_can_be_read(api_client: Client) -> None:
    run = api_client.post_run("sim/sim-n500-r50-d0")
    with api_client.socket() as socket:
        Follower(socket, run["id"]).until(8)
    body = api_client.run(run["id"])
    assert body["status"] == "streaming"
    assert body["text"]
    assert body["attempts"] == 1
    assert api_client.http.post(f"/runs/{run['id']}/cancel").status_code == 202
    assert finish(api_client, run["id"])
    assert api_client.http.post(f"/runs/{run['id']}/cancel").json() == {"id": run["id"], "status": "cancelled"}


def test_events_come_as_json_lines_after_a_seq(api_client: Client) -> None:
    run = api_client.post_run("sim/sim-n5-r0")
    finish(api_client, run["id"])
    events = api_client.events(run["id"])
    assert [event["seq"] for event in events] == list(range(len(events)))
    assert api_client.events(run["id"], after=3) == events[4:]
    assert api_client.events(run["id"], after=10_000) == []
    response = api_client.http.get(f"/runs/{run['id']}/events")
    assert response.headers["content-type"] == "application/x-ndjson"


def test_messages_are_sent_as_they_are_and_a_session_goes_on(api_client: Client) -> None:
    first = api_client.post_run("sim/sim-n3-r0", "one")
    finish(api_client, first["id"])
    messages = [{"role": "system", "content": "s"}, {"role": "user", "content": [{"type": "text", "text": "two"}]}]
    response = api_client.http.post(
        "/runs", json={"model": "sim/sim-n3-r0", "messages": messages, "session": first["session"]}
    )
    assert response.status_code == 201
    second = response.json()
    assert second["session"] == first["session"]
    finish(api_client, second["id"])
    turns = api_client.http.get(f"/sessions/{first['session']}").json()["turns"]
    assert [(turn["prompt"], turn["system"]) for turn in turns] == [("one", ""), ("two", "s")]
    assert [turn["runs"][0]["id"] for turn in turns] == [first["id"], second["id"]]


def test_the_same_idempotency_key_is_the_same_run(api_client: Client) -> None:
    headers = {"Idempotency-Key": f"key-{uuid4()}"}
    body = {"model": "sim/sim-n3-r0", "prompt": "once"}
    first, again = (api_client.http.post("/runs", json=body, headers=headers) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json()["id"] == again.json()["id"]
    other = api_client.http.post("/runs", json={**body, "prompt": "twice"}, headers=headers)
    assert other.status_code == 409
    assert error_of(other)["field"] == "Idempotency-Key"


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"model": "nowhere/x", "prompt": "hi"}, 422, "model"),
        ({"model": "sim", "prompt": "hi"}, 422, "model"),
        ({"model": "sim/nonsense", "prompt": "hi"}, 422, "model"),
        ({"prompt": "hi"}, 422, "model"),
        ({"model": "sim/sim-n3-r0"}, 422, "prompt"),
        ({"model": "sim/sim-n3-r0", "prompt": "   \n"}, 422, "prompt"),
        ({"model": "sim/sim-n3-r0", "prompt": "a\0b"}, 422, "prompt"),
        ({"model": "sim/sim-n3-r0", "prompt": "x" * 1_000_000}, 422, "prompt"),
        ({"model": "sim/sim-n3-r0", "prompt": "hi", "messages": []}, 422, "prompt"),
        ({"model": "sim/sim-n3-r0", "messages": []}, 422, "messages"),
        ({"model": "sim/sim-n3-r0", "prompt": "half \ud83d"}, 422, "prompt"),
        ({"model": "sim/sim-n3-r0", "messages": [{"role": "user", "content": "\ud83d"}]}, 422, "messages"),
        ({"model": "sim/sim-n3-r0", "prompt": "hi", "params": {"stop": ["\ud83d"]}}, 422, "stop"),
        ({"model": "sim/sim-n3-r0", "prompt": "hi", "temperature": 0}, 422, "temperature"),
        ({"model": "sim/sim-n3-r0", "messages": [{"role": "robot", "content": "x"}]}, 422, "messages.0.role"),
        (
            {"model": "sim/sim-n3-r0", "messages": [{"role": "user", "content": [{"type": "image_url"}]}]},
            422,
            "messages.0.content[0]",
        ),
        ({"model": "sim/sim-n3-r0", "prompt": "hi", "params": {"temperature": 9}}, 422, "temperature"),
        ({"model": "sim/sim-n3-r0", "prompt": "hi", "params": {"heat": 1}}, 422, "heat"),
        ({"model": "sim/sim-n3-r0", "prompt": "hi", "session": str(uuid4())}, 422, "session"),
        ({"model": "sim/sim-n3-r0", "prompt": "hi", "session": "nonsense"}, 422, "session"),
    ],
)
def test_bad_input_names_its_field(api_client: Client, body: dict[str, object], status: int, field: str) -> None:
    headers = {"Content-Type": "application/json"}
    response = api_client.http.post("/runs", content=json.dumps(body), headers=headers)
    assert response.status_code == status
    assert error_of(response).get("field") == field


def test_broken_json_is_told(api_client: Client) -> None:
    response = api_client.http.post("/runs", content=b"{broken", headers={"Content-Type": "application/json"})
    assert response.status_code == 400
    assert error_of(response)["code"] == "bad_request"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/runs/{id}"),
        ("GET", "/runs/{id}/events"),
        ("POST", "/runs/{id}/cancel"),
        ("GET", "/sessions/{session}"),
        ("GET", "/sessions"),
        ("GET", "/models"),
        ("POST", "/runs"),
    ],
)
def test_who_is_not_the_owner_gets_nothing(api_client: Client, server: Server, method: str, path: str) -> None:
    run = api_client.post_run("sim/sim-n3-r0")
    path = path.format(id=run["id"], session=run["session"])
    for headers in ({}, {"Authorization": "Bearer spg_nonsense"}, {"Authorization": "Basic eDp5"}):
        response = httpx.request(method, f"{server.base_url}/api/v1{path}", headers=headers)
        assert response.status_code == 401
        assert error_of(response)["code"] == "not_signed_in"
    if run["id"] in path or run["session"] in path:
        stranger = Client(server, "stranger")
        response = stranger.http.request(method, path)
        stranger.close()
        assert response.status_code == 404
        assert error_of(response)["code"] == "not_found"


def test_a_session_of_someone_else_cannot_be_added_to(api_client: Client, server: Server) -> None:
    run = api_client.post_run("sim/sim-n3-r0")
    stranger = Client(server, "stranger")
    response = stranger.http.post(
        "/runs", json={"model": "sim/sim-n3-r0", "prompt": "mine now", "session": run["session"]}
    )
    stranger.close()
    assert response.status_code == 422
    assert error_of(response)["field"] == "session"


def test_sessions_are_listed_and_searched(api_client: Client) -> None:
    for word in ("zebra", "giraffe"):
        finish(api_client, api_client.post_run("sim/sim-n3-r0", f"Tell me of a {word} {uuid4()}")["id"])
    found = api_client.http.get("/sessions", params={"q": "giraffe"}).json()
    assert found["sessions"]
    assert all("giraffe" in session["title"] for session in found["sessions"])
    assert api_client.http.get("/sessions", params={"q": "no such thing"}).json() == {"sessions": [], "next": None}
    wrong = api_client.http.get("/sessions", params={"since": "yesterday"})
    assert wrong.status_code == 422
    assert error_of(wrong)["field"] == "since"


def test_models_are_listed(api_client: Client) -> None:
    models = {model["id"]: model for model in api_client.http.get("/models").json()["models"]}
    assert models["local/smollm2-135m"]["simulated"] is False
    assert any(model["simulated"] for model in models.values())


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nope", 404, "not_found"),
        ("GET", "/runs/nonsense", 404, "not_found"),
        ("DELETE", "/models", 405, "method_not_allowed"),
    ],
)
def test_what_is_not_there_is_told_in_the_apis_shape(
    api_client: Client, method: str, path: str, status: int, code: str
) -> None:
    response = api_client.http.request(method, path)
    assert response.status_code == status
    assert error_of(response)["code"] == code


def test_the_api_describes_itself(server: Server) -> None:
    paths = httpx.get(f"{server.base_url}/api/v1/openapi.json").json()["paths"]
    assert {"/api/v1/runs", "/api/v1/runs/{run_id}", "/api/v1/runs/{run_id}/events", "/api/v1/sessions"} <= set(paths)


def test_events_can_be_filtered_as_langchain_s(api_client: Client) -> None:
    run = api_client.post_run("sim/sim-n4-r0")
    finish(api_client, run["id"])
    events = api_client.events(run["id"])

    assert api_client.events(run["id"], include_types=["tool", "chat_model"]) == events
    assert api_client.events(run["id"], include_types="tool") == []
    assert api_client.events(run["id"], exclude_names=["sim/sim-n4-r0"], after=2) == []
    misspelt = api_client.http.get(f"/runs/{run['id']}/events", params={"include_typs": "tool"})
    assert (misspelt.status_code, misspelt.json()["error"]["field"]) == (422, "include_typs")
    assert "include_types" in misspelt.json()["error"]["message"]


def test_a_stopped_run_is_continued_and_retried(api_client: Client) -> None:
    first = api_client.post_run("sim/sim-n400-r100-d0", "Count.")
    with api_client.socket() as socket:
        follower = Follower(socket, first["id"])
        follower.until(8)
        assert api_client.http.post(f"/runs/{first['id']}/continue").status_code == 409  # it still streams
        api_client.http.post(f"/runs/{first['id']}/cancel")
        part = follower.finish()
    headers = {"Idempotency-Key": f"key-{uuid4()}"}
    answers = [api_client.http.post(f"/runs/{first['id']}/continue", headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    second = answers[0].json()
    assert second == {**answers[1].json(), "status": second["status"]}
    assert second["session"] == first["session"]
    assert api_client.http.post(f"/runs/{first['id']}/retry", headers=headers).status_code == 409
    assert api_client.http.post(f"/runs/{first['id']}/continue").status_code == 409  # from another tab
    rest = finish(api_client, second["id"])
    assert api_client.http.post(f"/runs/{first['id']}/continue").status_code == 409
    body = api_client.run(second["id"])
    assert (body["continues"], body["retries"], body["text"]) == (first["id"], None, rest)
    notices = [event["data"] for event in api_client.events(second["id"]) if event["kind"] == "notice"]
    assert [(notice["code"], notice["characters"]) for notice in notices] == [("continues", len(part))]
    whole = api_client.post_run("sim/sim-n400-r0-d0", "Count.")
    assert finish(api_client, whole["id"]) == part + rest
    again = api_client.http.post(f"/runs/{first['id']}/retry").json()
    assert finish(api_client, again["id"]) == part + rest
    assert api_client.run(again["id"])["retries"] == first["id"]
    done = api_client.http.post(f"/runs/{again['id']}/continue")
    assert (done.status_code, error_of(done)["code"]) == (409, "conflict")
