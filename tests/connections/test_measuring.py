"""What a model does is measured by asking it: each kind of upstream is told from the others."""

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Any

import pytest

from playground.connections import measuring
from playground.connections.check import error_of
from playground.connections.measuring import Measured, measure_model
from playground.providers.endpoint import Endpoint
from playground.providers.http import UpstreamClient
from playground.providers.simulator import Simulator


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    async with Simulator(api_key="key") as simulator:
        yield simulator


async def measured(simulator: Simulator, model: str, *, key: str = "key", **fields: object) -> Measured:
    endpoint = Endpoint("openai-chat", simulator.base_url, api_key=key, allow_private=True, **fields)  # type: ignore[arg-type]
    async with UpstreamClient() as http:
        return await measure_model(endpoint, model, http)


async def test_a_model_that_streams_token_by_token(simulator: Simulator) -> None:
    found = await measured(simulator, "sim-en-n256-r50-d0")
    assert (found.stream, found.usage, found.logprobs) == ("tokens", True, "yes")
    assert (found.tools, found.reasoning) == ("unused", False)
    assert found.chunks == 64
    assert found.ttft_ms is not None
    assert found.tokens_per_s is not None
    assert found.gap_p50_ms is not None
    assert found.is_native
    assert found.works
    assert error_of(found) == ""


async def test_the_simulator_itself_says_that_a_broken_off_answer_stopped(simulator: Simulator) -> None:
    before = simulator.counters.aborted
    found = await measured(simulator, "sim-n256-r100-d0")
    assert found.cancel == "seen"
    assert found.cancel_ms is not None
    assert simulator.counters.aborted == before + 1
    assert simulator.counters.live == 0


async def test_many_chunks_a_read_are_a_buffer(simulator: Simulator) -> None:
    found = await measured(simulator, "sim-n256-r0-d0")
    assert found.stream == "buffered"
    assert found.reads * 4 <= found.chunks


@pytest.mark.parametrize("fields", [{}, {"supports_streaming": False}])
async def test_a_model_that_does_not_stream(simulator: Simulator, fields: dict[str, bool]) -> None:
    found = await measured(simulator, "sim-whole-n32-r0-d0", **fields)
    assert (found.stream, found.chunks) == ("one_chunk", 1)
    assert found.cancel == "ended_first"
    assert found.works
    assert not found.is_native


async def test_one_short_chunk_says_nothing(simulator: Simulator) -> None:
    assert (await measured(simulator, "sim-n1-r0-d0")).stream == "unclear"


async def test_chunks_that_come_at_one_instant_say_nothing() -> None:
    found = await of_upstream(Upstream(["a", "b"], pause=0))
    assert (found.stream, found.chunks, found.is_native) == ("unclear", 3, False)


async def test_a_slow_model_is_read_until_it_has_shown_how_it_streams(
    simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measuring, "_ENOUGH_S", 1.0)
    found = await measured(simulator, "sim-en-n256-r10-d0")
    assert (found.stream, found.error, found.usage) == ("tokens", "", None)
    assert 2 <= found.chunks < 64
    assert (found.logprobs, found.tools, found.cancel) == ("yes", "unused", "seen")


async def test_a_model_that_goes_on_past_the_limit_is_left_soon_after_it() -> None:
    found = await of_upstream(Upstream(["word "] * 600, pause=0.001))
    assert (found.stream, found.chunks, found.logprobs) == ("tokens", 72, "refused")


async def test_a_refusal_ends_it_with_its_reason(simulator: Simulator) -> None:
    found = await measured(simulator, "sim-n8-r0-d0", key="wrong")
    assert (found.stream, found.error_code) == ("failed", "not_authenticated")
    assert (found.logprobs, found.tools, found.cancel, found.usage) == ("", "", "", None)
    assert "did not accept the API key" in error_of(found)
    assert "wrong" not in str(found).replace("missing or wrong", "")


