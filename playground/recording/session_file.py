"""A session as a JSON document: what an export holds, an import reads, and the samples are shipped as.

The shape is in docs/recording-format.md. Ids are not part of it: what is imported gets new ones.
"""

import base64
import binascii
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import orjson

from playground.recording.events import KINDS, RUN_ENDED, Event, EventData
from playground.recording.log import Read
from playground.recording.shapes import MOST, is_count, misshapen
from playground.recording.status import RunStatus

FORMAT: Final = "streaming-playground/session"
VERSION: Final = 1


class NotASessionFile(ValueError):
    """Its text is one sentence for a person: what is wrong, and where."""


@dataclass(frozen=True, slots=True)
class RecordedRun:
    """`events` ends with `run.ended`; `reads` may be left out; `retries` and `continues` are places in its turn.

    `messages` are {"role", "content"}, both texts, with what else OpenAI's chat says in one (`tool_calls`, …).
    `started_at` and `ended_at` have a time zone; they are not part of a session's document.
    """

    lane: int
    model: str
    messages: Sequence[Mapping[str, Any]]
    events: Sequence[Event]
    reads: Sequence[Read] = ()
    retries: int | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    continues: int | None = None


@dataclass(frozen=True, slots=True)
class RecordedTurn:
    prompt: str
    system: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    runs: Sequence[RecordedRun] = ()


@dataclass(frozen=True, slots=True)
class RecordedSession:
    title: str
    turns: Sequence[RecordedTurn]


def dump(session: RecordedSession) -> bytes:
    return orjson.dumps(
        {
            "format": FORMAT,
            "version": VERSION,
            "title": session.title,
            "turns": [
                {
                    "prompt": turn.prompt,
                    "system": turn.system,
                    "parameters": dict(turn.parameters),
                    "runs": [_dump_run(run) for run in turn.runs],
                }
                for turn in session.turns
            ],
        }
    )


def load(raw: bytes) -> RecordedSession:
    """Raises NotASessionFile."""
    try:
        document = orjson.loads(raw)
        orjson.dumps(document)
    except orjson.JSONDecodeError:
        raise NotASessionFile("The file is not JSON.") from None
    except orjson.JSONEncodeError:  # it reads deeper than it writes, and what is saved is written
        raise NotASessionFile("The file has lists or objects that are nested too deeply.") from None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise NotASessionFile("The file is not an exported session: it has no “format” of one.")
    if document.get("version") != VERSION:
        raise NotASessionFile(f"The file has version {document.get('version')!r}; this server reads version {VERSION}.")
    turns = [_load_turn(turn, f"turn {number}") for number, turn in enumerate(_list(document, "turns", "file"), 1)]
    return RecordedSession(_text(document, "title", "file"), turns)


def _dump_run(run: RecordedRun) -> dict[str, Any]:
    return {
        "lane": run.lane,
        "model": run.model,
        "messages": [dict(message) for message in run.messages],
        "retries": run.retries,
        "continues": run.continues,
        "events": [list(event[1:]) for event in run.events],
        "reads": [[read.t, base64.b64encode(read.raw).decode()] for read in run.reads],
    }


def _load_turn(turn: Any, where: str) -> RecordedTurn:
    runs = [_load_run(run, f"{where}, run {number}") for number, run in enumerate(_list(turn, "runs", where), 1)]
    parameters = turn.get("parameters", {})
    if not isinstance(parameters, dict):
        raise NotASessionFile(f"In {where}, “parameters” must be an object.")
    return RecordedTurn(_text(turn, "prompt", where), _text(turn, "system", where), parameters, runs)


