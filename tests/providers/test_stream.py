"""The driver over real sockets: what it emits, and how a run ends."""

import asyncio
from dataclasses import replace

import pytest

from playground.providers.http import UpstreamClient
from playground.providers.sink import Outcome
from playground.providers.stream import stream_run
from playground.recording.status import RunStatus
from tests.providers.faults import ASK, DONE, FINISH, GOOD, PATIENT, Call, Recorder, Upstream, streams, token, upstream


async def run(served: Upstream, http: UpstreamClient, **options: object) -> tuple[Outcome, Recorder]:
    sink = Recorder()
    return await stream_run(served.endpoint(**options), ASK, sink, http=http), sink


async def test_a_whole_stream(http: UpstreamClient) -> None:
    usage = b'data: {"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2}}\n\n'
    pieces = (token("Hel"), b": ping\n\n", token("lo"), FINISH, usage, DONE)
    async with upstream(streams(*pieces)) as served:
        outcome, sink = await run(served, http)
    assert outcome == Outcome(RunStatus.COMPLETED, "stop", None, {"prompt_tokens": 3, "completion_tokens": 2}, 1)
    assert sink.kinds == [
        "attempt.started",
        "response.headers",
        "first.byte",
        "chunk",
        "keepalive",
        "chunk",
        "usage",
    ]
    assert sink.of("chunk") == ["Hel", "lo"]
    assert sink.of("keepalive") == [{"comment": "ping"}]
    assert sink.of("attempt.started") == [
        {"attempt": 1, "method": "POST", "url": f"http://127.0.0.1:{served.port}/v1/chat/completions"}
    ]
    (headers,) = sink.of("response.headers")
    assert headers["status"] == 200
    assert headers["headers"]["content-type"] == "text/event-stream"
    assert b"".join(sink.reads) == b"".join(pieces)


async def test_an_offset_is_where_an_event_ends_in_all_that_was_read(http: UpstreamClient) -> None:
    async with upstream(streams(token("Hel") + token("lo"), FINISH + DONE)) as served:
        _, sink = await run(served, http)
    first, second = (event.offset for event in sink.events if event.kind == "chunk")
    assert first == len(token("Hel"))
    assert second == len(token("Hel") + token("lo"))
    assert next(event.offset for event in sink.events if event.kind == "first.byte") == 1


async def test_the_end_marker_ends_a_run_although_the_connection_stays_open(http: UpstreamClient) -> None:
    async def never_closes(call: Call) -> None:
        await call.chunks(token("a"), FINISH, DONE, b"data: garbage\n\n", end=False)
        await call.wait_gone()

    async with upstream(never_closes) as served, asyncio.timeout(2):
        outcome, sink = await run(served, http)
        await served.calls[0].gone.wait()
    assert outcome.status is RunStatus.COMPLETED
    assert sink.of("chunk") == ["a"]


async def test_a_connection_is_used_again_after_a_whole_answer(http: UpstreamClient) -> None:
    async with upstream(GOOD) as served:
        for _ in range(3):
            outcome, _ = await run(served, http)
            assert outcome.status is RunStatus.COMPLETED
        assert len(served.calls) == 3
        assert served.connections == 1


async def test_closing_without_the_end_marker_is_truncated(http: UpstreamClient) -> None:
    async with upstream(streams(token("Hel"))) as served:
        outcome, sink = await run(served, http)
    assert outcome.status is RunStatus.TRUNCATED
    assert outcome.error is not None
    assert outcome.error.code == "no_end_marker"
    assert sink.text == "Hel"
    assert outcome.attempts == 1


@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
async def test_a_lost_connection_keeps_what_came(http: UpstreamClient, reset: bool) -> None:
    async def loses(call: Call) -> None:
        await call.chunks(token("a"), end=False)
        await seen.wait()
        await call.send(b"".join(b"%x\r\n%s\r\n" % (len(token(t)), token(t)) for t in "bcd"))
        call.reset() if reset else call.writer.close()

    seen = asyncio.Event()
    sink = Recorder()
    async with upstream(loses) as served, asyncio.TaskGroup() as group:
        task = group.create_task(stream_run(served.endpoint(), ASK, sink, http=http))
        await sink.wait_for("chunk")
        seen.set()
    outcome = task.result()
    assert outcome.status is RunStatus.TRUNCATED
    assert outcome.error is not None
    assert outcome.error.code == "connection_lost"
    # A RST may overtake what the kernel has not given out; a plain close may not.
    assert sink.text in (("a", "abcd") if reset else ("abcd",))


async def test_an_answer_in_one_piece_is_one_chunk_and_says_so(http: UpstreamClient) -> None:
    body = b'{"choices":[{"message":{"content":"Hello"},"finish_reason":"stop"}],"usage":{"total_tokens":4}}'

    async def whole(call: Call) -> None:
        await call.answer("200 OK", body, content_type="application/json")

    async with upstream(whole) as served:
        outcome, sink = await run(served, http)
        quiet, silent = await run(served, http, supports_streaming=False)
    assert sink.kinds[3:] == ["notice", "chunk", "usage"]
    assert sink.of("notice")[0]["code"] == "one_chunk"
    assert sink.of("chunk") == ["Hello"]
    assert outcome == quiet == Outcome(RunStatus.COMPLETED, "stop", None, {"total_tokens": 4}, 1)
    assert silent.of("notice")[0]["code"] == "one_chunk"
    assert b'"stream":true' in served.calls[0].body
    assert b'"stream":false' in served.calls[1].body


