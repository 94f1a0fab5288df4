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


FINAL: Final[frozenset[RunStatus]] = frozenset(RunStatus) - {RunStatus.QUEUED, RunStatus.STREAMING}

MOVES: Final[dict[RunStatus, frozenset[RunStatus]]] = {
    RunStatus.QUEUED: frozenset({RunStatus.STREAMING, RunStatus.CANCELLED, RunStatus.FAILED, RunStatus.INTERRUPTED}),
    RunStatus.STREAMING: FINAL,
    **dict.fromkeys(FINAL, frozenset[RunStatus]()),
}
