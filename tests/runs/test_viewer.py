"""What a viewer sends, from a source that the test fills."""

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import orjson
import pytest

from playground.recording.events import CHUNK, RUN_ENDED, Event
from playground.recording.frames import Frame, FrameEncoder
from playground.recording.status import RunStatus
from playground.runs import viewer as viewer_module
from playground.runs.viewer import ACKNOWLEDGED_WITHIN, MAX_ASIDE, MAX_UNACKNOWLEDGED, Viewer

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
async def watching(
    inbox: Inbox, lost: Callable[[str], Any] | None = None, send_now: Callable[[bytes], bool] | None = None
) -> AsyncIterator[Viewer]:
    async def never(run: str) -> None:
        raise AssertionError(f"{run} was lost")

    viewer = Viewer(inbox.send, lost or never, send_now)
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
        viewer.subscribe(RUN, source, -1, None)
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


async def test_a_viewer_that_has_all_of_a_run_and_said_so_holds_nothing_of_it() -> None:
    source, inbox = FakeSource(), Inbox()
    source.add("a")
    source.end()
    held = weakref.ref(source)
    async with watching(inbox) as viewer:
        viewer.subscribe(RUN, source, -1, None)
        while (message := await inbox.next())["op"] != "ended":
            pass
        await viewer.settle()
        viewer.acknowledge(RUN, message["seq"])
        del source
        gc.collect()
        assert held() is None


async def test_a_viewer_resumes_from_its_last_seq() -> None:
    source, inbox = FakeSource(), Inbox()
    source.add("a", "b", "c")
    async with watching(inbox) as viewer:
        viewer.subscribe(RUN, source, 1, "e1")
        assert (await inbox.next())["after"] == 1
        assert await inbox.texts(1) == ["c"]


@pytest.mark.parametrize(("after", "epoch"), [(1, "another"), (99, "e1"), (99, None)])
async def test_a_position_that_cannot_be_served_starts_anew(after: int, epoch: str | None) -> None:
    source, inbox = FakeSource(), Inbox()
    source.add("a", "b", "c")
    async with watching(inbox) as viewer:
        viewer.subscribe(RUN, source, after, epoch)
        subscribed = await inbox.next()
        assert (subscribed["recovered"], subscribed["after"]) == (False, -1)
        assert await inbox.texts(3) == ["a", "b", "c"]


async def test_subscribing_again_replaces_the_first_subscription() -> None:
    source, inbox = FakeSource(), Inbox()
    source.add("a")
    async with watching(inbox) as viewer:
        viewer.subscribe(RUN, source, -1, None)
        viewer.subscribe(RUN, source, 0, None)
        await inbox.next()
        await inbox.next()
        source.add("b")
        assert await inbox.texts(1) == ["b"]
        assert len(source.wakes) == 1


async def test_unacknowledged_bytes_are_bounded_and_an_ack_goes_on() -> None:
    source, inbox = FakeSource(), Inbox()
    source.add(*["x" * 100_000] * 20)
    async with watching(inbox) as viewer:
        viewer.subscribe(RUN, source, -1, None)
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
        viewer.subscribe(RUN, source, -1, None)
        await inbox.next()
        assert len((await inbox.texts(1))[0]) == 2 * MAX_UNACKNOWLEDGED
        assert inbox.messages.empty()
        viewer.acknowledge(RUN, 0)
        assert await inbox.texts(1) == ["y"]


