"""`.stream.jsonl`: recorded runs as lines of JSON, with each read and each event. See docs/recording-format.md.

A run is a header, which begins with `{"format":"playground.stream"`, then its reads and events, up to the next header.
So files can be put one after the other. What is written is a function of the recording: written, read and written
again, it is the same bytes.
"""

import base64
import binascii
import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from playground.interchange.errors import NotARecording
from playground.interchange.lines import json_of
from playground.recording.events import Event
from playground.recording.log import Read
from playground.recording.session_file import (
    RecordedRun,
    RecordedSession,
    RecordedTurn,
    check_events,
    check_messages,
    checked_event,
)
from playground.recording.shapes import MOST, is_count

FORMAT: Final = "playground.stream"
VERSION: Final = 1
MEDIA_TYPE: Final = "application/jsonl"
MOST_TURNS: Final = 100_000
_YEARS: Final = range(1970, 9000)


def dump(session: RecordedSession) -> bytes:
    return b"".join(dump_lines(session))


def dump_lines(session: RecordedSession) -> Iterator[bytes]:
    """The lines of the file, each with its end."""
    for number, turn in enumerate(session.turns):
        for run in turn.runs:
            yield _line(_header(session.title, number, turn, run))
            for item in _in_order(run.events, run.reads):
                yield _line(_read_line(item) if isinstance(item, Read) else _event_line(item))


def load(raw: bytes) -> RecordedSession:
    """Runs whose `turn`, prompt, system and parameters are the same as those of the run before are of one turn.

    Raises:
        NotARecording: it names the line.
    """
    blocks: list[_Block] = []
    for number, line in enumerate(raw.split(b"\n"), 1):
        if line.strip():
            _take(_object(line, number), number, blocks)
    if not blocks:
        raise NotARecording("The file is empty: it holds no run.")
    turns: list[tuple[int, RecordedTurn, list[RecordedRun]]] = []
    for block in blocks:
        place, turn = block.turn()
        if not turns or turns[-1][:2] != (place, turn):
            turns.append((place, turn, []))
        turns[-1][2].append(block.run())
    return RecordedSession(
        blocks[0].text("title"),
        [RecordedTurn(turn.prompt, turn.system, turn.parameters, runs) for _place, turn, runs in turns],
    )


def load_runs(raw: bytes) -> list[RecordedRun]:
    """The runs of a file, in its order. Raises NotARecording."""
    return [run for turn in load(raw).turns for run in turn.runs]


def _header(title: str, number: int, turn: RecordedTurn, run: RecordedRun) -> dict[str, Any]:
    started = run.events[0].data if run.events else {}
    return {
        "format": FORMAT,
        "version": VERSION,
        "title": title,
        "turn": number,
        "lane": run.lane,
        "retries": run.retries,
        "continues": run.continues,
        "model": run.model,
        "dialect": "" if isinstance(started, str) else started.get("dialect", ""),
        "started_at": _moment(run.started_at),
        "ended_at": _moment(run.ended_at),
        "prompt": turn.prompt,
        "system": turn.system,
        "parameters": _sorted(dict(turn.parameters)),
        "messages": _sorted([dict(message) for message in run.messages]),
    }


def _sorted(value: Any) -> Any:
    """With the members of its objects in an order of their own: PostgreSQL's JSON keeps none."""
    return orjson.loads(orjson.dumps(value, option=orjson.OPT_SORT_KEYS))


def _moment(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ") if moment else None


def _in_order(events: Sequence[Event], reads: Sequence[Read]) -> Iterator[Event | Read]:
    """Each read before the first event that it caused, or that is later than it."""
    waiting = iter(reads)
    read, length = next(waiting, None), 0
    for event in events:
        while read is not None and (length < event.offset or read.t < event.t):
            length += len(read.raw)
            yield read
            read = next(waiting, None)
        yield event
    if read is not None:
        yield read
        yield from waiting


def _read_line(read: Read) -> dict[str, Any]:
    try:
        return {"read": read.t, "text": read.raw.decode()}
    except UnicodeDecodeError:
        return {"read": read.t, "base64": base64.b64encode(read.raw).decode()}


def _event_line(event: Event) -> dict[str, Any]:
    return {"seq": event.seq, "t": event.t, "kind": event.kind, "data": event.data, "offset": event.offset}


def _line(value: dict[str, Any]) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE)


