"""The end of a run: stored first, then shown, and never in the way of others."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from playground.connections.catalogue import ResolvedModel
from playground.connections.runtime import Notify
from playground.gateway.starting import NOT_READ, Lives
from playground.providers.endpoint import Endpoint
from playground.providers.errors import ModelNotFound
from playground.providers.request import GenerationRequest
from playground.recording.events import NOTICE, Event
from playground.recording.pacing import Pacer
from playground.recording.status import RunStatus
from playground.runs import supervisor
from playground.runs.live import LiveRun, RunSpec
from playground.runs.supervisor import supervise


class Refusing:
    """A runtime that says a few things, and does not start."""

    def __init__(self, notices: int = 1) -> None:
        self._notices = notices

    @asynccontextmanager
    async def open(self, _resolved: ResolvedModel, notify: Notify) -> AsyncIterator[Endpoint]:
        for number in range(self._notices):
            notify("model.loading", "It loads.", progress=number / self._notices)
        raise ModelNotFound("There is no such model.")
        yield


class HeldWriter:
    """Stores an end once `stored` is set."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.stored = asyncio.Event()
        self.kept: dict[str, Any] = {}

    async def finish(self, _live: LiveRun, _event: Event, summary: dict[str, Any]) -> bool:
        self.kept = summary
        self.asked.set()
        await self.stored.wait()
        return True


class OneRun:
    """An engine, as far as a call of the gateway knows one."""

    def __init__(self, live: LiveRun) -> None:
        self._live = live

    def launch(self, _specs: object) -> list[LiveRun]:
        return [self._live]


@pytest.fixture
async def live() -> LiveRun:
    resolved = ResolvedModel("sim/m", "sim", "m", kind="simulator", dialect="openai-chat")
    run_id: UUID = uuid7()
    spec = RunSpec(run_id, 1, "epoch", "sim/m", resolved, GenerationRequest(model="m", messages=()))
    return LiveRun(spec, pacer=Pacer(), on_append=lambda live: None)


def supervised(live: LiveRun, writer: HeldWriter, notices: int = 1) -> asyncio.Task[None]:
    http: Any = None
    held: Any = writer
    work = supervise(live, runtimes=Refusing(notices), http=http, writer=held, deadline_s=60)
    return asyncio.create_task(work)


async def test_a_client_that_does_not_read_while_the_end_is_stored_changes_nothing(live: LiveRun) -> None:
    writer, engine = HeldWriter(), OneRun(live)
    lives = Lives(engine)  # type: ignore[arg-type]
    lives.launch([])
    ending = supervised(live, writer)
    await writer.asked.wait()
    lives.stop(NOT_READ)
    writer.stored.set()
    await ending
    assert live.status is RunStatus.FAILED
    assert [event.data["code"] for event in live.events if event.kind == NOTICE] == ["model.loading"]
    assert live.last_seq == writer.kept["last_seq"]


async def test_an_end_that_cannot_be_shown_sends_viewers_to_what_is_stored(live: LiveRun) -> None:
    writer = HeldWriter()
    woken = asyncio.Event()
    live.attach(woken.set)
    ending = supervised(live, writer)
    await writer.asked.wait()
    live.log.emit(NOTICE, {"code": "late", "message": "Behind the end."})
    writer.stored.set()
    with pytest.raises(ValueError, match="does not follow"):
        await ending
    assert live.gone
    assert not live.is_final
    assert woken.is_set()


@pytest.mark.parametrize(("notices", "is_on_loop"), [(1, True), (10_000, False)])
async def test_the_end_of_a_long_run_holds_up_nobody(
    live: LiveRun, monkeypatch: pytest.MonkeyPatch, notices: int, is_on_loop: bool
) -> None:
    summary, threads = supervisor.summary, []

    def noted(*args: Any) -> dict[str, Any]:
        threads.append(threading.current_thread())
        return summary(*args)

    monkeypatch.setattr(supervisor, "summary", noted)
    writer = HeldWriter()
    writer.stored.set()
    await supervised(live, writer, notices)
    assert [thread is threading.main_thread() for thread in threads] == [is_on_loop]
    assert writer.kept["last_seq"] == live.last_seq == notices + 1
    assert live.is_final
