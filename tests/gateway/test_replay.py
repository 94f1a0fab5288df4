"""`model: "replay/RUN_ID"`: a recording asked for at the gateway, by a real client."""

import contextlib
from typing import Any

import httpx
import pytest

from tests.gateway.conftest import Gateway, frames, text_of
from tests.gateway.upstream import Scripted
from tests.providers.faults import DONE, FINISH, Call, answers, streams, token
from tests.server import Client, Follower, Server

TEXTS = ("Hé", "llo", " wörld", "!")
RAW = b"".join([*map(token, TEXTS), FINISH, DONE])


@pytest.fixture
def recorded(gateway: Gateway, up: Scripted) -> str:
    """The id of a run that ended well."""
    up.play(streams(*map(token, TEXTS), FINISH, DONE))
    gateway.stream()
    return str(gateway.run["id"])


def replay(gateway: Gateway, run: str, *faults: str, **fields: Any) -> httpx.Response:
    wish = {"speed": 0, "faults": list(faults), **fields.pop("playground", {})}
    body = {"model": f"replay/{run}", "stream": True, "playground": wish, **fields}
    return gateway.post("/chat/completions", body)


def test_the_bytes_are_those_of_the_upstream(gateway: Gateway, recorded: str) -> None:
    response = replay(gateway, recorded)
    assert response.content == RAW
    assert response.headers["x-playground-run"] == recorded
    assert response.headers["content-type"].startswith("text/event-stream")


def test_nothing_is_recorded(gateway: Gateway, recorded: str) -> None:
    session = gateway.client.run(recorded)["session"]
    before = gateway.client.http.get("/sessions").json()
    assert replay(gateway, recorded).headers["x-playground-session"] == session
    assert gateway.client.http.get("/sessions").json() == before


def test_who_asks_for_no_stream_gets_the_whole_answer(gateway: Gateway, recorded: str) -> None:
    whole = replay(gateway, recorded, stream=False).json()
    assert whole["object"] == "chat.completion"
    assert whole["choices"][0]["message"]["content"] == "".join(TEXTS)


def test_the_legacy_completions_get_the_same_text(gateway: Gateway, recorded: str) -> None:
    assert text_of(gateway.stream(f"replay/{recorded}", "/completions")) == "".join(TEXTS)


def test_headers_wish_as_well_as_fields(gateway: Gateway, recorded: str) -> None:
    body = {"model": f"replay/{recorded}", "stream": True}
    response = gateway.post("/chat/completions", body, x_playground_fault="double@1; no-end", x_playground_speed="8")
    assert text_of(frames(response.content)) == "Héllollo wörld!"
    assert DONE not in response.content


def test_a_cut_breaks_the_connection_off(gateway: Gateway, recorded: str) -> None:
    for run_of in ({"stream": True}, {"stream": False}):
        with pytest.raises(httpx.RemoteProtocolError):
            replay(gateway, recorded, "cut@2", **run_of)
    assert replay(gateway, recorded).content == RAW  # on a new connection


def test_a_cut_before_the_first_chunk_still_has_a_head(gateway: Gateway, recorded: str) -> None:
    body = {"model": f"replay/{recorded}", "stream": True, "playground": {"speed": 0, "faults": ["cut@0"]}}
    with gateway.http.stream("POST", "/chat/completions", json=body) as response:
        assert response.status_code == 200
        with pytest.raises(httpx.RemoteProtocolError):
            response.read()


def test_an_error_comes_in_the_stream(gateway: Gateway, recorded: str) -> None:
    *texts, error = frames(replay(gateway, recorded, "error@2").content)
    assert text_of(texts) == "Héllo"
    assert error["error"]["code"] == "server_error"


def test_the_line_ends_can_be_crlf(gateway: Gateway, recorded: str) -> None:
    assert replay(gateway, recorded, "crlf").content == RAW.replace(b"\n", b"\r\n")


def test_a_split_character_comes_in_two_reads(gateway: Gateway, recorded: str) -> None:
    body = {"model": f"replay/{recorded}", "stream": True, "playground": {"speed": 0, "faults": ["split@0:0.3"]}}
    with gateway.http.stream("POST", "/chat/completions", json=body) as response:
        reads = list(response.iter_raw())
    assert b"".join(reads) == RAW
    assert any(raw.endswith("é".encode()[:1]) for raw in reads)


