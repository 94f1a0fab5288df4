"""What stands above the tabs of a run's page: what was asked of which model, and how it went."""

import json
from collections import Counter
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
from playground.recording.reasons import common
from playground.recording.status import RunStatus
from playground.runs.badges import Badge as Finding
from playground.runs.badges import badge as finding_badge
from playground.runs.continuing import may_continue
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


class OtherLane(NamedTuple):
    """The newest run of another lane; `number` is the lane's where its model does not name it."""

    run: Run
    number: int | None


class Relative(NamedTuple):
    """Another run of the lane: what it is, and how it went."""

    run: Run
    words: str
    status: str


@dataclass(frozen=True, slots=True)
class RunHeader:
    """`problem` says why the run did not end well. `findings` are what stands out in its events.

    `lanes` are the turn's other lanes; `earlier` and `later` are the other runs of this lane.
    `is_newest`: it is the run that its lane shows.
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
    lanes: Sequence[OtherLane]
    earlier: Sequence[Relative]
    later: Sequence[Relative]

    @property
    def is_newest(self) -> bool:
        return not self.later


def badge(status: str) -> Badge:
    known = RunStatus(status)
    kind, icon = _BADGES[known]
    return Badge(status, str(STATUS_WORDS[known]), kind, icon)


def run_header(run: Run, log: RecordedLog) -> RunHeader:
    turn = run.turn
    siblings = list(turn.runs.exclude(pk=run.pk).defer("messages", "text", "reasoning").order_by("lane", "created_at"))
    own = [_relative(run, other) for other in siblings if other.lane == run.lane]
    return RunHeader(
        badge=badge(run.status),
        marks=list(_marks(run)),
        findings=[finding_badge(found) for found in log.findings()],
        problem=explain(run.error_code, run.error_message, has_part=may_continue(run)),
        turn=turn,
        numbers=speed(log.metrics()),
        usage=usage(run.usage),
        parameters=[_chip(name, value) for name, value in turn.ordered_parameters],
        messages=run.messages,
        lanes=_other_lanes(run, siblings),
        earlier=[relative for relative in own if relative.run.created_at < run.created_at],
        later=[relative for relative in own if relative.run.created_at >= run.created_at],
    )


def _other_lanes(run: Run, siblings: Sequence[Run]) -> list[OtherLane]:
    """Each by its newest run; lanes of one model are told apart by their numbers."""
    newest = {other.lane: other for other in siblings if other.lane != run.lane}  # the last of a lane is its newest
    models = Counter([run.model_id, *(other.model_id for other in newest.values())])
    return [OtherLane(other, other.lane + 1 if models[other.model_id] > 1 else None) for other in newest.values()]


def _relative(run: Run, other: Run) -> Relative:
    """Another run of the same lane, by what it is to this one."""
    if other.pk == run.retries_id:
        words = _("the run that this one retries")
    elif other.pk == run.continues_id:
        words = _("the run that this one continues")
    elif other.retries_id == run.pk:
        words = _("retry of this run")
    elif other.continues_id == run.pk:
        words = _("continuation of this run")
    elif other.retries_id:
        words = _("a retry")
    elif other.continues_id:
        words = _("a continuation")
    else:
        words = _("the first run")
    return Relative(other, words, badge(other.status).words)


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
