"""Recordings as the replay's player takes them."""

from collections.abc import Sequence
from itertools import groupby

import orjson

from playground.replay.pins import Pin
from playground.runs.models import Run, Turn
from playground.runs.reader import open_log


def lanes_of(turn: Turn) -> list[Run]:
    """The newest run of each lane, with what a lane's header shows."""
    runs = turn.runs.select_related("turn__session").order_by("lane", "created_at").defer("messages", "reasoning")
    return [list(same)[-1] for _, same in groupby(runs, key=lambda run: run.lane)]


def recording_json(runs: Sequence[Run], pins: Sequence[Pin] = ()) -> bytes:
    """`{"runs": [{id, model, status, events: [[t, kind, data], …]}, …], "pins": [{t, label, href}, …]}`.

    The events are as in a frame, from seq 0 on; the pins are where people commented.
    """
    logs = [(run, open_log(run)) for run in runs]
    parts = [
        {
            "id": str(run.id),
            "model": run.model_id,
            "status": log.status.value,
            "events": [(event.t, event.kind, event.data) for event in log.events],
        }
        for run, log in logs
    ]
    return orjson.dumps({"runs": parts, "pins": [pin._asdict() for pin in pins]})
