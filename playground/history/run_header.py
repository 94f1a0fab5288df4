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
from playground.recording.events import NOTICE, Event
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


class Mark(NamedTuple):
    """What a reader must know of a run beside its status; `kind` is its badge's class."""

    words: str
    kind: str = ""


# By the finish reasons of the OpenAI dialects; another is shown as it came.
_FINISHES: Final[Mapping[str, Promise]] = {
    "stop": gettext_lazy("finished"),
    "length": gettext_lazy("stopped at the token limit"),
    "content_filter": gettext_lazy("stopped by the content filter"),
    "tool_calls": gettext_lazy("asks for a tool"),
    "function_call": gettext_lazy("asks for a tool"),
}
_WARNING: Final = "badge--warning"


@dataclass(frozen=True, slots=True)
class RunHeader:
    """`problem` says why the run did not end well. `lanes` are the newest runs of the turn's other lanes; `later` are
    retries and continuations of this run.
    """

    badge: Badge
    marks: Sequence[Mark]
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
        marks=list(_marks(run, log)),
        problem=explain(run.error_code, run.error_message),
        turn=turn,
        numbers=speed(log.metrics()),
        usage=usage(run.usage),
        parameters=[_chip(name, value) for name, value in turn.ordered_parameters],
        messages=run.messages,
        lanes=[other for other in siblings if other.lane != run.lane],
        later=[other for other in siblings if run.pk in (other.retries_id, other.continues_id)],
    )


def _marks(run: Run, log: RecordedLog) -> Iterator[Mark]:
    """Those of the run's lane, and how it finished."""
    if run.model_id.startswith(f"{SIM}/"):
        yield Mark(_("simulated"), _WARNING)
    if run.model_id.startswith(f"{LOCAL}/"):
        yield Mark(_("tiny demo model"))
    if run.finish_reason:
        yield _finish(run.finish_reason)
    metrics = log.metrics()
    if run.status == RunStatus.COMPLETED and not metrics.get("chunks"):
        yield Mark(_("no text"), _WARNING)
    if any(_code(event) == "one_chunk" for event in log.events if event.kind == NOTICE):
        yield Mark(_("whole answer in one chunk"), _WARNING)
    if (attempts := max(run.attempts, metrics.get("attempts", 0))) > 1:  # the row has them only when the run has ended
        yield Mark(_("attempts %(count)d") % {"count": attempts}, _WARNING)


def _finish(reason: str) -> Mark:
    words = f"{known} ({reason})" if (known := _FINISHES.get(reason)) else reason
    return Mark(words, _WARNING if reason == "length" else "")


def _code(notice: Event) -> object:
    return None if isinstance(notice.data, str) else notice.data.get("code")


def _chip(name: str, value: object) -> str:
    """For example "temperature 0.5"; what is only on or off is its name."""
    if value is True:
        return name
    return f"{name} {value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}"
