"""What the templates of the playground need."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.db.models import Prefetch

from playground.accounts.models import User
from playground.connections.catalogue import ModelInfo, list_models
from playground.prompts.forms import TurnForm, values_of
from playground.runs.access import visible_turns
from playground.runs.models import Run, Session, Turn
from playground.runs.turns import MAX_LANES
from playground.workspaces.models import Workspace


@dataclass(frozen=True, slots=True)
class Lane:
    """The newest run of a lane, and the ones that it replaced, oldest first."""

    run: Run
    earlier: Sequence[Run]


@dataclass(frozen=True, slots=True)
class ShownTurn:
    turn: Turn
    lanes: Sequence[Lane]

    @property
    def is_live(self) -> bool:
        return any(not lane.run.is_final for lane in self.lanes)


@dataclass(frozen=True, slots=True)
class Composer:
    """The form and what surrounds it. `lanes` are the model ids shown, valid or not."""

    form: TurnForm
    models: Sequence[ModelInfo]
    lanes: Sequence[str]
    session: Session | None = None
    editing: Turn | None = None

    @property
    def can_add(self) -> bool:
        return len(self.lanes) < MAX_LANES

    @property
    def unavailable(self) -> list[ModelInfo]:
        """Models of this installation that cannot run here, each with the reason."""
        return [model for model in self.models if not model.available]


def show_turn(turn: Turn) -> ShownTurn:
    """One query, or none if the turn's runs are prefetched."""
    runs = sorted(turn.runs.all(), key=lambda run: (run.lane, run.created_at))
    lanes = []
    for _, same_lane in groupby(runs, key=lambda run: run.lane):
        *earlier, newest = same_lane
        lanes.append(Lane(newest, earlier))
    return ShownTurn(turn, lanes)


def show_lane(run: Run) -> Lane:
    return next(lane for lane in show_turn(run.turn).lanes if lane.run.lane == run.lane)


def shown_turns(session: Session) -> Iterator[ShownTurn]:
    """Two queries, however many turns there are."""
    runs = Prefetch("runs", Run.objects.order_by("lane", "created_at"))
    return map(show_turn, session.turns.prefetch_related(runs).order_by("position"))


def empty_composer(user: User, workspace: Workspace, session: Session | None = None, *, prompt: str = "") -> Composer:
    """Ready for the next prompt: lanes, system prompt and parameters as they were in the session's last turn.

    A new session takes only the lanes, from the user's last turn: a stop text left over from elsewhere would surprise.
    """
    models = list_models(workspace)
    if session is not None:
        last = session.turns.order_by("-position").first()
        values = values_of(last) if last else {}
        return _composer(TurnForm(initial={**values, "session": session.pk}), models, values.get("model"), session)
    last = visible_turns(user).filter(session__workspace=workspace).order_by("-created_at").first()
    return _composer(TurnForm(initial={"prompt": prompt}), models, values_of(last)["model"] if last else None)


def editing_composer(workspace: Workspace, turn: Turn) -> Composer:
    """Filled with a turn that was sent, to change it and send it again."""
    values = values_of(turn)
    initial = {**values, "prompt": turn.prompt, "session": turn.session_id, "position": turn.position}
    return _composer(TurnForm(initial=initial), list_models(workspace), values["model"], turn.session, turn)


def returned_composer(workspace: Workspace, form: TurnForm, lanes: Sequence[str], session: Session | None) -> Composer:
    """What was sent and refused, with everything that was typed."""
    return _composer(form, list_models(workspace), lanes, session)


def change_lanes(lanes: Sequence[str], data: Mapping[str, str]) -> list[str]:
    """One lane more ("add"), or one less (the number of the lane)."""
    change = data["change_lanes"]
    if change == "add":
        return [*lanes, *lanes[-1:]][:MAX_LANES]
    return [lane for number, lane in enumerate(lanes) if str(number) != change or len(lanes) == 1]


def _composer(
    form: TurnForm,
    models: Sequence[ModelInfo],
    lanes: Sequence[str] | None,
    session: Session | None = None,
    editing: Turn | None = None,
) -> Composer:
    return Composer(form, models, lanes or [_first_choice(models)], session, editing)


def _first_choice(models: Sequence[ModelInfo]) -> str:
    return next((model.id for model in models if model.available), "")


def page_context(composer: Composer, **more: Any) -> dict[str, Any]:
    return {"composer": composer, "form": composer.form, "session": composer.session, **more}
