"""When the simulator writes, to whom it stops writing, and what it does with connections. Raw sockets."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from playground.providers.simulator import Simulator
from playground.providers.simulator.http1 import MAX_BODY


@pytest.fixture
async def sim() -> AsyncIterator[Simulator]:
    async with Simulator() as simulator:
        yield simulator


@asynccontextmanager
async def connected(sim: Simulator) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    port = int(sim.base_url.split(":")[2].split("/")[0])
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
    try:
        yield reader, writer
    finally:
        writer.close()
        await writer.wait_closed()


def request(model: str, version: str = "1.1", *, stream: bool = True, headers: str = "") -> bytes:
    body = json.dumps({"model": model, "prompt": "Hi", "stream": stream})
    return f"POST /v1/completions HTTP/{version}\r\nContent-Length: {len(body)}\r\n{headers}\r\n{body}".encode()


async def counted(sim: Simulator, **counters: int) -> None:
    """Wait until the counters say so: every round trip lets the simulator work."""
    async with asyncio.timeout(5), connected(sim) as (reader, writer):
        while not counters.items() <= (stats := await ask_stats(reader, writer)).items():
            assert stats["started"] <= 3


async def ask_stats(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> dict[str, int]:
    writer.write(b"GET /stats HTTP/1.1\r\n\r\n")
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    stats: dict[str, int] = json.loads(await reader.readexactly(length))
    return stats


async def test_each_token_comes_at_its_time_in_a_write_of_its_own(sim: Simulator) -> None:
    async with connected(sim) as (reader, writer):
        start = time.monotonic()
        writer.write(request("sim-en-n6-r25-d80"))
        await reader.readuntil(b"\r\n\r\n")
        head_came = time.monotonic() - start
        came = []
        for _ in range(6):
            await reader.readuntil(b"\n\n\r\n")
            came.append(time.monotonic() - start)
        assert head_came < came[0]
        for index, at in enumerate(came):
            assert at >= 0.08 + index * 0.04 - 0.001


async def test_the_schedule_is_absolute_so_a_late_token_does_not_delay_the_next(sim: Simulator) -> None:
    async with connected(sim) as (reader, writer):
        start = time.monotonic()
        writer.write(request("sim-clock-n200-r1000-d0"))
        body = await reader.readuntil(b"0\r\n\r\n")
        assert body.count(b'"text":"') == 201
        assert time.monotonic() - start >= 0.199


async def test_clock_tokens_tell_their_number_and_when_they_were_written(sim: Simulator) -> None:
    async with connected(sim) as (reader, writer):
        before = time.monotonic_ns() // 1000
        writer.write(request("sim-clock-n3-r100-d10", stream=False))
        answer = json.loads((await reader.readuntil(b"}}")).split(b"\r\n\r\n")[1])
    numbers, times = zip(*(token.split(":") for token in answer["choices"][0]["text"].split()), strict=True)
    assert numbers == ("0", "1", "2")
    assert all(before < int(at) <= time.monotonic_ns() // 1000 for at in times)


async def test_a_whole_answer_takes_as_long_as_its_stream(sim: Simulator) -> None:
    async with connected(sim) as (reader, writer):
        start = time.monotonic()
        writer.write(request("sim-n5-r50-d20", stream=False))
        await reader.readuntil(b"}}")
        assert time.monotonic() - start >= 0.099


async def test_a_client_that_hangs_up_ends_its_stream(sim: Simulator) -> None:
    async with connected(sim) as (reader, writer):
        writer.write(request("sim-n1000-r20-d0"))
        await reader.readuntil(b"\n\n")
    await counted(sim, live=0, started=1, aborted=1)
    async with connected(sim) as (_, writer):  # before the first token, and with only its half of the connection
        writer.write(request("sim-n5-d60000"))
        await counted(sim, live=1)
        writer.write_eof()
        await counted(sim, live=0, started=2, aborted=2)


async def test_a_client_that_does_not_read_is_waited_for(sim: Simulator) -> None:
    async with connected(sim) as (reader, writer):
        writer.write(request("sim-en-n20000-r0-d0"))
        await reader.readuntil(b"\r\n\r\n")
        await counted(sim, live=1, finished=0)
        total = 0
        while not (piece := await reader.read(1 << 20)).endswith(b"0\r\n\r\n"):
            total += piece.count(b'"text":"')
    assert total > 15000
    assert sim.counters.finished == 1


async def test_as_fast_as_it_can_leaves_others_their_turn(sim: Simulator) -> None:
    async with connected(sim) as (reader, writer), asyncio.timeout(20):
        writer.write(request("sim-en-n100000-r0-d0"))
        finished = asyncio.ensure_future(reader.read(-1))
        await counted(sim, live=1)
        finished.cancel()
        await asyncio.wait([finished])


async def test_requests_on_one_connection_are_answered_in_order(sim: Simulator) -> None:
    async with connected(sim) as (reader, writer):
        writer.write(request("sim-clock-n1-r0-d30") + request("sim-en-n1-r0-d0") + b"GET /stats HTTP/1.1\r\n\r\n")
        first = await reader.readuntil(b"0\r\n\r\n")
        second = await reader.readuntil(b"0\r\n\r\n")
        assert b"sim-clock" in first
        assert b"sim-en" in second
        assert b'"finished":2' in await reader.readuntil(b"}")
    await counted(sim, connections=1)


async def test_http_1_0_gets_a_body_that_ends_with_the_connection(sim: Simulator) -> None:
    async with connected(sim) as (reader, writer):
        writer.write(request("sim-en-n2-r0-d0", "1.0"))
        answer = await reader.read(-1)
    assert b"transfer-encoding" not in answer
    assert answer.endswith(b"data: [DONE]\n\n")


async def test_a_body_is_asked_for_if_the_client_waits(sim: Simulator) -> None:
    head, body = request("sim-en-n1-r0-d0", headers="Expect: 100-continue\r\n").split(b"\r\n\r\n")
    async with connected(sim) as (reader, writer):
        writer.write(head + b"\r\n\r\n")
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(body)
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 OK")


async def test_who_sends_too_much_can_still_read_why(sim: Simulator) -> None:
    async with connected(sim) as (reader, writer):
        writer.write(b"POST /v1/completions HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % (MAX_BODY + 1))
        for _ in range(MAX_BODY // (1 << 20) + 1):
            writer.write(b"x" * (1 << 20))
            await writer.drain()
        answer = await reader.read(-1)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"connection: close" in answer


async def test_nonsense_is_refused_and_the_connection_closed(sim: Simulator) -> None:
    async with connected(sim) as (reader, writer):
        writer.write(b"\x16\x03\x01\r\n\r\n")
        assert (await reader.read(-1)).startswith(b"HTTP/1.1 400 ")


async def test_leaving_the_simulator_closes_what_is_open() -> None:
    async with Simulator() as sim:
        port = int(sim.base_url.split(":")[2].split("/")[0])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request("sim-n1000-r10-d0"))
        await reader.readuntil(b"\n\n")
    assert sim.counters.live == 0
    assert sim.counters.connections == 0
    await reader.read(-1)  # to the end
    writer.close()
    await writer.wait_closed()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)
