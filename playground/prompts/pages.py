"""What the templates of the playground need."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any, Final

from django.db.models import Prefetch, QuerySet
from django.db.models.expressions import RawSQL

from playground.accounts.models import User
from playground.connections.catalogue import ModelInfo, list_models
from playground.library.filling import Filling
from playground.library.models import PromptVersion
from playground.prompts.forms import PARAMETERS, StopField, TurnForm, values_of
from playground.runs.access import visible_sessions
from playground.runs.models import Run, Session, Turn
from playground.runs.samples import ORIGIN as SAMPLE
from playground.runs.turns import MAX_LANES
from playground.workspaces.models import Workspace

TURNS: Final = 30


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
    """The form and what surrounds it. `lanes` are the model ids shown, valid or not.

    `filling`: the variables of the prompt, where it comes from the library or has some.
    """

    form: TurnForm
    models: Sequence[ModelInfo]
    lanes: Sequence[str]
    session: Session | None = None
    editing: Turn | None = None
    filling: Filling | None = None

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


@dataclass(frozen=True, slots=True)
class TurnPage:
    """Consecutive turns, oldest first. `earlier`: the position below which there are more; None if there are none."""

    turns: Sequence[ShownTurn]
    earlier: int | None


def turn_page(session: Session, before: int | None = None) -> TurnPage:
    """The last TURNS turns below the position `before`. Two queries, however many turns there are."""
    runs = Prefetch("runs", Run.objects.order_by("lane", "created_at"))
    turns = session.turns.prefetch_related(runs).select_related("prompt_use__version__prompt")
    if before is not None:
        turns = turns.filter(position__lt=before)
    newest_first = list(turns.order_by("-position")[: TURNS + 1])
    shown = newest_first[:TURNS][::-1]
    return TurnPage(list(map(show_turn, shown)), shown[0].position if len(newest_first) > TURNS else None)


def sample_sessions(user: User, workspace: Workspace) -> QuerySet[Session]:
    """Few among many: as a parameter, the origin would not tell SQLite that it has an index of them."""
    literally = RawSQL(f"'{SAMPLE}'", [])  # noqa: S611  (a constant)
    return visible_sessions(user).filter(workspace=workspace, origin=literally).order_by("-updated_at")[:3]


def empty_composer(user: User, workspace: Workspace, session: Session | None = None, *, prompt: str = "") -> Composer:
    """Ready for the next prompt: lanes, system prompt and parameters as they were in the session's last turn.

    A new session takes only the lanes, from the user's last turn: a stop text left over from elsewhere would surprise.
    """
    models = list_models(workspace)
    if session is not None:
        last = session.turns.order_by("-position").first()
        values = values_of(last) if last else {}
        form = TurnForm(initial={**values, "session": session.pk, "unrecorded": not session.is_recorded})
        return _composer(form, models, values.get("model"), session)
    own = visible_sessions(user).filter(owner=user, workspace=workspace, origin="")
    newest = own.order_by("-updated_at", "-pk").first()  # by an index: sorting all turns takes long
    last = newest.turns.order_by("-position").first() if newest else None
    return _composer(TurnForm(initial={"prompt": prompt}), models, values_of(last)["model"] if last else None)


def editing_composer(workspace: Workspace, turn: Turn) -> Composer:
    """Filled with a turn that was sent, to change it and send it again."""
    values = values_of(turn)
    initial = {**values, "prompt": turn.prompt, "session": turn.session_id, "position": turn.position}
    return _composer(TurnForm(initial=initial), list_models(workspace), values["model"], turn.session, turn)


def filled_composer(composer: Composer, version: PromptVersion, lanes: Sequence[str] = ()) -> Composer:
    """An empty one, filled from the library: text, system prompt, parameters, and models if the version names any.

    `lanes` are those that the page shows, if it does.
    """
    parameters = {name: version.parameters.get(name) for name in PARAMETERS}
    parameters["stop"] = StopField.written(version.parameters.get("stop", ()))
    initial = {**composer.form.initial, **parameters, "system": version.system, "prompt": version.text}
    lanes = version.model_ids or lanes or composer.lanes
    return replace(composer, form=TurnForm(initial=initial), lanes=lanes, filling=Filling.of(version))


def returned_composer(
    workspace: Workspace,
    form: TurnForm,
    lanes: Sequence[str],
    session: Session | None,
    filling: Filling | None = None,
) -> Composer:
    """What was sent and refused, with everything that was typed."""
    return replace(_composer(form, list_models(workspace), lanes, session), filling=filling)


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