async def test_a_content_filter_ends_a_run_as_filtered(http: UpstreamClient) -> None:
    async with upstream(streams(token("a"), token("", finish_reason="content_filter"), DONE)) as served:
        outcome, sink = await run(served, http)
    assert (outcome.status, outcome.finish_reason) == (RunStatus.FILTERED, "content_filter")
    assert sink.text == "a"


async def test_an_error_in_the_stream_fails_and_keeps_the_text(http: UpstreamClient) -> None:
    error = b'data: {"error":{"message":"boom","type":"server_error"}}\n\n'
    async with upstream(streams(token("a"), error, DONE)) as served:
        outcome, sink = await run(served, http)
    assert outcome.status is RunStatus.FAILED
    assert outcome.error is not None
    assert outcome.error.code == "server_failed"
    assert "boom" in outcome.error.message
    assert sink.text == "a"
    assert sink.of("attempt.failed")[0]["retryable"] is False
    assert outcome.attempts == 1


async def test_an_unknown_dialect_fails_before_anything_is_sent(http: UpstreamClient) -> None:
    async with upstream(GOOD) as served:
        outcome, sink = await run(served, http, dialect="morse")
    assert outcome.error is not None
    assert outcome.error.code == "unknown_dialect"
    assert outcome.attempts == 0
    assert sink.events == []


async def test_a_base_url_that_cannot_be_asked(http: UpstreamClient) -> None:
    async with upstream(GOOD) as served:
        outcome, sink = await run(served, http, base_url="ftp://u:secret@example.com")
    assert outcome.error is not None
    assert outcome.error.code == "invalid_base_url"
    assert sink.kinds == ["attempt.failed"]
    assert "secret" not in repr(sink.events)


async def test_an_end_without_a_token_is_told(http: UpstreamClient) -> None:
    async with upstream(streams(FINISH, DONE)) as served:
        outcome, sink = await run(served, http)
    assert outcome.status is RunStatus.COMPLETED
    assert [notice["code"] for notice in sink.of("notice")] == ["empty_answer"]


class TestStop:
    async def stopped(self, served: Upstream, http: UpstreamClient, kind: str | None) -> None:
        sink = Recorder()
        task = asyncio.create_task(stream_run(served.endpoint(), ASK, sink, http=http))
        if kind:
            await sink.wait_for(kind)
        else:
            await self.arrived.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        async with asyncio.timeout(1):
            await served.calls[0].gone.wait()

    async def test_in_mid_stream_closes_the_socket(self, http: UpstreamClient) -> None:
        async def streaming(call: Call) -> None:
            await call.chunks(token("a"), end=False)
            await call.wait_gone()

        async with upstream(streaming) as served:
            await self.stopped(served, http, "chunk")

    async def test_before_the_first_byte_closes_the_socket(self, http: UpstreamClient) -> None:
        self.arrived = asyncio.Event()

        async def silent(call: Call) -> None:
            self.arrived.set()
            await call.wait_gone()

        async with upstream(silent) as served:
            await self.stopped(served, http, None)

    async def test_while_waiting_for_a_retry(self, http: UpstreamClient) -> None:
        async def sleep(_: float) -> None:
            await asyncio.Event().wait()

        async def refuse(call: Call) -> None:
            await call.answer("503 Busy")

        sink = Recorder()
        async with upstream(refuse) as served:
            task = asyncio.create_task(stream_run(served.endpoint(), ASK, sink, http=http, sleep=sleep))
            await sink.wait_for("retry.scheduled")
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task


class TestTimers:
    async def test_no_token_in_time(self, http: UpstreamClient) -> None:
        async def comments_only(call: Call) -> None:
            await call.chunks(end=False)
            while True:
                await call.send(b"8\r\n: ping\n\n\r\n")
                await asyncio.sleep(0.02)

        async with upstream(comments_only) as served:
            outcome, sink = await run(served, http, timeouts=replace(PATIENT, first_chunk=0.6))
        assert outcome.error is not None
        assert (outcome.status, outcome.error.code) == (RunStatus.FAILED, "first_chunk_timeout")
        assert sink.of("keepalive")

    async def test_a_stall_after_a_token(self, http: UpstreamClient) -> None:
        async def stalls(call: Call) -> None:
            await call.chunks(token("a"), token("b"), end=False)
            await call.wait_gone()

        async with upstream(stalls) as served:
            outcome, sink = await run(served, http, timeouts=replace(PATIENT, between_chunks=0.2))
            await served.calls[0].gone.wait()
        assert outcome.error is not None
        assert (outcome.status, outcome.error.code) == (RunStatus.FAILED, "between_chunks_timeout")
        assert sink.text == "ab"

    async def test_the_total(self, http: UpstreamClient) -> None:
        async def endless(call: Call) -> None:
            await call.chunks(end=False)
            while True:
                await call.send(b"%x\r\n%s\r\n" % (len(token("a")), token("a")))
                await asyncio.sleep(0.02)

        async with upstream(endless) as served:
            outcome, _ = await run(served, http, timeouts=replace(PATIENT, total=0.4))
        assert outcome.error is not None
        assert outcome.error.code == "total_timeout"
