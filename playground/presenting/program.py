"""What a session offers the stage: its turns, the lanes of each, and which recording stands ready in a lane."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from django.db.models import BooleanField, Case, Prefetch, QuerySet, Value, When

from playground.presenting.models import FallbackRecording
from playground.presenting.stage import Lane
from playground.recording.status import RunStatus
from playground.runs.models import Run, Session, Turn


@dataclass(frozen=True, slots=True)
class Cue:
    """A lane of a turn. `recordings` can be shown, newest first; `chosen` is the one that the presenter picked."""

    lane: int
    newest: Run
    recordings: Sequence[Run]
    chosen: Run | None = None

    @property
    def model(self) -> str:
        return self.newest.model_id

    @property
    def recording(self) -> Run | None:
        """The chosen one, or the newest that is complete, or the newest in which there is something to see."""
        complete = (run for run in self.recordings if run.status == RunStatus.COMPLETED)
        return self.chosen or next(complete, None) or next(iter(self.recordings), None)

    @property
    def is_complete(self) -> bool:
        return self.recording is not None and self.recording.status == RunStatus.COMPLETED

    def show(self, *, started_at: int, failure: str = "") -> Lane:
        """Its recording on the stage; with `failure`, in the place of a live answer that failed."""
        run = self.recording
        if run is None:
            return Lane(self.lane, self.model, failure=failure or "no_recording")
        return Lane(
            self.lane,
            run.model_id,
            str(run.pk),
            "fallback" if failure else "recording",
            started_at,
            run.created_at.isoformat(),
            failure,
        )


@dataclass(frozen=True, slots=True)
class Item:
    """A turn of the program. `number` counts from 1."""

    number: int
    turn: Turn
    cues: Sequence[Cue]

    @property
    def note(self) -> str:
        note = getattr(self.turn, "speaker_note", None)
        return note.text if note is not None else ""


def program(session: Session) -> list[Item]:
    """All turns in their order. Three queries, however many there are."""
    return [Item(number, turn, _cues(turn)) for number, turn in enumerate(_turns(session.turns.all()), 1)]


def cues_of(turn_id: str) -> Sequence[Cue]:
    turn = _turns(Turn.objects.filter(pk=turn_id)).first()
    return _cues(turn) if turn is not None else ()


def turn_ids(session: Session) -> list[str]:
    return [str(pk) for pk in session.turns.order_by("position").values_list("pk", flat=True)]


def model_ids(items: Iterable[Item]) -> list[str]:
    """Each once, in the order in which they come on stage."""
    return list(dict.fromkeys(cue.model for item in items for cue in item.cues))


def _turns(turns: "QuerySet[Turn]") -> "QuerySet[Turn]":
    # Answers are long, and only whether there is one counts here.
    has_text = Case(When(text="", then=Value(value=False)), default=Value(value=True), output_field=BooleanField())
    runs = Run.objects.annotate(has_text=has_text).defer("text", "reasoning", "messages").order_by("lane", "created_at")
    chosen = FallbackRecording.objects.select_related("run").defer("run__text", "run__reasoning", "run__messages")
    return (
        turns.select_related("speaker_note")
        .prefetch_related(Prefetch("runs", runs), Prefetch("fallbacks", chosen))
        .order_by("position")
    )


def _cues(turn: Turn) -> list[Cue]:
    chosen = {fallback.lane: fallback.run for fallback in turn.fallbacks.all()}
    cues = []
    for lane, same_lane in groupby(turn.runs.all(), key=lambda run: run.lane):
        runs = list(same_lane)[::-1]
        recordings = [run for run in runs if run.is_final and run.has_text]  # type: ignore[attr-defined]
        cues.append(Cue(lane, runs[0], recordings, chosen.get(lane)))
    return cues
