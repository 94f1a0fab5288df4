"""A run's recording as `mock` serves it."""

from playground.mock.answer import Recording
from playground.runs.models import Run
from playground.runs.store import load_events, load_reads


def recording_of(run: Run) -> Recording:
    """All that is stored of a run that has ended."""
    began = run.started_at or run.created_at
    return Recording(str(run.pk), run.model_id, load_events(run.pk), load_reads(run.pk), int(began.timestamp()))