def _object(line: bytes, number: int) -> dict[str, Any]:
    value = json_of(line, f"Line {number}")
    if not isinstance(value, dict):
        raise NotARecording(f"Line {number} must be an object.")
    return value


def _take(value: dict[str, Any], number: int, blocks: list["_Block"]) -> None:
    if "format" in value:
        if value["format"] != FORMAT:
            raise NotARecording(f"Line {number} has another “format” than “{FORMAT}”.")
        if value.get("version") != VERSION:
            version = value.get("version")
            raise NotARecording(f"Line {number} has version {version!r}; this server reads version {VERSION}.")
        blocks.append(_Block(number, value))
    elif not blocks:
        raise NotARecording(f"Line {number} must be a header, with “format” and “version”.")
    elif "read" in value:
        blocks[-1].reads.append(_read(value, number))
    else:
        blocks[-1].add(value, number)


def _read(value: dict[str, Any], number: int) -> Read:
    match value:
        case {"read": t, "text": str(text)} if is_count(t, MOST):
            return Read(t, text.encode())
        case {"read": t, "base64": str(encoded)} if is_count(t, MOST):
            try:
                return Read(t, base64.b64decode(encoded, validate=True))
            except (binascii.Error, ValueError):
                pass
    raise NotARecording(f"Line {number} must be a read: its time in µs, and its “text”, or its bytes as “base64”.")


@dataclass(slots=True)
class _Block:
    """The lines of one run. `number` is that of its header."""

    number: int
    header: dict[str, Any]
    events: list[Event] = field(default_factory=list)
    reads: list[Read] = field(default_factory=list)

    def add(self, value: dict[str, Any], number: int) -> None:
        seq = len(self.events)
        if value.get("seq") != seq:
            raise NotARecording(f"Line {number} must be event {seq}, a read, or a header: events have no gaps.")
        t, kind, data, offset = (value.get(name) for name in ("t", "kind", "data", "offset"))
        event = checked_event(seq, t, kind, data, -1 if offset is None else offset, where=f"line {number}")
        if event is None:
            raise NotARecording(f"Line {number} must be an event: “seq”, “t” in µs, “kind”, “data”, and “offset”.")
        self.events.append(event)

    def turn(self) -> tuple[int, RecordedTurn]:
        place, parameters = self.header.get("turn", 0), self.header.get("parameters", {})
        if not is_count(place, MOST_TURNS) or not isinstance(parameters, dict):
            raise self._wrong("“turn” must be a whole number, and “parameters” an object")
        return place, RecordedTurn(self.text("prompt"), self.text("system"), parameters)

    def run(self) -> RecordedRun:
        where = f"the run of line {self.number}"
        check_events(self.events, where)
        lane, messages = self.header.get("lane"), self.header.get("messages")
        if not is_count(lane or 0, 7):
            raise self._wrong("“lane” must be from 0 to 7")
        retries, continues = self._place("retries"), self._place("continues")
        if not isinstance(messages, list):
            raise self._wrong("“messages” must be a list")
        check_messages(messages, where)
        started_at, ended_at = self._moment("started_at"), self._moment("ended_at")
        return RecordedRun(
            lane or 0, self.text("model"), messages, self.events, self.reads, retries, started_at, ended_at, continues
        )

    def _place(self, name: str) -> int | None:
        place: int | None = self.header.get(name)
        if not (place is None or is_count(place)):
            raise self._wrong(f"“{name}” must be the place of a run in its turn")
        return place

    def text(self, name: str) -> str:
        value = self.header.get(name) or ""
        if not isinstance(value, str):
            raise self._wrong(f"“{name}” must be a text")
        return value

    def _moment(self, name: str) -> datetime | None:
        if not (text := self.text(name)):
            return None
        moment: datetime | None = None
        with contextlib.suppress(ValueError):
            moment = datetime.fromisoformat(text)
        if moment is None or moment.tzinfo is None or moment.year not in _YEARS:
            raise self._wrong(f"“{name}” must be a time with its zone, like 2026-11-21T20:00:00.000000Z")
        return moment.astimezone(UTC)

    def _wrong(self, what: str) -> NotARecording:
        return NotARecording(f"In the header of line {self.number}, {what}.")
