"""What the screens of a show are told: the stage, the speaker's, and the audience's. All are told the same.

It is an allow-list: of the session it holds what was shown so far, and nothing that comes later, no notes, no system
prompt.
"""

import time
from collections.abc import Mapping
from typing import Any, Final, NamedTuple
from uuid import UUID

import orjson

from playground.presenting.models import Show
from playground.presenting.program import cues_of
from playground.presenting.stage import Lane, Stage
from playground.runs.models import Turn
from playground.runs.rooms import nudge
from playground.sharing.contents import Contents
from playground.sharing.public import public_turn, redactions_of

AUDIENCE_SEES: Final = Contents(system=False, parameters=False, timeline=True, annotations=False)
"""Exact times, which replays and the numbers need."""

_MOST_TOLD: Final = 7 * 1024
"""In bytes, of the 8 KiB that a nudge holds; a longer prompt is fetched by each screen."""

_RECENT_S: Final = 1.0
_MOST_RECENT: Final = 64


class _Recent(NamedTuple):
    version: int
    until: float
    data: Mapping[str, Any]


_recent: Final[dict[UUID, _Recent]] = {}


def shown(show: Show) -> dict[str, Any]:
    """The whole stage, with the server's clock in ms since 1970. Asked for by a whole audience, it is made once."""
    if not show.is_on:
        return _now({"version": show.state["version"] + 1, "over": True})
    known = _recent.get(show.pk)
    if known is None or known.version != show.state["version"] or known.until < time.monotonic():
        if len(_recent) >= _MOST_RECENT:
            _recent.clear()
        known = _recent[show.pk] = _Recent(show.state["version"], time.monotonic() + _RECENT_S, _shown(show))
    return _now(known.data)


def _now(data: Mapping[str, Any]) -> dict[str, Any]:
    return {**data, "now": time.time_ns() // 1_000_000}


def _shown(show: Show) -> dict[str, Any]:
    stage = Stage.from_json(show.state)
    turn = Turn.objects.filter(pk=stage.turn).first() if stage.turn else None
    return {
        "version": stage.version,
        "over": False,
        "turn": stage.turn,
        "number": turn.position + 1 if turn else 0,
        "prompt": _prompt(turn) if turn else "",
        "lanes": [_lane(lane) for lane in stage.lanes or _waiting(turn)],
        "metrics": stage.metrics,
        "blank": stage.blank,
        "qr": stage.qr,
        "theme": stage.theme,
    }


def tell(show: Show) -> None:
    """Once the change is committed."""
    told = _now(_shown(show)) if show.is_on else shown(show)
    if len(orjson.dumps(told)) > _MOST_TOLD:
        told["prompt"] = None
    nudge(show.room, "stage", **told)


def _prompt(turn: Turn) -> str:
    return public_turn(turn, AUDIENCE_SEES, redactions_of([turn.pk])).prompt


def _waiting(turn: Turn | None) -> list[Lane]:
    return [Lane(cue.lane, cue.model) for cue in cues_of(str(turn.pk))] if turn else []


def _lane(lane: Lane) -> dict[str, Any]:
    return {
        "lane": lane.lane,
        "model": lane.model,
        "run": lane.run,
        "kind": lane.kind,
        "started_at": lane.started_at,
        "recorded_at": lane.recorded_at,
        "failure": lane.failure,
    }
