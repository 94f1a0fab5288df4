"""Watches a live answer on the stage, and puts a recording in its place where it fails."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from playground.errors import Conflict
from playground.presenting import stage as steps
from playground.presenting.models import Show
from playground.presenting.program import Cue, cues_of
from playground.presenting.stage import Lane
from playground.recording.events import CHUNK
from playground.recording.status import RunStatus
from playground.runs.engine import Engine
from playground.runs.live import LiveRun
from playground.runs.models import Run
from playground.runs.stopping import request_stop

TOO_LATE: Final = "first_chunk_timeout"
_FINE: Final = frozenset({RunStatus.COMPLETED, RunStatus.CANCELLED})


def watch(
    engine: Engine, show_id: UUID, turn: str, lane: Lane, patience_s: float
) -> Callable[[], Coroutine[Any, Any, None]]:
    """The work of one live answer. It must be started on the process that has the run, after the run."""

    async def work() -> None:
        live = engine.live_run(UUID(lane.run))
        failure = ""
        if live is not None and not await _begins(live, patience_s):
            if await engine.threads.call(_recording, turn, lane) is not None:
                failure = TOO_LATE
            else:
                await engine.threads.call(_mark, show_id, turn, lane, overdue=True)
                await _begins(live, None)
                await engine.threads.call(_mark, show_id, turn, lane, overdue=False)
        if live is not None and not failure:
            await _until(live, lambda live: live.is_final or live.gone)
        failure = failure or await engine.threads.call(_recorded_failure, UUID(lane.run))
        if failure:
            await engine.threads.call(_give_way, show_id, turn, lane, failure)

    return work


async def _begins(live: LiveRun, patience_s: float | None) -> bool:
    """Wait for the first chunk, or an end without one; None: as long as it takes. Returns whether it came in time."""
    try:
        async with asyncio.timeout(patience_s):
            await _until(live, _has_begun)
    except TimeoutError:
        return False
    return True


async def _until(live: LiveRun, condition: Callable[[LiveRun], bool]) -> None:
    changed = asyncio.Event()
    live.attach(changed.set)
    try:
        while not condition(live):
            changed.clear()
            await changed.wait()
    finally:
        live.detach(changed.set)


def _has_begun(live: LiveRun) -> bool:
    return live.is_final or live.gone or any(event.kind == CHUNK for event in live.events)


def _recorded_failure(run_id: UUID) -> str:
    """Why the answer is no good; "" if it is, or was stopped."""
    run = Run.objects.filter(pk=run_id).only("status", "error_code").first()
    if run is None:
        return "not_found"
    return "" if run.status in _FINE else run.error_code or run.status


def _recording(turn: str, lane: Lane) -> Cue | None:
    """The cue of a lane, if a recording stands ready in it."""
    return next((cue for cue in cues_of(turn) if cue.lane == lane.lane and cue.recording), None)


def _give_way(show_id: UUID, turn: str, lane: Lane, failure: str) -> None:
    from playground.presenting.shows import now_ms  # they start what is watched here

    cue = _recording(turn, lane)
    # Without a recording, what came of the live answer stays.
    instead = cue.show(started_at=now_ms(), failure=failure) if cue else replace(lane, failure=failure)
    if _replace(show_id, turn, lane, instead) and failure == TOO_LATE:
        request_stop(Run.objects.get(pk=lane.run))


def _mark(show_id: UUID, turn: str, lane: Lane, *, overdue: bool) -> None:
    _replace(show_id, turn, lane, replace(lane, overdue=overdue))


def _replace(show_id: UUID, turn: str, lane: Lane, instead: Lane) -> bool:
    """Whether there is still a show."""
    from playground.presenting.shows import change

    show = Show.objects.on().filter(pk=show_id).first()
    if show is None:
        return False
    try:
        change(show, lambda stage: steps.fall_back(stage, turn, lane.run, instead))
    except Conflict:
        return False  # it ended meanwhile
    return True
