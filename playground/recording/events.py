"""What a run is made of: events.

An event's `data` is JSON. A chunk that is plain text of the first choice is a bare string; any other chunk is an
object with some of `text`, `reasoning`, `refusal`, `tool_call`, `logprobs`, `citations`, `choice`,
`attempt`.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

RUN_STARTED: Final = "run.started"
ATTEMPT_STARTED: Final = "attempt.started"
RESPONSE_HEADERS: Final = "response.headers"
FIRST_BYTE: Final = "first.byte"
CHUNK: Final = "chunk"
KEEPALIVE: Final = "keepalive"
USAGE: Final = "usage"
STEP_STARTED: Final = "step.started"
STEP_ENDED: Final = "step.ended"
ATTEMPT_FAILED: Final = "attempt.failed"
RETRY_SCHEDULED: Final = "retry.scheduled"
NOTICE: Final = "notice"
RUN_ENDED: Final = "run.ended"

# The position of a kind in this tuple is its code in stored segments: only ever append to it.
KINDS: Final[tuple[str, ...]] = (
    RUN_STARTED,
    ATTEMPT_STARTED,
    RESPONSE_HEADERS,
    FIRST_BYTE,
    CHUNK,
    KEEPALIVE,
    USAGE,
    STEP_STARTED,
    STEP_ENDED,
    ATTEMPT_FAILED,
    RETRY_SCHEDULED,
    NOTICE,
    RUN_ENDED,
)

EventData = str | Mapping[str, Any]


class Event(NamedTuple):
    """One thing that happened in a run.

    `seq` counts from 0 with no hole. `t` is in µs since the run began, on a monotonic clock; what came out of
    one network read has the time of that read. `offset` is where the event's last byte ends in the run's raw bytes (all
    reads of all attempts, one after the other), or -1 for an event that no upstream byte caused.
    """

    seq: int
    t: int
    kind: str
    data: EventData
    offset: int = -1


def chunk_text(event: Event) -> str:
    """The answer text of a chunk event's first choice ("" for reasoning, tool calls and other choices)."""
    data = event.data
    if isinstance(data, str):
        return data
    return data.get("text") or "" if data.get("choice", 0) == 0 else ""


def is_only_text(event: Event) -> bool:
    """Whether a chunk event is text or reasoning of the first choice and nothing else."""
    data = event.data
    return isinstance(data, str) or not any(data.get(name) for name in ("refusal", "tool_call", "citations", "choice"))
