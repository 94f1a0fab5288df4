"""Where a stream's events go, and how it ended."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from playground.recording.events import EventData
from playground.recording.status import RunStatus


class Sink(Protocol):
    """Takes what happens in a run as it happens. Neither call blocks or awaits."""

    def read(self, raw: bytes) -> None:
        """One network read, as it came. Called before the events that it caused; their time is this read's time."""

    def emit(self, kind: str, data: EventData, *, offset: int = -1) -> None:
        """One event. `offset`: where its last byte ends in the raw bytes of all reads so far; -1: no byte caused it."""


@dataclass(frozen=True, slots=True)
class ErrorInfo:
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a stream ended. `usage` is the provider's, as it sent it last; None if it sent none."""

    status: RunStatus
    finish_reason: str | None = None
    error: ErrorInfo | None = None
    usage: Mapping[str, Any] | None = None
    attempts: int = 1
