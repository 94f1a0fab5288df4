"""What stands above the tabs of a run's page: what was asked of which model, and how it went."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from playground.connections.problems import explain
from playground.history.filters import STATUS_WORDS
from playground.history.numbers import Number, speed, usage
from playground.recording.status import RunStatus
from playground.runs.models import Run, Turn
from playground.runs.reader import RecordedLog

_BADGES = {
    RunStatus.QUEUED: ("badge--accent", "icon--hourglass"),
    RunStatus.STREAMING: ("badge--accent", "icon--wave"),
    RunStatus.COMPLETED: ("badge--ok", "icon--check-circle"),
    RunStatus.CANCELLED: ("", "icon--stop"),
    RunStatus.TRUNCATED: ("badge--warning", "icon--scissors"),
    RunStatus.FILTERED: ("badge--warning", "icon--shield"),
    RunStatus.FAILED: ("badge--danger", "icon--error"),
    RunStatus.INTERRUPTED: ("badge--danger", "icon--plug"),
}


@dataclass(frozen=True, slots=True)
class Badge:
    status: str
    words: str
    kind: str
    icon: str

    @property
    def notice(self) -> str:
        return "notice--danger" if self.kind == "badge--danger" else "notice--warning"


@dataclass(frozen=True, slots=True)
class RunHeader:
    """`problem` says why the run did not end well. `lanes` are the newest runs of the turn's other lanes; `later` are
    retries and continuations of this run.
    """

    badge: Badge
    problem: str
    turn: Turn
    numbers: Sequence[Number]
    usage: Sequence[Number]
    parameters: Sequence[tuple[str, str]]
    messages: Sequence[Mapping[str, Any]]
    lanes: Sequence[Run]
    later: Sequence[Run]


def badge(status: str) -> Badge:
    known = RunStatus(status)
    kind, icon = _BADGES[known]
    return Badge(status, str(STATUS_WORDS[known]), kind, icon)


def run_header(run: Run, log: RecordedLog) -> RunHeader:
    turn = run.turn
    siblings = list(turn.runs.exclude(pk=run.pk).defer("messages", "text", "reasoning"))
    return RunHeader(
        badge=badge(run.status),
        problem=explain(run.error_code, run.error_message),
        turn=turn,
        numbers=speed(log.metrics()),
        usage=usage(run.usage),
        parameters=[(name, _plain(value)) for name, value in turn.parameters.items()],
        messages=run.messages,
        lanes=[other for other in siblings if other.lane != run.lane],
        later=[other for other in siblings if run.pk in (other.retries_id, other.continues_id)],
    )


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