def test_the_nth_attempt_succeeds(gateway: Gateway, recorded: str) -> None:
    responses = [replay(gateway, recorded, "fail:2:429:3") for _ in range(3)]
    assert [response.status_code for response in responses] == [429, 429, 200]
    assert responses[0].headers["retry-after"] == "3"
    assert responses[0].headers["x-playground-run"] == recorded
    assert responses[0].json()["error"]["type"] == "rate_limit_error"


def test_a_loop_tells_it_again(gateway: Gateway, recorded: str) -> None:
    response = replay(gateway, recorded, playground={"loop": 3})
    assert text_of(frames(response.content)) == "".join(TEXTS) * 3
    assert response.content.count(DONE) == 1


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"speed": "fast"}, "playground.speed"),
        ({"faults": ["explode"]}, "playground.faults"),
        ({"faults": ["cut@99"]}, "playground.faults"),
        ({"seek": "#99"}, "playground.seek"),
        ({"seek": 9999}, "playground.seek"),
    ],
)
def test_a_wrong_wish_is_refused_by_its_field(
    gateway: Gateway, recorded: str, wish: dict[str, Any], field: str
) -> None:
    response = replay(gateway, recorded, playground=wish)
    assert (response.status_code, response.json()["error"]["param"]) == (400, field)


def test_a_refusal_is_replayed(gateway: Gateway, up: Scripted) -> None:
    up.play(answers("400 Bad Request", b'{"error":{"message":"no","type":"t","param":"p","code":"c"}}'))
    gateway.chat()
    response = replay(gateway, gateway.last.headers["x-playground-run"])
    assert response.status_code == 400
    assert response.json() == {"error": {"message": "no", "type": "t", "param": "p", "code": "c"}}


def test_a_lost_connection_is_lost_again(gateway: Gateway, up: Scripted) -> None:
    async def lost(call: Call) -> None:
        await call.chunks(token("Hé"), end=False)
        call.writer.close()

    up.play(lost)
    gateway.stream()
    assert gateway.run["error"]["code"] == "connection_lost"
    with pytest.raises(httpx.RemoteProtocolError):
        replay(gateway, str(gateway.run["id"]))


def test_who_leaves_ends_the_replay(server: Server) -> None:
    client = Client(server, "leaver")
    run = client.post_run()["id"]
    with client.socket() as socket:
        Follower(socket, run).finish()
    wish = {"speed": 0, "faults": ["stall@0:3600"]}
    body = {"model": f"replay/{run}", "stream": True, "playground": wish}
    address = f"{server.base_url}/v1/chat/completions"
    with httpx.Client(headers=client.headers, timeout=30) as http, contextlib.ExitStack() as open_streams:
        for _ in range(32):
            response = open_streams.enter_context(http.stream("POST", address, json=body))
            assert response.status_code == 200
        refused = http.post(address, json=body)
        assert refused.status_code == 429
        assert "32 of your replays" in refused.json()["error"]["message"]
        open_streams.close()
        wish["faults"] = ["crlf"]
        statuses = (http.post(address, json=body).status_code for _ in range(200))
        assert 200 in statuses
    client.close()


def test_what_is_no_recording_of_theirs_is_unknown(gateway: Gateway, server: Server, recorded: str) -> None:
    for name in ("nothing", "019aa000-0000-7000-8000-000000000001", ""):
        response = replay(gateway, name)
        assert (response.status_code, response.json()["error"]["param"]) == (404, "model")
    stranger = Client(server, "stranger")
    body = {"model": f"replay/{recorded}"}
    response = httpx.post(f"{server.base_url}/v1/chat/completions", headers=stranger.headers, json=body)
    stranger.close()
    assert response.status_code == 404


def test_a_live_run_is_not_replayed_yet(gateway: Gateway, api_client: Client) -> None:
    run = api_client.post_run("sim/sim-n1000-r1")["id"]
    response = replay(gateway, run)
    api_client.http.post(f"/runs/{run}/cancel")
    assert response.status_code == 409
    assert "still being recorded" in response.json()["error"]["message"]


def test_what_was_not_recorded_cannot_be_replayed(gateway: Gateway, api_client: Client) -> None:
    run = api_client.post_run(record=False)["id"]
    with api_client.socket() as socket:
        Follower(socket, run).finish()
    response = replay(gateway, run)
    assert response.status_code == 409
    assert "was not recorded" in response.json()["error"]["message"]
