"""The simulator over a real socket, asked by an ordinary HTTP client."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from playground.providers.simulator import Simulator

FAST = "sim-en-n6-r0-d0"


@pytest.fixture
async def sim() -> AsyncIterator[Simulator]:
    async with Simulator() as simulator:
        yield simulator


@pytest.fixture
async def client(sim: Simulator) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=sim.base_url) as http:
        yield http


async def chat(client: httpx.AsyncClient, model: str = FAST, prompt: str = "Hi", **fields: Any) -> httpx.Response:
    body = {"model": model, "messages": [{"role": "user", "content": prompt}]} | fields
    return await client.post("/chat/completions", json=body)


async def complete(client: httpx.AsyncClient, model: str = FAST, prompt: str = "Hi", **fields: Any) -> httpx.Response:
    return await client.post("/completions", json={"model": model, "prompt": prompt, **fields})


def events(response: httpx.Response) -> list[Any]:
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
    *data, end = response.content.split(b"\n\n")
    assert end == b""
    assert data.pop() == b"data: [DONE]"
    return [json.loads(item.removeprefix(b"data: ")) for item in data]


async def test_a_chat_streams_in_openais_shapes(client: httpx.AsyncClient) -> None:
    opening, *tokens, closing = events(await chat(client, stream=True))
    assert opening["choices"] == [
        {
            "index": 0,
            "delta": {"role": "assistant", "content": "", "refusal": None},
            "logprobs": None,
            "finish_reason": None,
        }
    ]
    assert len(tokens) == 6
    assert tokens[0].keys() == {"id", "object", "created", "model", "system_fingerprint", "choices"}
    assert {token["object"] for token in tokens} == {"chat.completion.chunk"}
    assert {token["model"] for token in tokens} == {FAST}
    assert {token["id"] for token in tokens} == {opening["id"]}
    assert closing["choices"] == [{"index": 0, "delta": {}, "logprobs": None, "finish_reason": "stop"}]
    whole = (await chat(client)).json()
    assert whole["object"] == "chat.completion"
    assert whole["choices"][0]["message"]["content"] == "".join(t["choices"][0]["delta"]["content"] for t in tokens)
    assert whole["usage"] == {"prompt_tokens": 1, "completion_tokens": 6, "total_tokens": 7}


async def test_a_completion_streams_in_openais_shapes(client: httpx.AsyncClient) -> None:
    *tokens, closing = events(await complete(client, stream=True))
    assert {token["object"] for token in tokens} == {"text_completion"}
    assert closing["choices"] == [{"index": 0, "text": "", "logprobs": None, "finish_reason": "stop"}]
    whole = (await complete(client)).json()
    assert whole["choices"][0]["text"] == "".join(token["choices"][0]["text"] for token in tokens)
    assert whole["choices"][0]["finish_reason"] == "stop"


async def test_usage_comes_last_and_only_when_asked_for(client: httpx.AsyncClient) -> None:
    options = {"include_usage": True}
    for ask in (chat, complete):
        *chunks, last = events(await ask(client, stream=True, stream_options=options))
        assert last["choices"] == []
        assert last["usage"]["completion_tokens"] == 6
        assert all(chunk["usage"] is None for chunk in chunks)
        assert not any("usage" in chunk for chunk in events(await ask(client, stream=True)))


async def test_the_same_request_gives_the_same_tokens_another_seed_others(client: httpx.AsyncClient) -> None:
    async def text(**fields: Any) -> str:
        content = (await chat(client, "sim-n40-r0-d0", **fields)).json()["choices"][0]["message"]["content"]
        assert isinstance(content, str)
        return content

    assert await text(seed=1) == await text(seed=1)
    assert len({await text(seed=seed) for seed in range(8)}) > 1


async def test_max_tokens_and_stop_end_an_answer(client: httpx.AsyncClient) -> None:
    full = (await complete(client, "sim-en-n100-r0-d0")).json()["choices"][0]["text"]
    for name in ("max_tokens", "max_completion_tokens"):
        short = (await complete(client, "sim-en-n100-r0-d0", **{name: 7})).json()
        assert short["choices"][0]["finish_reason"] == "length"
        assert short["usage"]["completion_tokens"] == 7
        assert full.startswith(short["choices"][0]["text"])
    word = full.split()[4]
    stopped = events(await complete(client, "sim-en-n100-r0-d0", stop=word, stream=True))
    assert "".join(event["choices"][0]["text"] for event in stopped) == full[: full.index(word)]
    assert stopped[-1]["choices"][0]["finish_reason"] == "stop"


async def test_logprobs_of_chats(client: httpx.AsyncClient) -> None:
    _, token, *_ = events(await chat(client, stream=True, logprobs=True, top_logprobs=2))
    (entry,) = token["choices"][0]["logprobs"]["content"]
    assert entry["token"] == token["choices"][0]["delta"]["content"]
    assert bytes(entry["bytes"]).decode() == entry["token"]
    assert entry["logprob"] <= 0
    assert [top["logprob"] for top in entry["top_logprobs"]] == [entry["logprob"], entry["logprob"] - 0.75]
    whole = (await chat(client, logprobs=True)).json()["choices"][0]
    assert "".join(item["token"] for item in whole["logprobs"]["content"]) == whole["message"]["content"]


async def test_logprobs_of_completions(client: httpx.AsyncClient) -> None:
    whole = (await complete(client, logprobs=1)).json()["choices"][0]
    logprobs = whole["logprobs"]
    for token, offset in zip(logprobs["tokens"], logprobs["text_offset"], strict=True):
        assert whole["text"][offset:].startswith(token)
    assert len(logprobs["token_logprobs"]) == len(logprobs["top_logprobs"]) == 6
    streamed = events(await complete(client, logprobs=1, stream=True))
    offsets = [event["choices"][0]["logprobs"]["text_offset"] for event in streamed[:-1]]
    assert offsets == [[offset] for offset in logprobs["text_offset"]]


async def test_one_that_cannot_stream_answers_in_one_piece(client: httpx.AsyncClient) -> None:
    response = await chat(client, "sim-whole-n6-r0-d0", stream=True)
    assert response.headers["content-type"] == "application/json"
    assert response.json()["usage"]["completion_tokens"] == 6


async def test_first_attempts_are_refused_and_later_ones_answered(client: httpx.AsyncClient) -> None:
    model = "sim-e429x2a7-n6-r0-d0"
    answers = [await chat(client, model, stream=True) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [429, 429, 200, 429]
    assert answers[0].headers["retry-after"] == "7"
    assert answers[0].json()["error"]["code"] == "rate_limit_exceeded"
    assert (await chat(client, model, prompt="another")).status_code == 429
    refused = [await chat(client, "sim-e500-n6-r0-d0") for _ in range(3)]
    assert [answer.status_code for answer in refused] == [500, 500, 500]


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"n": 2}, "n"),
        ({"model": 5}, "model"),
        ({"messages": []}, "messages"),
        ({"messages": [{"content": "no role"}]}, "messages"),
        ({"messages": [{"role": "user", "content": 5}]}, "messages"),
        ({"temperature": 3}, "temperature"),
        ({"temperature": "hot"}, "temperature"),
        ({"top_p": -1}, "top_p"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_tokens": True}, "max_tokens"),
        ({"stop": ["a"] * 5}, "stop"),
        ({"seed": 1.5}, "seed"),
        ({"logprobs": True, "top_logprobs": 21}, "top_logprobs"),
        ({"top_logprobs": 2}, "top_logprobs"),
        ({"stream_options": {"include_usage": True}}, "stream_options"),
    ],
)
async def test_a_wrong_field_is_named(client: httpx.AsyncClient, fields: dict[str, Any], param: str) -> None:
    response = await chat(client, **fields)
    assert response.status_code == 400
    error = response.json()["error"]
    assert error["param"] == param
    assert error["type"] == "invalid_request_error"
    assert param.removesuffix("s") in error["message"]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff"])
async def test_a_body_that_is_no_object_is_refused(client: httpx.AsyncClient, body: bytes) -> None:
    assert (await client.post("/chat/completions", content=body)).status_code == 400


async def test_what_messages_may_hold(client: httpx.AsyncClient) -> None:
    parts = [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}, {"role": "assistant", "content": None}]
    assert (await chat(client, messages=parts)).status_code == 200
    assert (await complete(client, prompt=["Hi"])).status_code == 200  # type: ignore[arg-type]
    assert (await complete(client, prompt=["Hi", "Ho"])).status_code == 400  # type: ignore[arg-type]


async def test_an_unknown_model_is_answered_with_where_the_names_are_listed(client: httpx.AsyncClient) -> None:
    response = await chat(client, "sim-q1")
    assert response.status_code == 404
    assert response.json()["error"]["code"] == "model_not_found"
    assert "docs/connections.md" in response.json()["error"]["message"]


async def test_models_are_listed_and_each_can_be_asked(client: httpx.AsyncClient) -> None:
    listed = (await client.get("/models")).json()
    assert listed["object"] == "list"
    for model in listed["data"]:
        assert (await client.get(f"/models/{model['id']}")).json() == model
    assert (await client.get("/models/gpt")).status_code == 404


async def test_paths_and_methods_that_are_not_there(client: httpx.AsyncClient) -> None:
    assert (await client.get("/nothing")).status_code == 404
    assert (await client.get("/chat/completions")).status_code == 405


async def test_with_a_key_only_its_bearer_is_served() -> None:
    async with Simulator(api_key="secret-ключ") as sim, httpx.AsyncClient(base_url=sim.base_url) as client:
        assert (await chat(client)).status_code == 401
        assert (await client.get("/models", headers={"authorization": "Bearer wrong"})).status_code == 401
        client.headers = httpx.Headers([(b"authorization", "Bearer secret-ключ".encode())])
        assert (await chat(client)).json()["usage"]["completion_tokens"] == 6


async def test_the_counters(sim: Simulator, client: httpx.AsyncClient) -> None:
    await chat(client, stream=True)
    await chat(client, "sim-nope")
    stats = (await client.get(sim.base_url.removesuffix("/v1") + "/stats")).json()
    assert stats == {"live": 0, "started": 1, "finished": 1, "aborted": 0, "connections": 1}


@pytest.mark.parametrize(
    ("wish", "param", "says"),
    [
        (5, "sim", "must be an object"),
        ({"fault": "earthquake"}, "sim.fault", "must be one of eof"),
        ({"fault": 7}, "sim.fault", "must be one of"),
        ({"fault": "eof", "at": -1}, "sim.at", "whole number from 0"),
        ({"fault": "eof", "at": "3"}, "sim.at", "whole number from 0"),
        ({"at": 3}, "sim.at", "name it in sim.fault"),
        ({"fault": "bom", "at": 3}, "sim.at", "name it in sim.fault"),
        ({"bytes": 0}, "sim.bytes", "whole number from 1"),
        ({"speed": 2}, "sim.speed", "only the members"),
    ],
)
async def test_a_wish_that_is_wrong_is_refused_by_its_field(
    client: httpx.AsyncClient, wish: object, param: str, says: str
) -> None:
    response = await chat(client, stream=True, sim=wish)
    error = response.json()["error"]
    assert (response.status_code, error["param"]) == (400, param)
    assert says in error["message"]


async def test_most_faults_need_a_stream_and_say_so(client: httpx.AsyncClient) -> None:
    response = await chat(client, sim={"fault": "eof"})
    assert (response.status_code, response.json()["error"]["param"]) == (400, "stream")
    assert (await chat(client, sim={"fault": "html"})).text.startswith("<!doctype html>")


async def test_an_answer_that_goes_on_from_a_part_is_past_its_fault(client: httpx.AsyncClient) -> None:
    model = "sim-en-n8-r0-d0-fault-eof"
    first = await chat(client, model, stream=True)
    assert not first.content.endswith(b"data: [DONE]\n\n")
    pieces = [json.loads(line[6:]) for line in first.text.splitlines() if line]
    part = "".join(piece["choices"][0]["delta"].get("content", "") for piece in pieces)
    messages = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": part}]
    rest = events(await chat(client, model, stream=True, messages=messages))
    whole = (await chat(client, "sim-en-n8-r0-d0")).json()["choices"][0]["message"]["content"]
    assert part + "".join(event["choices"][0]["delta"].get("content", "") for event in rest) == whole
