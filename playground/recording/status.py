"""The status of a run, and which status may follow which."""

from enum import StrEnum
from typing import Final


class RunStatus(StrEnum):
    QUEUED = "queued"
    STREAMING = "streaming"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    TRUNCATED = "truncated"  # closed with no end marker, or the connection was lost after the headers
    FILTERED = "filtered"  # stopped by the provider's content filter
    FAILED = "failed"  # refused, an error answer, an error in the stream, a timer
    INTERRUPTED = "interrupted"  # our own process stopped or died


MOVES: Final[dict[RunStatus, frozenset[RunStatus]]] = {
    RunStatus.QUEUED: frozenset(RunStatus) - {RunStatus.QUEUED, RunStatus.COMPLETED},
    RunStatus.STREAMING: frozenset(RunStatus) - {RunStatus.QUEUED, RunStatus.STREAMING},
    **dict.fromkeys(set(RunStatus) - {RunStatus.QUEUED, RunStatus.STREAMING}, frozenset[RunStatus]()),
}

# A run in one of these stays in it.
FINAL: Final = frozenset(status for status, moves in MOVES.items() if not moves)


class IllegalMove(ValueError):
    """A run cannot go from its status to that one."""


def check_move(old: RunStatus, new: RunStatus) -> None:
    """Raises IllegalMove."""
    if new not in MOVES[old]:
        raise IllegalMove(f"a run that is {old} cannot become {new}")
