"""`Model` against a simulator: LangChain's methods, async. The sync ones are in test_model_sync.py."""

import asyncio
import copy
import pickle
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import orjson
import pytest

from playground.providers import Chunk, Model
from playground.providers.endpoint import Endpoint, RetryPolicy, Timeouts
from playground.providers.errors import (
    ConnectionRefused,
    ModelNotFound,
    NoEndMarker,
    PrivateAddressRefused,
    ProviderError,
    RateLimited,
    UnknownDialect,
)
from playground.providers.inputs import messages_of
from playground.providers.request import Message
from playground.providers.simulator import Simulator
from tests.providers.faults import DONE, FINISH, Call, streams, token, upstream

ARTICLE = "Write me a 1 verse song about sparkling water."


@pytest.fixture
async def sim() -> AsyncIterator[Simulator]:
    async with Simulator() as simulator:
        yield simulator


def model(sim: Simulator, name: str = "sim-en-n12-r0-d0", **options: Any) -> Model:
    return Model(base_url=sim.base_url, model=name, **options)


async def collect(chunks: AsyncIterator[Chunk], into: list[Chunk]) -> None:
    async for chunk in chunks:
        into.append(chunk)  # noqa: PERF401  (what came before a failure is kept)


@pytest.mark.parametrize("dialect", ["openai-chat", "openai-completions"])
async def test_the_articles_loop_prints_the_articles_form(
    sim: Simulator, dialect: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async for chunk in model(sim, dialect=dialect).astream(ARTICLE):
        print(chunk, end="|", flush=True)  # noqa: T201
    printed = capsys.readouterr().out
    assert printed.startswith("|")
    assert printed.endswith("||")
    assert len(printed.strip("|").split("|")) >= 12
    assert printed.replace("|", "") == await model(sim, dialect=dialect).ainvoke(ARTICLE)


async def test_the_last_chunk_says_how_it_ended(sim: Simulator) -> None:
    *chunks, last = [chunk async for chunk in model(sim).astream("Hi", max_tokens=3)]
    assert all(type(chunk) is Chunk for chunk in chunks)
    assert [chunk.finish_reason for chunk in chunks] == [None] * 4
    assert last == ""
    assert last.finish_reason == "length"
    assert last.usage == {"prompt_tokens": 1, "completion_tokens": 3, "total_tokens": 4}
    assert last.usage_metadata == {"input_tokens": 1, "output_tokens": 3, "total_tokens": 4}
    assert last.response_metadata == {"finish_reason": "length", "model_name": "sim-en-n12-r0-d0"}
    assert {chunk.id for chunk in chunks} == {last.id}
    assert chunks[0].response_metadata == {}


async def test_invoke_gives_the_whole_answer(sim: Simulator) -> None:
    answer = await model(sim).ainvoke([("system", "Be brief."), ("user", "Hi")])
    assert isinstance(answer, str)
    assert answer.content == str(answer)
    assert answer.finish_reason == "stop"
    assert answer.usage is not None
    assert answer.usage["completion_tokens"] == 12
    assert not answer.one_chunk


async def test_chunks_come_as_they_are_sent(sim: Simulator) -> None:
    slow = model(sim, "sim-n3-r1-d0")
    async with asyncio.timeout(1), aclosing(slow.astream("Hi")) as chunks:
        assert await anext(chunks) == ""
        assert await anext(chunks) != ""


async def test_a_provider_that_does_not_stream_gives_one_chunk_and_says_so(sim: Simulator) -> None:
    (chunk,) = [chunk async for chunk in model(sim, "sim-whole-n12-r0-d0").astream("Hi")]
    assert chunk.one_chunk
    assert chunk.finish_reason == "stop"
    assert chunk.usage is not None
    assert chunk == await model(sim, "sim-whole-n12-r0-d0").ainvoke("Hi")


async def test_a_failed_stream_raises_after_what_came() -> None:
    async with upstream(streams(token("Hel"), token("lo"))) as served:
        cut = Model(endpoint=served.endpoint(), model="m")
        chunks: list[Chunk] = []
        stream = cut.astream("Hi")
        with pytest.raises(NoEndMarker):
            await collect(stream, chunks)
        assert chunks == ["", "Hel", "lo"]
        with pytest.raises(NoEndMarker):
            await cut.ainvoke("Hi")


async def test_errors_are_typed(sim: Simulator) -> None:
    once = RetryPolicy(attempts=1)
    with pytest.raises(ModelNotFound):
        await model(sim, "sim-nope").ainvoke("Hi")
    with pytest.raises(RateLimited):
        await model(sim, "sim-e429", retry=once).ainvoke("Hi")
    with pytest.raises(ConnectionRefused):
        await Model(base_url="http://127.0.0.1:9/v1", model="m", retry=once).ainvoke("Hi")
    with pytest.raises(PrivateAddressRefused):
        await Model(endpoint=Endpoint("openai-chat", sim.base_url), model="m").ainvoke("Hi")
    with pytest.raises(UnknownDialect):
        Model(dialect="nonsense", model="m")


async def test_a_refused_request_is_sent_again_before_the_first_chunk(sim: Simulator) -> None:
    chunks = [chunk async for chunk in model(sim, "sim-e429x2a0-n2-r0-d0").astream("Hi")]
    assert [chunk.attempt for chunk in chunks] == [1, 3, 3, 3]


async def test_closing_the_stream_closes_the_upstream() -> None:
    async def script(call: Call) -> None:
        await call.chunks(token("a"), end=False)
        await call.wait_gone()

    async with upstream(script) as served, asyncio.timeout(5):
        async with aclosing(Model(endpoint=served.endpoint(), model="m").astream("Hi")) as chunks:
            async for chunk in chunks:
                if chunk == "a":
                    break
        await served.calls[0].gone.wait()


async def test_batch_keeps_the_order_and_the_limit() -> None:
    live, most = 0, 0

    async def script(call: Call) -> None:
        nonlocal live, most
        live += 1
        most = max(most, live)
        text = orjson.loads(call.body)["messages"][0]["content"]
        await asyncio.sleep(0)
        live -= 1
        await call.answer(
            "200 OK", orjson.dumps({"choices": [{"message": {"content": text}, "finish_reason": "stop"}]})
        )

    prompts = [str(number) for number in range(20)]
    async with upstream(script) as served:
        asked = Model(endpoint=served.endpoint(), model="m")
        assert await asked.abatch(prompts, max_concurrency=3) == prompts
        assert most <= 3
        assert await asked.abatch(prompts, {"max_concurrency": 1}) == prompts
        assert await asked.abatch([]) == []


async def test_batch_raises_the_first_failure_or_returns_each() -> None:
    async def script(call: Call) -> None:
        if b"bad" in call.body:
            await call.answer("404 Not Found")
        elif b"slow" in call.body:
            await call.wait_gone()
        else:
            await call.answer("200 OK", b'{"choices":[{"message":{"content":"ok"},"finish_reason":"stop"}]}')

    async with upstream(script) as served, asyncio.timeout(5):
        asked = Model(endpoint=served.endpoint(), model="m")
        with pytest.raises(ModelNotFound):
            await asked.abatch(["slow", "bad"])
        first, second = await asked.abatch(["good", "bad"], return_exceptions=True)
        assert first == "ok"
        assert isinstance(second, ModelNotFound)


async def test_parameters_are_sent_and_a_call_changes_them() -> None:
    async with upstream(streams(token("a"), FINISH, DONE)) as served:
        asked = Model(endpoint=served.endpoint(), model="m", temperature=0.5, stop="x", extra={"top_k": 4})
        await asked.ainvoke("Hi", temperature=0.0, seed=7, stop=["y", "z"])
        await asked.ainvoke("Hi")
    first, second = (orjson.loads(call.body) for call in served.calls)
    assert (first["temperature"], first["seed"], first["stop"], first["top_k"]) == (0.0, 7, ["y", "z"], 4)
    assert (second["temperature"], second["stop"]) == (0.5, ["x"])
    assert "seed" not in second
    with pytest.raises(TypeError, match="temprature"):
        Model(model="m", temprature=1)


async def test_connections_are_kept_inside_the_models_context() -> None:
    async with upstream(streams(token("a"), FINISH, DONE)) as served:
        asked = Model(endpoint=served.endpoint(), model="m")
        async with asked:
            await asked.ainvoke("Hi")
            await asked.ainvoke("Hi")
        assert served.connections == 1
        await asked.ainvoke("Hi")
        assert served.connections == 2


@pytest.mark.parametrize(
    ("given", "messages"),
    [
        ("Hi", [Message("user", "Hi")]),
        (("system", "S"), [Message("system", "S")]),
        (Message("user", "Hi"), [Message("user", "Hi")]),
        ({"role": "human", "content": "Hi"}, [Message("user", "Hi")]),
        (
            [("system", "S"), {"role": "ai", "content": "A"}, Message("user", "U"), "V"],
            [Message("system", "S"), Message("assistant", "A"), Message("user", "U"), Message("user", "V")],
        ),
    ],
)
def test_prompts_are_texts_or_messages(given: Any, messages: list[Message]) -> None:
    assert list(messages_of(given)) == messages


@pytest.mark.parametrize("given", [5, None, [], [5], [("nobody", "x")], {"role": "user"}, [("a", "b", "c")]])
def test_anything_else_is_no_prompt(given: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        messages_of(given)


def test_a_model_does_not_show_its_key() -> None:
    assert "canary" not in repr(Model(model="m", api_key="canary", headers={"x": "canary"}))


def test_timeouts_are_the_endpoints() -> None:
    assert Model(model="m", timeouts=Timeouts(total=1.0)).endpoint.timeouts.total == 1.0


def test_chunks_add_up() -> None:
    parts = [
        Chunk("a", {"reasoning": "r", "tool_call": {"index": 0, "id": "c1", "name": "f", "arguments": '{"x"'}}),
        Chunk("b", {"tool_call": {"index": 0, "arguments": ":1}"}, "logprobs": [{"token": "b", "logprob": -1}]}),
        Chunk("", {"finish_reason": "stop", "usage": {"total_tokens": 2}}, chunk_id="run--1", model="m"),
    ]
    whole = parts[0] + parts[1] + parts[2]
    assert isinstance(whole, Chunk)
    assert whole == "ab"
    assert whole.reasoning == "r"
    assert whole.tool_calls == ({"index": 0, "id": "c1", "name": "f", "arguments": '{"x":1}'},)
    assert whole.logprobs == ({"token": "b", "logprob": -1},)
    assert (whole.finish_reason, whole.usage, whole.id) == ("stop", {"total_tokens": 2}, "run--1")
    assert parts[0] + "x" == "ax"
    assert "x" + parts[0] == "xa"


def test_chunks_can_be_copied_and_pickled() -> None:
    chunk = Chunk("a", {"reasoning": "r"}, chunk_id="run--1")
    for same in (copy.deepcopy(chunk), pickle.loads(pickle.dumps(chunk))):
        assert same == "a"
        assert (same.reasoning, same.id) == ("r", "run--1")


async def test_every_error_of_a_run_has_its_type() -> None:
    from playground.providers.feed import _errors_by_code

    kinds, todo = set(), [ProviderError]
    while todo:
        kind = todo.pop()
        kinds.add(kind)
        todo.extend(kind.__subclasses__())
    assert set(_errors_by_code().values()) == kinds