async def test_what_was_kept_comes_back_also_from_another_version() -> None:
    found = Measured(stream="chunks", chunks=3, ttft_ms=1.5, cancel="unobservable")
    stored = {**asdict(found), "of_a_later_version": 1}
    del stored["attempts"]
    assert Measured.load(stored) == found


class Upstream:
    """Streams `texts`, refuses logprobs, calls the tool that it is offered, and says in `/slots` what it works on."""

    def __init__(self, texts: list[str], *, slots: bool = True, pause: float = 0.015) -> None:
        self.texts = texts
        self.pause = pause  # s, before each text
        self.slots = slots
        self.busy = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            length = re.search(r"content-length: (\d+)", head, re.IGNORECASE)
            body = await reader.readexactly(int(length[1])) if length else b"{}"
            await self._answer(head.split(" ")[1], json.loads(body), reader, writer)
        writer.close()

    async def _plain(self, writer: asyncio.StreamWriter) -> None:
        stream(writer, [{"reasoning_content": "hm"}], end=False, head=True)
        for text in self.texts:
            await asyncio.sleep(self.pause)
            stream(writer, [{"content": text}], end=False, head=False)
            await writer.drain()
        stream(writer, [], end=True, head=False)

    async def _answer(
        self, path: str, body: dict[str, Any], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if path == "/slots" and self.slots:
            write(writer, "200 OK", [{"id": 0, "id_task": self.busy, "is_processing": self.busy > 0}])
        elif path != "/v1/chat/completions":
            write(writer, "404 Not Found", {"error": {"message": "nothing here"}})
        elif body.get("logprobs"):
            write(writer, "400 Bad Request", {"error": {"message": "logprobs are not supported"}})
        elif body.get("tools"):
            calls = [{"index": 0, "id": "c", "function": {"name": "weather", "arguments": ""}}]
            more = [{"index": 0, "function": {"arguments": '{"city": "Paris"}'}}]
            stream(writer, [{"tool_calls": calls}, {"tool_calls": more}], end=True)
        elif body["max_tokens"] > 200:
            stream(writer, [{"content": text} for text in "abcd"], end=False)
            self.busy += 1
            await reader.read()
            self.busy = 0
        else:
            await self._plain(writer)
        await writer.drain()


def write(writer: asyncio.StreamWriter, status: str, value: object) -> None:
    body = json.dumps(value).encode()
    writer.write(f"HTTP/1.1 {status}\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n".encode() + body)


def stream(writer: asyncio.StreamWriter, deltas: list[dict[str, Any]], *, end: bool, head: bool = True) -> None:
    if head:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n")
    for delta in deltas:
        writer.write(f"data: {json.dumps({'choices': [{'index': 0, 'delta': delta}]})}\n\n".encode())
    if end:
        writer.write(b'data: {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}\n\ndata: [DONE]\n\n')


async def of_upstream(upstream: Upstream) -> Measured:
    server = await asyncio.start_server(upstream.serve, "127.0.0.1", 0)
    async with server, UpstreamClient() as http:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        return await measure_model(Endpoint("openai-chat", url, allow_private=True), "m", http)


async def test_what_a_provider_refuses_does_and_shows_is_told_apart() -> None:
    found = await of_upstream(Upstream(["A whole sentence in a chunk. ", "And one more, as long as it."]))
    assert found.stream == "chunks"
    assert (found.usage, found.logprobs, found.tools, found.reasoning) == (False, "refused", "streamed", True)


async def test_a_server_that_tells_what_it_works_on_is_asked_whether_it_stopped() -> None:
    assert (await of_upstream(Upstream(["a", "b"]))).cancel == "seen"


async def test_a_provider_that_tells_nobody_is_not_said_to_stop() -> None:
    found = await of_upstream(Upstream(["a", "b"], slots=False))
    assert (found.cancel, found.cancel_ms) == ("unobservable", None)
