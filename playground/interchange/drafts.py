"""A recording put together from what another program kept of a stream."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from playground.interchange.errors import NotARecording
from playground.providers.sink import Outcome
from playground.recording.events import ATTEMPT_STARTED, NOTICE, RUN_ENDED, RUN_STARTED, Event, EventData
from playground.recording.log import EventLog, Read
from playground.recording.session_file import RecordedSession, check_events, checked_event
from playground.recording.shapes import MOST

UNKNOWN_MODEL: Final = "unknown"


@dataclass(frozen=True, slots=True)
class Imported:
    """`format` is a key of `formats.READERS`; `dialect` that of a dump, else ""."""

    session: RecordedSession
    format: str
    dialect: str = ""


class Draft:
    """The events of one run. Times are µs since it began; one that is earlier than the one before it counts as that."""

    def __init__(self, model: str, dialect: str = "", **request: Any) -> None:
        self._now = 0
        self._log = EventLog(clock=lambda: self._now * 1000)
        self.emit(0, RUN_STARTED, {"model": model, "dialect": dialect, "request": request})
        self.emit(0, ATTEMPT_STARTED, {"attempt": 1})

    @property
    def events(self) -> list[Event]:
        return list(self._log.events)

    @property
    def reads(self) -> list[Read]:
        return self._log.reads

    def read(self, t: int, raw: bytes) -> None:
        self._now = t
        self._log.read(raw)

    def emit(self, t: int, kind: str, data: EventData, offset: int = -1) -> None:
        self._now = min(max(t, self._now), MOST)
        self._log.emit(kind, data, offset=offset)

    def notice(self, code: str, message: str) -> None:
        self.emit(0, NOTICE, {"code": code, "message": message})

    def end(self, outcome: Outcome, t: int = 0) -> None:
        """Raises NotARecording if what was told of the run cannot be kept."""
        error = outcome.error
        data: dict[str, Any] = {
            "status": outcome.status.value,
            "finish_reason": outcome.finish_reason,
            "error": {"code": error.code, "message": error.message} if error else None,
            "attempts": outcome.attempts,
        }
        if outcome.usage is not None:
            data["usage"] = dict(outcome.usage)
        self.emit(t, RUN_ENDED, data)
        for event in self.events:
            checked_event(event.seq, event.t, event.kind, event.data, event.offset, where="the recording")
            _check_depth(event.data)
        check_events(self.events, "the recording")


def _check_depth(data: EventData) -> None:
    try:
        orjson.dumps(data)
    except orjson.JSONEncodeError:
        raise NotARecording("The file holds lists or objects that are nested too deeply.") from None


def openai_usage(given: int | None, made: int | None) -> Mapping[str, int] | None:
    """Counts of tokens as OpenAI names them."""
    counts = {"prompt_tokens": given, "completion_tokens": made}
    found = {name: count for name, count in counts.items() if count is not None}
    return {**found, "total_tokens": sum(found.values())} if found else None


def total(counts: Iterable[int | None]) -> int | None:
    """Of those that are known."""
    known = [count for count in counts if count is not None]
    return sum(known) if known else None
