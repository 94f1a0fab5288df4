"""The recording of a run for pages and the API: synchronous, of a live or an ended run, whichever process has it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast
from uuid import UUID

from playground.recording.events import CHUNK, Event, chunk_text
from playground.recording.findings import Finding, findings
from playground.recording.log import Read
from playground.recording.metrics import Metrics, measure
from playground.recording.status import FINAL, RunStatus
from playground.runs.apps import running_engine
from playground.runs.badges import unstored
from playground.runs.models import Run
from playground.runs.store import load_events, load_reads
from playground.runs.stored import LONG, ReadsPart, StoredEvents, blocks_of, load_reads_part


@dataclass(frozen=True, slots=True)
class RecordedLog:
    """What is recorded of a run so far. An event's index is its seq.

    Of a long run, the events are read as they are asked for, and `ended` is the run, which has its numbers.
    """

    run_id: UUID
    status: RunStatus
    events: Sequence[Event]
    ended: Run | None = None

    @property
    def text(self) -> str:
        """The answer so far."""
        return "".join(chunk_text(event) for event in self.events if event.kind == CHUNK)

    @property
    def reasoning(self) -> str:
        """The reasoning so far."""
        data = (event.data for event in self.events if event.kind == CHUNK)
        return "".join(d.get("reasoning") or "" for d in data if not isinstance(d, str))

    def metrics(self) -> Metrics:
        return cast("Metrics", self.ended.metrics) if self.ended is not None else measure(self.events)

    def findings(self) -> list[Finding]:
        """What stands out in it."""
        return unstored(self.ended.findings) if self.ended is not None else findings(self.events)

    def reads(self) -> list[Read]:
        """The network reads that are stored; those of a live run's last quarter of a second are not yet."""
        return load_reads(self.run_id)

    def received(self) -> int:
        """How many bytes of response bodies came; of a part of a long run, by its end. 0 where nobody is to know."""
        in_events = max((event.offset for event in self.events), default=0)
        if in_events <= 0 or self.status not in FINAL or self.ended is not None:
            return max(0, in_events)
        part = self.reads_of(len(self.events) - 1, len(self.events) - 1)  # what came after the last event is in there
        return max(in_events, part.bytes_before + sum(len(read.raw) for read in part.reads))

    def reads_of(self, first: int, last: int) -> ReadsPart:
        """Those that the events `first` to `last` came from, and some around them."""
        return load_reads_part(self.run_id, first, last)


def open_log(run: Run) -> RecordedLog:
    """Read a run: from memory if it lives on this process, else what is stored.

    An end is stored before it is in memory: where `run` has one, what is stored is all there is.
    """
    engine = running_engine()
    live = engine.live_run(run.id) if engine is not None else None
    if live is not None and not (run.is_final and live.status not in FINAL):
        return RecordedLog(run.id, live.status, list(live.events))
    if run.is_final and run.last_seq >= LONG:
        return RecordedLog(run.id, RunStatus(run.status), StoredEvents(run.id, blocks_of(run.id)), run)
    return RecordedLog(run.id, RunStatus(run.status), load_events(run.id))
