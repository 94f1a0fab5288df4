"""Attempts: when a request is sent again, and what of it is recorded."""

import asyncio
from dataclasses import replace

import pytest

from playground.providers.endpoint import RetryPolicy
from playground.providers.http import UpstreamClient
from playground.providers.retry import RESERVE
from playground.providers.sink import Outcome
from playground.providers.stream import stream_run
from playground.recording.status import RunStatus
from tests.providers.faults import (
    ASK,
    DONE,
    GOOD,
    PATIENT,
    Call,
    Recorder,
    Upstream,
    answers,
    streams,
    token,
    upstream,
)


class Clock:
    """Takes the place of `asyncio.sleep`: notes the waits and does not wait."""

    def __init__(self) -> None:
        self.waits: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.waits.append(seconds)


async def run(
    served: Upstream, http: UpstreamClient, clock: Clock | None = None, **options: object
) -> tuple[Outcome, Recorder]:
    sink = Recorder()
    endpoint = served.endpoint(**options)
    outcome = await stream_run(endpoint, ASK, sink, http=http, sleep=clock or Clock(), random=lambda: 1.0)
    return outcome, sink


async def closes(call: Call) -> None:
    call.writer.close()


async def resets(call: Call) -> None:
    call.reset()


async def lost_after_the_headers(call: Call) -> None:
    await call.chunks(b": hello\n\n", end=False)
    call.writer.close()


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (answers("429 Too Many"), "rate_limited"),
        (answers("500 No"), "server_failed"),
        (answers("503 No"), "overloaded"),
        (answers("529 No"), "overloaded"),
        (closes, "connection_reset"),
        (resets, "connection_reset"),
        (lost_after_the_headers, "connection_lost"),
        (streams(b": nothing\n\n"), "no_end_marker"),
        (streams(b'data: {"error":{"type":"overloaded_error","message":"busy"}}\n\n'), "overloaded"),
    ],
)
async def test_a_fault_before_the_first_chunk_is_followed_by_another_attempt(
    http: UpstreamClient, fault: object, code: str
) -> None:
    async with upstream(fault, GOOD) as served:  # type: ignore[arg-type]
        outcome, sink = await run(served, http)
    assert (outcome.status, outcome.attempts, outcome.error) == (RunStatus.COMPLETED, 2, None)
    (failed,) = sink.of("attempt.failed")
    assert (failed["attempt"], failed["code"], failed["retryable"]) == (1, code, True)
    (scheduled,) = sink.of("retry.scheduled")
    assert scheduled == {"attempt": 2, "of": 3, "delay_ms": 1, "code": code}
    assert [event["attempt"] for event in sink.of("attempt.started")] == [1, 2]
    assert sink.of("chunk") == [{"text": "Hel", "attempt": 2}, {"text": "lo", "attempt": 2}]


async def test_offsets_count_the_bytes_of_all_attempts(http: UpstreamClient) -> None:
    async with upstream(answers("500 No", b"a body of 20 bytes.."), GOOD) as served:
        _, sink = await run(served, http)
    assert sink.reads[0] == b"a body of 20 bytes.."
    assert next(event.offset for event in sink.events if event.kind == "chunk") == 20 + len(token("Hel"))
    assert [event.offset for event in sink.events if event.kind == "first.byte"] == [1, 21]


async def test_no_attempt_follows_the_first_chunk(http: UpstreamClient) -> None:
    async def loses(call: Call) -> None:
        await call.chunks(token("a"), end=False)
        call.writer.close()

    async with upstream(loses, GOOD) as served:
        outcome, sink = await run(served, http)
        assert len(served.calls) == 1
    assert (outcome.status, outcome.attempts) == (RunStatus.TRUNCATED, 1)
    assert sink.of("attempt.failed")[0]["retryable"] is False
    assert sink.text == "a"


async def test_the_last_attempt_ends_the_run(http: UpstreamClient) -> None:
    clock = Clock()
    async with upstream(answers("500 No", b'{"error":{"message":"boom"}}')) as served:
        outcome, sink = await run(served, http, clock, retry=RetryPolicy(attempts=4, base_delay=1, max_delay=3))
        assert len(served.calls) == 4
    assert clock.waits == [1, 2, 3]
    assert (outcome.status, outcome.attempts) == (RunStatus.FAILED, 4)
    assert outcome.error is not None
    assert "boom" in outcome.error.message
    assert len(sink.of("attempt.failed")) == 4


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 422, 501])
async def test_what_a_retry_does_not_mend_is_not_retried(http: UpstreamClient, status: int) -> None:
    async with upstream(answers(f"{status} No")) as served:
        outcome, sink = await run(served, http)
        assert len(served.calls) == 1
    assert outcome.status is RunStatus.FAILED
    assert sink.of("attempt.failed")[0]["status"] == status
    assert sink.of("retry.scheduled") == []


