"""The mock server, asked by a real client over a real socket."""

from collections.abc import AsyncIterator, Mapping

import httpx
import orjson
import pytest

from playground.mock.answer import Recording
from playground.mock.options import AS_RECORDED, with_options
from playground.mock.server import MockServer
from playground.providers.endpoint import Endpoint
from playground.providers.http import UpstreamClient
from playground.providers.request import GenerationRequest, Message
from playground.providers.stream import stream_run
from playground.recording.log import EventLog
from playground.recording.status import RunStatus
from tests.mock.recordings import TEXTS, chat, chat_frames

RAW = b"".join(chat_frames())
OTHER = "019aa000-0000-7000-8000-000000000002"


@pytest.fixture
async def mock() -> AsyncIterator[MockServer]:
    async with MockServer([chat(), chat(["two"], run_id=OTHER)], with_options(AS_RECORDED, {"speed": 0})) as server:
        yield server


@pytest.fixture
async def client(mock: MockServer) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=mock.base_url, timeout=20) as client:
        yield client


def body(*faults: str, **fields: object) -> dict[str, object]:
    run = chat().id
    return {"model": f"replay/{run}", "stream": True, "playground": {"faults": list(faults)}, **fields}


async def lines(client: httpx.AsyncClient, *faults: str) -> bytes:
    response = await client.post("/chat/completions", json=body(*faults))
    assert response.status_code == 200
    return response.content


async def test_bytes_are_those_that_were_recorded(client: httpx.AsyncClient) -> None:
    assert await lines(client) == RAW


async def test_recordings_are_models(client: httpx.AsyncClient) -> None:
    models = (await client.get("/models")).json()["data"]
    assert [model["id"] for model in models] == [f"replay/{chat().id}", f"replay/{OTHER}"]
    response = await client.post("/chat/completions", json=body(model=OTHER))
    assert b"two" in response.content
    response = await client.post("/chat/completions", json=body(model="gpt-5"))
    assert (response.status_code, response.json()["error"]["param"]) == (404, "model")
    assert (await client.put("/models")).status_code == 405


async def test_one_recording_is_every_model() -> None:
    async with MockServer([chat()], with_options(AS_RECORDED, {"speed": 0})) as mock, httpx.AsyncClient() as client:
        response = await client.post(f"{mock.base_url}/chat/completions", json={"model": "gpt-5", "stream": True})
        assert response.content == RAW
        assert (await client.post(mock.base_url + "/anything", content=b"\xff")).content == RAW


async def test_a_whole_answer_has_its_length_of_one_piece(client: httpx.AsyncClient) -> None:
    response = await client.post("/chat/completions", json=body(stream=False))
    assert response.json()["choices"][0]["message"]["content"] == "".join(TEXTS)


async def test_a_cut_breaks_the_connection_off(client: httpx.AsyncClient) -> None:
    got: list[bytes] = []
    with pytest.raises(httpx.RemoteProtocolError):
        await _collect(client, got)
    assert b"".join(got) == b"".join(chat_frames()[:3])
    with pytest.raises(httpx.RemoteProtocolError):
        await client.post("/chat/completions", json=body("cut@2", stream=False))


async def _collect(client: httpx.AsyncClient, got: list[bytes]) -> None:
    async with client.stream("POST", "/chat/completions", json=body("cut@2")) as response:
        async for raw in response.aiter_raw():
            got += [raw]


async def test_an_answer_is_refused_with_a_status(client: httpx.AsyncClient) -> None:
    response = await client.post("/chat/completions", json=body("429:3"))
    assert (response.status_code, response.headers["retry-after"]) == (429, "3")
    assert response.json()["error"]["type"] == "rate_limit_error"


async def test_the_nth_attempt_succeeds(client: httpx.AsyncClient) -> None:
    async def ask(key: str) -> int:
        headers = {"x-playground-attempts-key": key, "x-playground-fault": "fail:2:500"}
        fields = {"model": OTHER, "stream": True}
        return (await client.post("/chat/completions", json=fields, headers=headers)).status_code

    assert [await ask("a") for _ in range(4)] == [500, 500, 200, 500]
    assert await ask("b") == 500