async def test_a_large_frame_does_not_wait_for_what_need_not_be_acknowledged() -> None:
    source, inbox = FakeSource(), Inbox()
    async with watching(inbox) as viewer:
        viewer.subscribe(RUN, source, -1, None)
        await inbox.next()
        source.add("w" * (ACKNOWLEDGED_WITHIN // 2))
        await inbox.texts(1)
        source.add("x" * (2 * MAX_UNACKNOWLEDGED))
        assert len((await inbox.texts(1))[0]) == 2 * MAX_UNACKNOWLEDGED


async def test_a_viewer_that_never_acknowledges_is_given_up_even_while_it_is_woken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(viewer_module, "TOO_SLOW_AFTER_S", 0.2)
    source, inbox = FakeSource(), Inbox()
    source.add("x" * MAX_UNACKNOWLEDGED, "y")
    viewer = Viewer(inbox.send, inbox.send)
    task = asyncio.create_task(viewer.run())
    viewer.subscribe(RUN, source, -1, None)
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
        viewer.subscribe("first", first, -1, None)
        await inbox.next()
        await inbox.texts(1)
        second.add("y" * 5000)
        viewer.subscribe("second", second, -1, None)
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
        viewer.subscribe(RUN, source, -1, None)
        await inbox.next()
        await inbox.texts(1)
        source.gone = True
        source.wake()
        async with asyncio.timeout(5):
            assert await lost.get() == RUN


async def test_where_the_server_lets_it_a_frame_is_sent_at_once_and_in_order_with_what_is_not() -> None:
    inbox, source = Inbox(), FakeSource()
    at_once: list[bytes] = []
    is_open = True

    def send_now(message: bytes) -> bool:
        if is_open:
            at_once.append(message)
            inbox.messages.put_nowait(orjson.loads(message[message.index(b"{") :]))
        return is_open

    async with watching(inbox, send_now=send_now) as viewer:
        viewer.subscribe(RUN, source, -1, None)
        assert (await inbox.next())["op"] == "subscribed"
        source.add("a")
        assert len(at_once) == 1  # before any task had its turn
        is_open = False  # its reader is slow: the task waits for it
        source.add("b")
        assert await inbox.texts(2) == ["a", "b"]
        assert len(at_once) == 1
        is_open = True
        source.add("c")
        assert await inbox.texts(1) == ["c"]
        source.end()
        assert [(await inbox.next())["op"] for _ in range(2)] == ["frame", "ended"]


async def test_who_tells_waits_for_no_reader_and_a_reader_with_too_much_waiting_is_too_slow() -> None:
    is_taken, has_begun = asyncio.Event(), asyncio.Event()
    sent: list[str] = []

    async def send(text: str) -> None:
        sent.append(text)
        has_begun.set()
        await is_taken.wait()

    viewer = Viewer(send, send)
    task = asyncio.create_task(viewer.run())
    viewer.tell("first")
    async with asyncio.timeout(5):
        await has_begun.wait()
    for _ in range(2 * MAX_ASIDE // 1000):
        viewer.tell("x" * 1000)
    is_taken.set()
    async with asyncio.timeout(5):
        await task
    assert sent[0] == "first"
    assert len(sent) < 2 * MAX_ASIDE // 1000
    viewer.close()


async def test_a_reader_that_takes_what_it_is_told_may_be_told_any_amount() -> None:
    inbox = Inbox()
    async with watching(inbox) as viewer:
        for number in range(3000):
            viewer.tell(orjson.dumps({"number": number, "text": "x" * 100}).decode())
        assert [(await inbox.next())["number"] for _ in range(3000)] == list(range(3000))


async def test_a_run_that_is_not_wanted_any_more_holds_up_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(viewer_module, "TOO_SLOW_AFTER_S", 0.2)
    inbox, first, second = Inbox(), FakeSource(), FakeSource()
    first.add("x" * (MAX_UNACKNOWLEDGED - 1000))
    second.add("y" * 5000)
    viewer = Viewer(inbox.send, inbox.send)
    task = asyncio.create_task(viewer.run())
    viewer.subscribe("first", first, -1, None)
    viewer.subscribe("second", second, -1, None)
    ops = [(await inbox.next())["op"] for _ in range(3)]
    assert sorted(ops) == ["frame", "subscribed", "subscribed"]
    viewer.unsubscribe("second")
    done, _ = await asyncio.wait({task}, timeout=1)
    assert not done
    viewer.close()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_the_fault_of_a_viewer_is_raised_in_its_own_task_and_not_where_the_run_wakes_them_all() -> None:
    source, inbox = FakeSource(), Inbox()

    def broken(_seq: int) -> Frame | None:
        raise ValueError("a lens that does not fit")

    viewer = Viewer(inbox.send, inbox.send, lambda _message: True)
    task = asyncio.create_task(viewer.run())
    viewer.subscribe(RUN, source, -1, None)
    assert (await inbox.next())["op"] == "subscribed"
    await asyncio.sleep(0)  # it waits for news
    source.frame_after = broken  # type: ignore[method-assign]
    source.add("a")
    source.add("b")
    with pytest.raises(ValueError, match="does not fit"):
        await asyncio.wait_for(task, 5)
    viewer.close()
