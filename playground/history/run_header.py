"""What stands above the tabs of a run's page: what was asked of which model, and how it went."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from playground.connections.builtin import LOCAL, SIM
from playground.connections.problems import explain
from playground.history.filters import STATUS_WORDS
from playground.history.numbers import Number, speed, usage
from playground.recording.findings import findings
from playground.recording.reasons import common
from playground.recording.status import RunStatus
from playground.runs.badges import Badge as Finding
from playground.runs.badges import badge as finding_badge
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


class Mark(NamedTuple):
    """What a reader must know of a run beside its status; `kind` is its badge's class."""

    words: str
    kind: str = ""


# By the finish reasons in OpenAI's words; one that has none is shown as it came.
_FINISHES: Final[Mapping[str, Promise]] = {
    "stop": gettext_lazy("finished"),
    "length": gettext_lazy("stopped at the token limit"),
    "content_filter": gettext_lazy("stopped by the content filter"),
    "tool_calls": gettext_lazy("asks for a tool"),
}
_FOUND: Final = frozenset({"length"})  # the findings say it
_WARNING: Final = "badge--warning"


@dataclass(frozen=True, slots=True)
class RunHeader:
    """`problem` says why the run did not end well. `findings` are what stands out in its events.

    `lanes` are the newest runs of the turn's other lanes; `later` are retries and continuations of this run.
    """

    badge: Badge
    marks: Sequence[Mark]
    findings: Sequence[Finding]
    problem: str
    turn: Turn
    numbers: Sequence[Number]
    usage: Sequence[Number]
    parameters: Sequence[str]
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
        marks=list(_marks(run)),
        findings=[finding_badge(found) for found in findings(log.events)],
        problem=explain(run.error_code, run.error_message),
        turn=turn,
        numbers=speed(log.metrics()),
        usage=usage(run.usage),
        parameters=[_chip(name, value) for name, value in turn.ordered_parameters],
        messages=run.messages,
        lanes=[other for other in siblings if other.lane != run.lane],
        later=[other for other in siblings if run.pk in (other.retries_id, other.continues_id)],
    )


def _marks(run: Run) -> Iterator[Mark]:
    """What it was made by, and how it finished; what stands out in its events is in `findings`."""
    if run.model_id.startswith(f"{SIM}/"):
        yield Mark(_("simulated"), _WARNING)
    if run.model_id.startswith(f"{LOCAL}/"):
        yield Mark(_("tiny demo model"))
    if run.finish_reason and common(run.finish_reason) not in _FOUND:
        yield _finish(run.finish_reason)


def _finish(reason: str) -> Mark:
    words = f"{known} ({reason})" if (known := _FINISHES.get(common(reason))) else reason
    return Mark(words)


def _chip(name: str, value: object) -> str:
    """For example "temperature 0.5"; what is only on or off is its name."""
    if value is True:
        return name
    return f"{name} {value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}"
