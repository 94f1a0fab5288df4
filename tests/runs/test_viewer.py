"""What a viewer sends, from a source that the test fills."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import orjson
import pytest

from playground.recording.events import CHUNK, RUN_ENDED, Event
from playground.recording.frames import Frame, FrameEncoder
from playground.recording.status import RunStatus
from playground.runs import viewer as viewer_module
from playground.runs.viewer import MAX_UNACKNOWLEDGED, Viewer

RUN = "0190-run"


class FakeSource:
    def __init__(self, epoch: str = "e1") -> None:
        self.epoch = epoch
        self.status = RunStatus.STREAMING
        self.gone = False
        self.events: list[Event] = []
        self._frames = FrameEncoder(RUN, epoch, self.events)
        self.wakes: set[Callable[[], None]] = set()

    @property
    def last_seq(self) -> int:
        return len(self.events) - 1

    def frame_after(self, seq: int) -> Frame | None:
        return self._frames.after(seq)

    def attach(self, wake: Callable[[], None]) -> None:
        self.wakes.add(wake)

    def detach(self, wake: Callable[[], None]) -> None:
        self.wakes.discard(wake)

    def add(self, *texts: str) -> None:
        for text in texts:
            self.events.append(Event(len(self.events), len(self.events), CHUNK, text))
        self.wake()

    def end(self) -> None:
        self.status = RunStatus.COMPLETED
        self.events.append(Event(len(self.events), len(self.events), RUN_ENDED, {"status": "completed"}))
        self.wake()

    def wake(self) -> None:
        for wake in tuple(self.wakes):
            wake()


class Inbox:
    """What the viewer sent."""

    def __init__(self) -> None:
        self.messages: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def send(self, text: str) -> None:
        self.messages.put_nowait(orjson.loads(text))

    async def next(self) -> dict[str, Any]:
        async with asyncio.timeout(5):
            return await self.messages.get()

    async def texts(self, count: int) -> list[str]:
        """The texts of the next frames, until there are `count`."""
        texts: list[str] = []
        while len(texts) < count:
            message = await self.next()
            assert message["op"] == "frame"
            texts += [data for _, _, data in message["events"]]
        return texts


@asynccontextmanager
async def watching(inbox: Inbox, lost: Callable[[str], Any] | None = None) -> AsyncIterator[Viewer]:
    async def never(run: str) -> None:
        raise AssertionError(f"{run} was lost")

    viewer = Viewer(inbox.send, lost or never)
    task = asyncio.create_task(viewer.run())
    try:
        yield viewer
    finally:
        viewer.close()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_what_was_missed_comes_first_then_what_is_new_then_the_end() -> None:
    source, inbox = FakeSource(), Inbox()
    source.add("a", "b")
    async with watching(inbox) as viewer:
        await viewer.subscribe(RUN, source, -1, None)
        assert await inbox.next() == {
            "op": "subscribed", "run": RUN, "epoch": "e1", "status": "streaming", "recovered": True, "after": -1,
        }  # fmt: skip
        assert await inbox.texts(2) == ["a", "b"]
        source.add("c")
        assert await inbox.texts(1) == ["c"]
        source.end()
        frame = await inbox.next()
        assert frame["seq"] == 3
        assert await inbox.next() == {"op": "ended", "run": RUN, "seq": 3, "status": "completed"}
        assert not source.wakes


async def test_a_viewer_resumes_from_its_last_seq() -> None:
    source, inbox = FakeSource(), Inbox()
    source.add("a", "b", "c")
    async with watching(inbox) as viewer:
        await viewer.subscribe(RUN, source, 1, "e1")
        assert (await inbox.next())["after"] == 1
        assert await inbox.texts(1) == ["c"]


@pytest.mark.parametrize(("after", "epoch"), [(1, "another"), (99, "e1"), (99, None)])
async def test_a_position_that_cannot_be_served_starts_anew(after: int, epoch: str | None) -> None:
    source, inbox = FakeSource(), Inbox()
    source.add("a", "b", "c")
    async with watching(inbox) as viewer:
        await viewer.subscribe(RUN, source, after, epoch)
        subscribed = await inbox.next()
        assert (subscribed["recovered"], subscribed["after"]) == (False, -1)
        assert await inbox.texts(3) == ["a", "b", "c"]


async def test_subscribing_again_replaces_the_first_subscription() -> None:
    source, inbox = FakeSource(), Inbox()
    source.add("a")
    async with watching(inbox) as viewer:
        await viewer.subscribe(RUN, source, -1, None)
        await viewer.subscribe(RUN, source, 0, None)
        await inbox.next()
        await inbox.next()
        source.add("b")
        assert await inbox.texts(1) == ["b"]
        assert len(source.wakes) == 1


async def test_unacknowledged_bytes_are_bounded_and_an_ack_goes_on() -> None:
    source, inbox = FakeSource(), Inbox()
    source.add(*["x" * 100_000] * 20)
    async with watching(inbox) as viewer:
        await viewer.subscribe(RUN, source, -1, None)
        await inbox.next()
        fits = MAX_UNACKNOWLEDGED // 100_100
        await inbox.texts(fits)
        await asyncio.sleep(0)
        assert inbox.messages.empty()
        viewer.acknowledge(RUN, 4)
        await inbox.texts(5)
        assert inbox.messages.empty()


async def test_one_frame_that_is_larger_than_the_bound_goes_alone() -> None:
    source, inbox = FakeSource(), Inbox()
    source.add("x" * (2 * MAX_UNACKNOWLEDGED), "y")
    async with watching(inbox) as viewer:
        await viewer.subscribe(RUN, source, -1, None)
        await inbox.next()
        assert len((await inbox.texts(1))[0]) == 2 * MAX_UNACKNOWLEDGED
        assert inbox.messages.empty()
        viewer.acknowledge(RUN, 0)
        assert await inbox.texts(1) == ["y"]


async def test_a_viewer_that_never_acknowledges_is_given_up_even_while_it_is_woken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(viewer_module, "TOO_SLOW_AFTER_S", 0.2)
    source, inbox = FakeSource(), Inbox()
    source.add("x" * MAX_UNACKNOWLEDGED, "y")
    viewer = Viewer(inbox.send, inbox.send)
    task = asyncio.create_task(viewer.run())
    await viewer.subscribe(RUN, source, -1, None)
    async with asyncio.timeout(5):
        while not task.done():
            source.add("z")
            await asyncio.sleep(0.01)
    assert await task is None
    viewer.close()


async def test_other_runs_of_the_socket_share_its_bound() -> None:
    inbox = Inbox()
    first, second = FakeSource(), FakeSource()
    first.add("x" * (MAX_UNACKNOWLEDGED - 1000))
    async with watching(inbox) as viewer:
        await viewer.subscribe("first", first, -1, None)
        await inbox.next()
        await inbox.texts(1)
        second.add("y" * 5000)
        await viewer.subscribe("second", second, -1, None)
        assert (await inbox.next())["op"] == "subscribed"
        assert inbox.messages.empty()
        viewer.unsubscribe("first")
        assert await inbox.texts(1) == ["y" * 5000]


async def test_a_source_that_is_gone_is_asked_for_anew() -> None:
    source, inbox = FakeSource(), Inbox()
    source.add("a")
    lost: asyncio.Queue[str] = asyncio.Queue()

    async def note(run: str) -> None:
        viewer.unsubscribe(run)
        lost.put_nowait(run)

    async with watching(inbox, note) as viewer:
        await viewer.subscribe(RUN, source, -1, None)
        await inbox.next()
        await inbox.texts(1)
        source.gone = True
        source.wake()
        async with asyncio.timeout(5):
            assert await lost.get() == RUN
