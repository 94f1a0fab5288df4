"""What is on the stage, and how each step changes it. Pure: no clock, no database.

A show is a list of turns. A step forward shows a turn's prompt, the next one starts its answers, the one after that
shows the next prompt. `performances` keeps what was shown of each turn, so that going back finds it again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final, Literal, Self

Kind = Literal["live", "recording", "fallback"]
Mode = Literal["live", "replay"]
Theme = Literal["auto", "light", "dark"]
Flag = Literal["metrics", "blank", "qr"]

LONG_AGO: Final = 0
"""A recording that began to play then is shown whole."""

_NEXT_THEME: Final[Mapping[Theme, Theme]] = {"auto": "dark", "dark": "light", "light": "auto"}


@dataclass(frozen=True, slots=True)
class Lane:
    """An answer on the stage. `run` is "" where there is none to show.

    A recording, which a fallback is too, began to play at `started_at`, in ms of the server's clock since 1970; it was
    made at `recorded_at` (ISO 8601). `failure` is why the live answer gave way, or why there is none: a code. A live
    one is `overdue` if it should have begun by now and there is no recording to take its place.
    """

    lane: int
    model: str
    run: str = ""
    kind: Kind = "recording"
    started_at: int = LONG_AGO
    recorded_at: str = ""
    failure: str = ""
    overdue: bool = False

    def settled(self) -> Self:
        """As it is found by who comes back to it: a recording has played."""
        return self if self.kind == "live" else replace(self, started_at=LONG_AGO)


@dataclass(frozen=True, slots=True)
class Stage:
    """`turn` is "" before the first prompt. `mode` is how a step forward starts the answers."""

    version: int = 0
    turn: str = ""
    mode: Mode = "replay"
    performances: Mapping[str, tuple[Lane, ...]] = field(default_factory=dict)
    seen: tuple[str, ...] = ()
    metrics: bool = False
    blank: bool = False
    qr: bool = False
    theme: Theme = "auto"

    @property
    def lanes(self) -> tuple[Lane, ...]:
        """What is shown of the current turn; () while only its prompt is."""
        return self.performances.get(self.turn, ())

    @property
    def runs(self) -> frozenset[str]:
        """All that were shown so far: those that the audience may read."""
        return frozenset(lane.run for lanes in self.performances.values() for lane in lanes if lane.run)

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "seen": list(self.seen)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        performances = {turn: tuple(Lane(**lane) for lane in lanes) for turn, lanes in data["performances"].items()}
        return cls(**{**data, "performances": performances, "seen": tuple(data["seen"])})


def go_to(stage: Stage, turn: str) -> Stage:
    """Show a turn's prompt, with the answers that were shown of it before; "" is the opening."""
    performances = dict(stage.performances)
    if turn in performances:
        performances[turn] = tuple(lane.settled() for lane in performances[turn])
    seen = stage.seen if turn in ("", *stage.seen) else (*stage.seen, turn)
    return _moved(replace(stage, turn=turn, performances=performances, seen=seen))


def perform(stage: Stage, turn: str, lanes: Sequence[Lane]) -> Stage:
    """Show new answers of the current turn; of another one, to which the presenter has gone meanwhile, nothing."""
    if turn != stage.turn:
        return stage
    return _moved(replace(stage, performances={**stage.performances, turn: tuple(lanes)}))


def fall_back(stage: Stage, turn: str, live_run: str, instead: Lane) -> Stage:
    """A recording in the place of a live answer that failed, if that is still what is shown there."""
    lanes = stage.performances.get(turn, ())
    if not any(lane.run == live_run and lane.kind == "live" for lane in lanes):
        return stage
    shown = tuple(instead if lane.run == live_run and lane.kind == "live" else lane for lane in lanes)
    return replace(stage, version=stage.version + 1, performances={**stage.performances, turn: shown})


def toggle(stage: Stage, flag: Flag) -> Stage:
    changed = replace(stage, version=stage.version + 1)
    if flag == "metrics":
        return replace(changed, metrics=not stage.metrics)
    return replace(changed, blank=not stage.blank) if flag == "blank" else replace(changed, qr=not stage.qr)


def turn_theme(stage: Stage) -> Stage:
    return replace(stage, version=stage.version + 1, theme=_NEXT_THEME[stage.theme])


def turn_mode(stage: Stage) -> Stage:
    """From recordings to live answers, or back."""
    return replace(stage, version=stage.version + 1, mode="live" if stage.mode == "replay" else "replay")


def is_due(stage: Stage) -> bool:
    """Whether the next step starts the answers of the current turn."""
    return bool(stage.turn) and not stage.lanes


def turn_after(stage: Stage, turns: Sequence[str]) -> str:
    """Where a step forward leads from a turn whose answers were shown: at the end, nowhere else."""
    if stage.turn not in turns:
        return turns[0] if turns else ""
    return turns[min(turns.index(stage.turn) + 1, len(turns) - 1)]


def turn_before(stage: Stage, turns: Sequence[str]) -> str:
    """Where a step back leads: before the first prompt is the opening."""
    at = turns.index(stage.turn) if stage.turn in turns else 0
    return turns[at - 1] if at > 0 else ""


def _moved(stage: Stage) -> Stage:
    """Whoever moves on wants to be seen."""
    return replace(stage, version=stage.version + 1, blank=False, qr=False)