async def test_a_redirect_is_refused(http: UpstreamClient) -> None:
    async with upstream(GOOD) as other:
        async with upstream(answers("307 Over there", location=f"http://127.0.0.1:{other.port}/")) as served:
            outcome, _ = await run(served, http)
        assert other.calls == []
    assert outcome.error is not None
    assert outcome.error.code == "redirect_refused"


async def test_retry_after_is_honoured_up_to_its_cap(http: UpstreamClient) -> None:
    clock = Clock()
    async with upstream(answers("429 Slow", retry_after="7"), GOOD) as served:
        outcome, sink = await run(served, http, clock)
    assert clock.waits == [7]
    assert outcome.status is RunStatus.COMPLETED
    assert sink.of("retry.scheduled")[0]["delay_ms"] == 7000
    async with upstream(answers("429 Slow", retry_after="3600"), GOOD) as served:
        outcome, sink = await run(served, http, clock)
    assert outcome.error is not None
    assert (outcome.error.code, outcome.attempts) == ("rate_limited", 1)
    assert "3600 s" in outcome.error.message


async def test_no_attempt_is_planned_past_the_total_timeout(http: UpstreamClient) -> None:
    async with upstream(answers("429 Slow", retry_after="100"), GOOD) as served:
        outcome, sink = await run(served, http, timeouts=replace(PATIENT, total=50))
    assert outcome.attempts == 1
    assert sink.of("retry.scheduled") == []
    [notice] = sink.of("notice")
    assert notice["code"] == "retry_too_late"
    assert "after the wait of 100 s the run would be past its total timeout of 50 s" in notice["message"]


async def test_a_prompt_that_the_content_filter_refuses(http: UpstreamClient) -> None:
    body = b'{"error":{"code":"content_filter","message":"The prompt was filtered"}}'
    async with upstream(answers("400 Bad Request", body)) as served:
        outcome, _ = await run(served, http)
    assert outcome.status is RunStatus.FILTERED


async def test_an_error_answer_that_never_ends_still_tells_its_status(http: UpstreamClient) -> None:
    async def endless(call: Call) -> None:
        await call.send(b"HTTP/1.1 401 No\r\nTransfer-Encoding: chunked\r\n\r\n10000\r\n" + b"x" * 65536 + b"\r\n")
        await call.wait_gone()

    async with upstream(endless) as served, asyncio.timeout(10):
        outcome, _ = await run(served, http)
    assert outcome.error is not None
    assert outcome.error.code == "not_authenticated"


async def test_the_key_is_nowhere_in_what_is_recorded(http: UpstreamClient) -> None:
    canary = "canary-1b2c3d4e"

    async def echoes(call: Call) -> None:
        await call.answer(
            "401 No", f'{{"error":{{"message":"Bad key {canary}"}}}}'.encode(), via=canary, x_other=canary
        )

    async with upstream(echoes) as served:
        base_url = f"http://127.0.0.1:{served.port}/v1?api_key={canary}"
        outcome, sink = await run(served, http, api_key=canary, base_url=base_url, headers={"x-key": canary})
        assert canary in served.calls[0].headers()["authorization"]
    assert sink.of("attempt.started")[0]["url"].endswith("/v1/chat/completions?api_key=[hidden]")
    recorded = repr((outcome, sink.events, sink.reads))
    assert "Bad key" in recorded
    assert canary not in recorded


async def test_several_streams_share_a_client(http: UpstreamClient) -> None:
    async with upstream(streams(token("a"), DONE)) as served:
        results = await asyncio.gather(*(run(served, http) for _ in range(20)))
    assert all(outcome.status is RunStatus.COMPLETED and sink.text == "a" for outcome, sink in results)


async def test_runs_that_fail_together_do_not_multiply_the_load_of_a_provider_in_trouble() -> None:
    calls = 0

    async def overloaded(call: Call) -> None:
        nonlocal calls
        calls += 1
        await answers("503 No")(call)

    async with upstream(overloaded) as served, UpstreamClient() as http:
        results = [await run(served, http, retry=RetryPolicy(attempts=5, base_delay=0, budget=0.1)) for _ in range(40)]
    assert calls <= 40 + 40 * 0.1 + RESERVE + 5  # the reserve fills up by one a second meanwhile
    assert all(outcome.status is RunStatus.FAILED for outcome, _sink in results)
    outcome, sink = next(result for result in reversed(results) if result[0].attempts == 1)
    assert outcome.error
    assert outcome.error.code == "overloaded"
    assert [data["code"] for data in sink.of("notice")] == ["retry_budget"]


async def test_how_often_it_was_tried_is_said_only_where_it_was_tried_again(http: UpstreamClient) -> None:
    async with upstream(lost_after_the_headers) as served:
        outcome, _sink = await run(served, http, retry=RetryPolicy(attempts=3))
        assert outcome.error
        assert outcome.error.message.endswith(
            "was lost before the answer began: retry it. It was given up after 3 attempts."
        )
        outcome, _sink = await run(served, http, retry=RetryPolicy(attempts=1))
        assert outcome.error
        assert outcome.error.message.endswith("was lost before the answer began: retry it.")