async def test_a_wish_that_is_wrong_is_refused_by_its_field(client: httpx.AsyncClient) -> None:
    for fault in ("explode", "cut@99"):
        response = await client.post("/chat/completions", json=body(fault))
        assert response.status_code == 400
        assert response.json()["error"]["param"].endswith("faults")
    response = await client.post("/messages", json=body())
    assert (response.status_code, response.json()["type"]) == (404, "error")


async def test_a_split_comes_in_two_reads(client: httpx.AsyncClient) -> None:
    reads: list[bytes] = []
    async with client.stream("POST", "/chat/completions", json=body("split@3:0.3")) as response:
        reads += [raw async for raw in response.aiter_raw()]
    assert b"".join(reads) == RAW
    assert any(raw.endswith(b"\xf0") for raw in reads)


async def test_a_client_that_leaves_ends_its_answer(mock: MockServer, client: httpx.AsyncClient) -> None:
    fields = body("stall@1:3600")
    async with client.stream("POST", "/chat/completions", json=fields) as response:
        async for _raw in response.aiter_raw():
            break
        assert mock.live == 1
    for _ in range(100):  # each answer is one more turn of the server's loop
        await client.get("/models")
        if mock.live == 0:
            break
    assert mock.live == 0


def endpoint_of(mock: MockServer, headers: Mapping[str, str] | None = None) -> Endpoint:
    return Endpoint(dialect="openai-chat", base_url=mock.base_url, headers=headers or {}, allow_private=True)


@pytest.mark.parametrize(
    ("faults", "status", "code", "text"),
    [
        ([], RunStatus.COMPLETED, None, "".join(TEXTS)),
        (["crlf"], RunStatus.COMPLETED, None, "".join(TEXTS)),
        (["split@0"], RunStatus.COMPLETED, None, "".join(TEXTS)),
        (["double@1"], RunStatus.COMPLETED, None, "".join([*TEXTS[:2], *TEXTS[1:]])),
        (["no-end"], RunStatus.TRUNCATED, "no_end_marker", "".join(TEXTS)),
        (["cut@2"], RunStatus.TRUNCATED, "connection_lost", "".join(TEXTS[:2])),
        (["error@3"], RunStatus.FAILED, "server_failed", "".join(TEXTS[:3])),
        (["529"], RunStatus.FAILED, "overloaded", ""),
    ],
)
async def test_our_own_client_sees_what_went_wrong(
    mock: MockServer, http: UpstreamClient, faults: list[str], status: RunStatus, code: str | None, text: str
) -> None:
    endpoint = endpoint_of(mock, {"x-playground-fault": ";".join(faults)})
    log = EventLog()
    request = GenerationRequest(model=chat().id, messages=(Message("user", "Hi"),))
    outcome = await stream_run(endpoint, request, log, http=http, sleep=_at_once)
    assert outcome.status is status
    assert (outcome.error.code if outcome.error else None) == code
    assert "".join(event.data for event in log.events if event.kind == "chunk" and isinstance(event.data, str)) == text


async def _at_once(seconds: float) -> None:
    """No wait between attempts."""


async def test_a_recording_of_the_mock_is_the_recording(mock: MockServer, http: UpstreamClient) -> None:
    log = EventLog()
    log.emit("run.started", {"model": "mock/m", "dialect": "openai-chat"})
    request = GenerationRequest(model=OTHER, messages=(Message("user", "Hi"),))
    await stream_run(endpoint_of(mock), request, log, http=http)
    assert b"".join(read.raw for read in log.reads) == b"".join(chat_frames(["two"]))
    again = Recording("x", "m", log.events, log.reads)
    async with MockServer([again]) as second, httpx.AsyncClient() as client:
        response = await client.post(f"{second.base_url}/chat/completions", json={"stream": True})
        assert response.content == b"".join(chat_frames(["two"]))
        assert orjson.loads(response.content.splitlines()[0][6:])["object"] == "chat.completion.chunk"