def _load_run(run: Any, where: str) -> RecordedRun:
    events = [_load_event(seq, event, where) for seq, event in enumerate(_list(run, "events", where))]
    check_events(events, where)
    try:
        reads = [Read(_time(t), base64.b64decode(raw, validate=True)) for t, raw in run.get("reads", ())]
    except (ValueError, TypeError, binascii.Error):
        raise NotASessionFile(f"In {where}, “reads” must be pairs of a time and bytes in Base64.") from None
    lane, retries, continues = run.get("lane", 0), run.get("retries"), run.get("continues")
    if not is_count(lane, 7):
        raise NotASessionFile(f"In {where}, “lane” must be from 0 to 7.")
    if not all(place is None or is_count(place) for place in (retries, continues)):
        raise NotASessionFile(f"In {where}, “retries” and “continues” must be indexes of runs.")
    messages = _list(run, "messages", where)
    check_messages(messages, where)
    return RecordedRun(lane, _text(run, "model", where), messages, events, reads, retries, continues=continues)


def check_events(events: Sequence[Event], where: str) -> None:
    """Whether events, each of which is as it should be, are a whole run's. Raises NotASessionFile."""
    if not events or events[-1].kind != RUN_ENDED or any(event.kind == RUN_ENDED for event in events[:-1]):
        raise NotASessionFile(f"In {where}, the events must end with “{RUN_ENDED}”.")
    if any(after.t < before.t for before, after in itertools.pairwise(events)):
        raise NotASessionFile(f"In {where}, an event has an earlier time than the one before it.")
    _check_end(events[-1].data, where)


def check_messages(messages: Sequence[Any], where: str) -> None:
    """Raises NotASessionFile."""
    for message in messages:
        if not isinstance(message, dict) or not all(isinstance(message.get(m), str) for m in ("role", "content")):
            raise NotASessionFile(f"In {where}, each message must have a “role” and a “content”, both texts.")


def _check_end(data: EventData, where: str) -> None:
    match data:
        case {"status": str(status), **rest} if status in set(RunStatus):
            pass
        case _:
            raise NotASessionFile(f"In {where}, the last event must name the run's status.")
    match rest:
        case {"error": {"code": str(), "message": str()}} | {"error": None}:
            pass
        case {"error": _}:
            raise NotASessionFile(f"In {where}, the error of the last event must have a “code” and a “message”.")
    if not is_count(rest.get("attempts", 0)) or not _is_usage(rest.get("usage") or {}):
        raise NotASessionFile(f"In {where}, the last event's “attempts” must be a number, its “usage” an object.")
    if not isinstance(rest.get("finish_reason") or "", str):
        raise NotASessionFile(f"In {where}, the last event's “finish_reason” must be a text.")


def _is_usage(value: Any) -> bool:
    """An object without a NUL in it, which a database cannot hold."""
    return isinstance(value, dict) and b"\\u0000" not in orjson.dumps(value)


def _time(value: Any) -> int:
    if not is_count(value, MOST):
        raise ValueError(value)
    return int(value)


def _load_event(seq: int, event: Any, where: str) -> Event:
    if isinstance(event, list) and len(event) == 4 and (found := checked_event(seq, *event, where=where)):
        return found
    raise NotASessionFile(f"In {where}, event {seq} must be [time, kind, data, offset].")


def checked_event(seq: int, t: Any, kind: Any, data: Any, offset: Any, *, where: str) -> Event | None:
    """The event, or None where these are not an event's. Raises NotASessionFile for data that is not of its kind."""
    if kind not in KINDS or not isinstance(data, str | dict) or not is_count(t, MOST):
        return None
    if offset != -1 and not is_count(offset, MOST):
        return None
    if wrong := misshapen(kind, data):
        raise NotASessionFile(f"In {where}, event {seq} ({kind}) has a “{wrong}” that is not of its kind.")
    return Event(seq, t, kind, data, offset)


def _text(item: Any, name: str, where: str) -> str:
    value = item.get(name, "") if isinstance(item, dict) else None
    if not isinstance(value, str):
        raise NotASessionFile(f"In the {where}, “{name}” must be a text.")
    return value


def _list(item: Any, name: str, where: str) -> list[Any]:
    value = item.get(name) if isinstance(item, dict) else None
    if not isinstance(value, list):
        raise NotASessionFile(f"In the {where}, “{name}” must be a list.")
    return value
