"""Resuming by (run, epoch, seq), as a machine: whatever happens in any order, a viewer holds a prefix of the truth.

The viewer, its subscriptions, the sources and the frames are the real ones. The network, the database and the clock are
the test's: messages wait in `flying` until they are delivered, or are lost with their connection.
"""

import asyncio
from collections import deque
from typing import Any

import orjson
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from uuid_utils.compat import uuid7

from playground.recording.events import CHUNK, RUN_ENDED, Event
from playground.recording.status import RunStatus
from playground.runs import viewer as viewer_module
from playground.runs.database import DatabaseThreads
from playground.runs.sources import Follower, Recording, Source
from playground.runs.viewer import Viewer
from tests.reliability.copy import Copy
from tests.reliability.sizes import size

BOUND = 2000  # bytes that may wait for an acknowledgement: small, so that a few texts reach it
TURNS = 3  # of the loop, after which a viewer has done what it can do without news


class ResumeMachine(RuleBasedStateMachine):
    """One run, which may die and go on in a new epoch, and one client, which may come and go."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.usual_bounds = viewer_module.MAX_UNACKNOWLEDGED, viewer_module.ACKNOWLEDGED_WITHIN
        viewer_module.MAX_UNACKNOWLEDGED, viewer_module.ACKNOWLEDGED_WITHIN = BOUND, BOUND // 4
        self.run_id = uuid7()
        self.threads = DatabaseThreads(1, "unused")
        self.truth: list[Event] = []
        self.epochs = 0
        self.has_ended = False
        self.sources: list[Source] = []
        self.copy = Copy()
        self.viewer: Viewer | None = None
        self.task: asyncio.Task[None] | None = None
        self.flying: deque[tuple[dict[str, Any], bool]] = deque()
        self.was_asked: deque[bool] = deque()  # of each subscription that is not answered yet, whether the client did
        self.is_taken = asyncio.Event()
        self.is_taken.set()
        self.source = self._follower()

    # The run ---------------------------------------------------------------------------------------------------------

    @property
    def epoch(self) -> str:
        return f"epoch {self.epochs}"

    def _follower(self) -> Follower:
        source = Follower(self.run_id, self.epoch, self.threads, is_fed=lambda: True)
        source.feed(self.truth)
        return source

    def _current(self) -> Source:
        """What the engine would open: a run that has ended is read from its recording."""
        if self.has_ended:
            return Recording(self.run_id, self.epoch, RunStatus.COMPLETED, list(self.truth))
        return self.source

    def _append(self, kind: str, data: Any) -> None:
        self.truth.append(Event(len(self.truth), len(self.truth), kind, data))
        self.source.feed(self.truth[-1:])

    @precondition(lambda self: not self.has_ended)
    @rule(sizes=st.lists(st.sampled_from([1, 30, 400, 3 * BOUND]), min_size=1, max_size=40))
    def tokens_come(self, sizes: list[int]) -> None:
        for length in sizes:
            self._append(CHUNK, f"{self.epochs}:{len(self.truth)} " + "x" * length)
        self._settle()

    @precondition(lambda self: not self.has_ended)
    @rule()
    def the_run_ends(self) -> None:
        self._append(RUN_ENDED, {"status": "completed"})
        self.has_ended = True
        self._settle()

    @precondition(lambda self: not self.has_ended)
    @rule(lost=st.integers(0, 30))
    def its_process_dies(self, lost: int) -> None:
        """What was not stored by then is lost, and what comes later is of a new epoch."""
        self.truth = self.truth[: max(0, len(self.truth) - lost)]
        self.epochs += 1
        old, self.source = self.source, self._follower()
        old.gone = True
        if self.viewer is not None:
            self.viewer.wake()
        self._settle()

    # The client ------------------------------------------------------------------------------------------------------

    @property
    def may_ask(self) -> bool:
        """Who asks again before the answer is there may be refused the first and served the second: so nobody does."""
        return self.viewer is not None and not self.copy.is_asking

    @precondition(lambda self: self.viewer is None)
    @rule()
    def connect(self) -> None:
        self.viewer = Viewer(self._send, self._lost)
        self.task = self.loop.create_task(self.viewer.run())
        self._subscribe(self.copy.after, self.copy.epoch)

    @precondition(lambda self: self.viewer is not None)
    @rule(delivered=st.integers(0, 20))
    def the_connection_breaks(self, delivered: int) -> None:
        self.messages_arrive(delivered)
        self._disconnect()

    @precondition(lambda self: self.may_ask)
    @rule(back=st.integers(0, 30))
    def subscribe_from_an_older_seq(self, back: int) -> None:
        self._subscribe(max(-1, self.copy.after - back), self.copy.epoch)

    @precondition(lambda self: self.may_ask)
    @rule(beyond=st.integers(1, 30), names_epoch=st.booleans())
    def subscribe_from_beyond_the_end(self, beyond: int, names_epoch: bool) -> None:
        self._subscribe(len(self.truth) - 1 + beyond, self.epoch if names_epoch else "")

    @precondition(lambda self: self.may_ask)
    @rule(after=st.integers(-1, 100))
    def subscribe_with_a_wrong_epoch(self, after: int) -> None:
        self._subscribe(after, "of another run")

    @precondition(lambda self: self.may_ask)
    @rule()
    def unsubscribe_and_subscribe(self) -> None:
        assert self.viewer is not None
        self.viewer.unsubscribe(str(self.run_id))
        self._subscribe(self.copy.after, self.copy.epoch)

    @rule(count=st.integers(1, 50))
    def messages_arrive(self, count: int) -> None:
        for _ in range(min(count, len(self.flying))):
            message, is_answer = self.flying.popleft()
            self.copy.take(message, is_answer=is_answer)

    @precondition(lambda self: self.viewer is not None and not self.copy.is_asking and self.copy.after >= 0)
    @rule(behind=st.integers(0, 10))
    def acknowledge(self, behind: int) -> None:
        assert self.viewer is not None
        self.viewer.acknowledge(str(self.run_id), max(0, self.copy.after - behind))
        self._settle()

    @rule()
    def the_transport_is_full(self) -> None:
        self.is_taken.clear()

    @rule()
    def the_transport_drains(self) -> None:
        self.is_taken.set()
        self._settle()

    # What holds ------------------------------------------------------------------------------------------------------

    @invariant()
    def nothing_was_lost_or_doubled_or_refused(self) -> None:
        assert (self.copy.lost, self.copy.doubled, self.copy.differing, self.copy.unserved) == (0, 0, 0, 0)

    @invariant()
    def the_client_holds_a_prefix_of_the_truth(self) -> None:
        if self.copy.epoch == self.epoch:
            assert self.copy.events == self._as_sent(self.truth[: self.copy.after + 1])

    @invariant()
    def what_is_not_acknowledged_is_bounded(self) -> None:
        if self.viewer is not None:
            waiting = [size for one in self.viewer.subscriptions.values() for _, size in one.unacknowledged]
            assert self.viewer.pending == sum(waiting)
            assert self.viewer.pending <= BOUND or self.viewer.pending - max(waiting) < BOUND // 4

    def teardown(self) -> None:
        """Whatever has happened: a client that comes back, and reads and acknowledges, holds everything in the end."""
        if not self.has_ended:
            self.the_run_ends()
        if self.viewer is None:
            self.connect()
        self.the_transport_drains()
        for _ in range(2 * len(self.truth) + 10):
            self.messages_arrive(1000)
            if self.copy.has_ended:
                break
            if self.copy.after >= 0 and not self.copy.is_asking:
                self.acknowledge(0)
            self._settle()
        self._disconnect()
        self.loop.close()
        viewer_module.MAX_UNACKNOWLEDGED, viewer_module.ACKNOWLEDGED_WITHIN = self.usual_bounds
        self.nothing_was_lost_or_doubled_or_refused()
        assert self.copy.epoch == self.epoch
        assert self.copy.events == self._as_sent(self.truth)
        assert self.copy.ended is not None
        assert self.copy.ended["seq"] == len(self.truth) - 1

    # Inside ----------------------------------------------------------------------------------------------------------

    @staticmethod
    def _as_sent(events: list[Event]) -> list[list[Any]]:
        return [[event.t, event.kind, event.data] for event in events]

    def _subscribe(self, after: int, epoch: str) -> None:
        assert self.viewer is not None
        asked = self.copy.ask(str(self.run_id), after, epoch)
        self.was_asked.append(True)
        self.viewer.subscribe(str(self.run_id), self._current(), asked["after"], asked.get("epoch"))
        self._settle()

    async def _send(self, text: str) -> None:
        message = orjson.loads(text)
        self.flying.append((message, message["op"] == "subscribed" and self.was_asked.popleft()))
        await self.is_taken.wait()

    async def _lost(self, run: str) -> None:
        """As the socket does: from where it now is, in its new epoch."""
        assert self.viewer is not None
        known = self.viewer.subscriptions[run]
        self.was_asked.append(False)
        self.viewer.subscribe(run, self._current(), known.after, known.source.epoch)

    def _settle(self) -> None:
        """Let the viewer do all that it can now."""
        before = -1
        while before != len(self.flying):
            before = len(self.flying)
            for _ in range(TURNS):
                self.loop.run_until_complete(asyncio.sleep(0))

    def _disconnect(self) -> None:
        assert self.viewer is not None
        assert self.task is not None
        assert not self.task.done()
        self.viewer.close()
        self.task.cancel()
        self.loop.run_until_complete(asyncio.gather(self.task, return_exceptions=True))
        self.viewer = self.task = None
        self.flying.clear()
        self.was_asked.clear()
        self.copy.lose_connection()


ResumeMachine.TestCase.settings = settings(max_examples=size(150, 5000), stateful_step_count=40, deadline=None)
TestResume = ResumeMachine.TestCase
