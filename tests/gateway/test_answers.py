"""How an answer is told, without a server: from a live run that the test plays, to the messages that are sent."""

import asyncio
from typing import Any, cast
from uuid import uuid4

import pytest

from playground.connections.catalogue import ResolvedModel
from playground.gateway import answers
from playground.gateway.answers import answer
from playground.gateway.calls import Call, Client, Endpoint
from playground.providers.request import GenerationRequest, Message
from playground.recording.events import CHUNK, FIRST_BYTE, RUN_ENDED, RUN_STARTED
from playground.recording.pacing import Pacer
from playground.recording.status import RunStatus
from playground.runs.engine import Engine
from playground.runs.live import LiveRun, RunSpec
from playground.workspaces.models import ApiToken
from tests.providers.faults import DONE, FINISH, token

STREAM = token("Hé") + b": comment\n\n" + token("llo") + FINISH + DONE


class Played:
    """A call whose run is played by hand; `sent` is what its client got."""

    def __init__(self, *, keeps_bytes: bool = False, **body: Any) -> None:
        self.sent: list[Any] = []
        self.written = asyncio.Event()
        model = ResolvedModel("up/m", "up", "m", "connection", "openai-chat")
        request = GenerationRequest("m", (Message("user", "Hi"),))
        spec = RunSpec(uuid4(), 1, "epoch", "up/m", model, request, keeps_bytes=keeps_bytes)
        self.live = LiveRun(spec, pacer=Pacer(), on_append=lambda live: None)
        self.live.begin()
        self.live.log.emit(RUN_STARTED, {})
        client = Client(asyncio.Event().wait, self._send)
        asked = {"model": "up/m", "stream": True, **body}
        self.call = Call(Endpoint.CHAT, asked, {}, ApiToken(), cast("Engine", None), client)

    async def _send(self, message: Any) -> None:
        self.sent.append(message)
        self.written.set()

    def end(self, status: RunStatus = RunStatus.COMPLETED, error: Any = None) -> None:
        data = {"status": status.value, "finish_reason": "stop", "error": error, "attempts": 1}
        self.live.end(self.live.log.draft(RUN_ENDED, data), status)

    async def until(self, part: bytes) -> None:
        while part not in self.body:
            self.written.clear()
            await self.written.wait()

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.sent)

    @property
    def status(self) -> int:
        return int(self.sent[0]["status"])


@pytest.mark.parametrize("size", [1, 7, len(STREAM)])
async def test_an_upstreams_stream_comes_through_however_it_is_cut(size: int) -> None:
    played = Played(keeps_bytes=True)
    task = asyncio.create_task(answer(played.call, [played.live], 0))
    log = played.live.log
    log.read(STREAM[:1])
    log.emit(FIRST_BYTE, {"attempt": 1}, offset=1)
    log.emit(CHUNK, "Hé", offset=1)
    for start in range(1, len(STREAM), size):
        log.read(STREAM[start : start + size])
        log.emit("keepalive", {}, offset=start + 1)
        await asyncio.sleep(0)
    played.end()
    await task
    assert played.body == token("Hé") + token("llo") + FINISH + DONE
    assert not played.live.tape


async def test_who_waits_long_gets_a_status_and_comments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "KEEPALIVE_S", 0.02)
    played = Played()
    task = asyncio.create_task(answer(played.call, [played.live], 0))
    await played.until(b": keepalive\n\n: keepalive\n\n")
    assert played.status == 200
    played.live.log.emit(CHUNK, "Hi")
    await played.until(b'"content":"Hi"')
    await played.until(b'"Hi"},"logprobs":null,"finish_reason":null}]}\n\n: keepalive')
    played.end()
    await task
    assert played.body.endswith(DONE)


async def test_what_fails_after_a_comment_is_told_in_the_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "KEEPALIVE_S", 0.02)
    played = Played()
    task = asyncio.create_task(answer(played.call, [played.live], 0))
    await played.until(b": keepalive")
    played.end(RunStatus.FAILED, {"code": "rate_limited", "message": "Slow down."})
    await task
    assert played.status == 200
    assert b'data: {"error":{"message":"Slow down."' in played.body
    assert b"[DONE]" not in played.body


async def test_a_server_that_stops_tells_it_in_the_stream() -> None:
    played = Played()
    task = asyncio.create_task(answer(played.call, [played.live], 0))
    played.live.log.emit(CHUNK, "Hi")
    await played.until(b'"content":"Hi"')
    played.end(RunStatus.INTERRUPTED, {"code": "interrupted", "message": "The server was stopped."})
    await task
    assert b'"code":"interrupted"' in played.body
    assert b"[DONE]" not in played.body


async def test_a_run_that_another_process_took_over() -> None:
    played = Played(stream=False)
    task = asyncio.create_task(answer(played.call, [played.live], 0))
    await asyncio.sleep(0)
    played.live.abandon()
    await task
    assert played.status == 503
    assert b'"code":"interrupted"' in played.body
