"""Asking for a run to be stopped."""

from django.db.models.functions import Now

from playground.runs.apps import running_engine
from playground.runs.models import Run
from playground.runs.store import LIVE


def request_stop(run: Run) -> None:
    """Ask for a run to be stopped, wherever it lives. Idempotent; does nothing to a run that has ended.

    One that lives on this process is stopped whatever its database is up to; of others, the request is stored for the
    process that has it.
    """
    engine = running_engine()
    if engine is not None and engine.live_run(run.id) is not None:
        engine.stop(run.id, engine.owner)
        return
    asked = Run.objects.filter(id=run.id, status__in=LIVE, stop_requested_at=None).update(stop_requested_at=Now())
    if asked and engine is not None:
        engine.stop(run.id, run.owner_process)
