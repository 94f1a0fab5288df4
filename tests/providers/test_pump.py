"""Reading an answer without a task's turn for each read: `UpstreamResponse.pump`."""

import asyncio

import pytest

from playground.providers.errors import ConnectionLost
from playground.providers.http import UpstreamClient
from playground.providers.transport import READ_SIZE
from tests.providers.faults import POST, Call, answers, streams, upstream

LONG = bytes(range(256)) * 16 * 1024  # 4 MiB, more than what is read ahead


def never(_: bytes) -> bool:
    return False


async def test_a_long_body_comes_whole_and_in_small_pieces(http: UpstreamClient) -> None:
    async with upstream(streams(LONG)) as served, http.stream(POST, served.endpoint()) as response:
        pieces: list[bytes] = []
        await response.pump(lambda raw: bool(pieces.append(raw)))  # type: ignore[func-returns-value]
    assert b"".join(pieces) == LONG
    assert max(map(len, pieces)) <= READ_SIZE


async def test_an_empty_body_ends_at_once(http: UpstreamClient) -> None:
    async with upstream(answers("200 OK")) as served, http.stream(POST, served.endpoint()) as response:
        await response.pump(pytest.fail)


async def test_who_has_enough_gets_the_rest_by_iterating(http: UpstreamClient) -> None:
    async with upstream(streams(LONG)) as served, http.stream(POST, served.endpoint()) as response:
        first: list[bytes] = []
        await response.pump(lambda raw: first.append(raw) is None)
        rest = [raw async for raw in response.aiter_raw()]
    assert len(first) == 1
    assert first[0] + b"".join(rest) == LONG


async def test_what_the_taker_raises_reaches_who_waits(http: UpstreamClient) -> None:
    def broken(raw: bytes) -> bool:
        raise RuntimeError("no room")

    async with upstream(streams(b"a")) as served, http.stream(POST, served.endpoint()) as response:
        with pytest.raises(RuntimeError, match="no room"):
            await response.pump(broken)


async def test_what_came_before_the_connection_was_lost_is_handed_on(http: UpstreamClient) -> None:
    async def script(call: Call) -> None:
        await call.chunks(b"a", b"b", end=False)
        call.writer.close()

    pieces: list[bytes] = []
    async with upstream(script) as served, http.stream(POST, served.endpoint()) as response:
        with pytest.raises(ConnectionLost):
            await response.pump(lambda raw: bool(pieces.append(raw)))  # type: ignore[func-returns-value]
    assert b"".join(pieces) == b"ab"


async def test_who_is_cancelled_is_handed_nothing_more(http: UpstreamClient) -> None:
    goes_on = asyncio.Event()

    async def script(call: Call) -> None:
        await call.chunks(b"a", end=False)
        await goes_on.wait()
        await call.send(b"1\r\nb\r\n")

    pieces: list[bytes] = []
    came = asyncio.Event()

    def take(raw: bytes) -> bool:
        pieces.append(raw)
        came.set()
        return False

    async with upstream(script) as served, http.stream(POST, served.endpoint()) as response:
        pumping = asyncio.create_task(response.pump(take))
        await came.wait()
        pumping.cancel()
        await asyncio.wait([pumping])
        goes_on.set()
        rest = await anext(response.aiter_raw())
    assert pieces == [b"a"]
    assert rest == b"b"
    assert pumping.cancelled()
