"""The recording of a run for pages and the API: synchronous, of a live or an ended run, whichever process has it."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from playground.recording.events import CHUNK, Event, chunk_text
from playground.recording.log import Read
from playground.recording.metrics import Metrics, measure
from playground.recording.status import RunStatus
from playground.runs.apps import running_engine
from playground.runs.models import Run
from playground.runs.store import load_events, load_reads


@dataclass(frozen=True, slots=True)
class RecordedLog:
    """What is recorded of a run so far. An event's index is its seq."""

    run_id: UUID
    status: RunStatus
    events: Sequence[Event]

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
        return measure(self.events)

    def reads(self) -> list[Read]:
        """The network reads that are stored; those of a live run's last quarter of a second are not yet."""
        return load_reads(self.run_id)


def open_log(run: Run) -> RecordedLog:
    """Read a run: from memory if it lives on this process, else what is stored."""
    engine = running_engine()
    live = engine.live_run(run.id) if engine is not None else None
    if live is not None:
        return RecordedLog(run.id, live.status, list(live.events))
    return RecordedLog(run.id, RunStatus(run.status), load_events(run.id))
