"""The formats that a recording is written in and read from, by their names; and which one a file is in."""

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

import orjson

from playground.interchange import dumps, langchain_in, otlp_in, stream_jsonl
from playground.interchange.drafts import Imported
from playground.interchange.errors import NotARecording, UnknownContent
from playground.interchange.langchain_event import is_langchain
from playground.interchange.langchain_out import langchain_lines
from playground.interchange.otlp_out import otlp
from playground.interchange.texts import chunk_table, markdown, raw_body
from playground.interchange.timing import timed_lines
from playground.providers.langchain_events import Version
from playground.recording import session_file
from playground.recording.session_file import NotASessionFile, RecordedRun, RecordedSession, RecordedTurn

AUTO: Final = "auto"


class Recording(NamedTuple):
    """One run with what it answers. `run_id` is what the ids in a file are made from."""

    title: str
    turn: RecordedTurn
    run: RecordedRun
    run_id: str

    @property
    def as_session(self) -> RecordedSession:
        alone = RecordedTurn(self.turn.prompt, self.turn.system, self.turn.parameters, [self.run])
        return RecordedSession(self.title, [alone])


class Writer(NamedTuple):
    """`ending` is that of a file's name."""

    ending: str
    media_type: str
    write: Callable[[Recording], bytes]


def _langchain(version: Version) -> Callable[[Recording], bytes]:
    return lambda found: b"".join(langchain_lines(found.turn, found.run, found.run_id, version))


WRITERS: Final[Mapping[str, Writer]] = {
    "stream": Writer("stream.jsonl", "application/jsonl", lambda found: stream_jsonl.dump(found.as_session)),
    "json": Writer("json", "application/json", lambda found: session_file.dump(found.as_session)),
    "markdown": Writer(
        "md", "text/markdown; charset=utf-8", lambda found: markdown(found.title, found.turn, found.run).encode()
    ),
    "csv": Writer("csv", "text/csv; charset=utf-8", lambda found: chunk_table(found.run).encode()),
    "langchain-v1": Writer("langchain-v1.jsonl", "application/jsonl", _langchain("v1")),
    "langchain-v2": Writer("langchain-v2.jsonl", "application/jsonl", _langchain("v2")),
    "otlp": Writer("otlp.json", "application/json", lambda found: otlp(found.turn, found.run, found.run_id)),
    "raw": Writer("body.txt", "application/octet-stream", lambda found: raw_body(found.run)),
}
READERS: Final = ("stream", "session", "langchain", "otlp", "dump")


def read(raw: bytes, *, format_name: str = AUTO, dialect: str = "", title: str = "") -> Imported:
    """What a file holds. `title`: of a file that has none of its own; `dialect` "": to be told from a dump.

    Raises:
        UnknownContent: neither the format nor the dialect can be told.
        NotASessionFile: what is wrong with the file, in one sentence.
    """
    if not raw.strip():
        raise NotARecording("The file is empty.")
    name = _detected(raw) if format_name == AUTO else format_name
    match name:
        case "stream":
            return Imported(stream_jsonl.load(raw), name)
        case "session":
            return Imported(session_file.load(raw), name)
        case "langchain":
            return langchain_in.read_langchain(raw, title=title)
        case "otlp":
            return otlp_in.read_otlp(raw, title=title)
        case "dump":
            return dumps.read_dump(raw, dialect_name=dialect, title=title)
    raise UnknownContent(f"There is no format “{format_name}”; there are {', '.join((AUTO, *READERS))}.")


def _detected(raw: bytes) -> str:
    """By its first line, which may begin with a time; what is nothing else is a dump."""
    first = _first_object(raw)
    if first.get("format") == stream_jsonl.FORMAT:
        return "stream"
    if is_langchain(first):
        return "langchain"
    whole = first or _whole(raw)
    if whole.get("format") == session_file.FORMAT:
        return "session"
    return "otlp" if "resourceSpans" in whole else "dump"


def _first_object(raw: bytes) -> dict[str, Any]:
    line = next((line for line in raw.split(b"\n", 50) if line.strip()), b"").strip()
    if line.startswith(b"{"):
        return _object(line)
    try:
        timed = timed_lines(raw)
    except NotASessionFile:  # said by whoever reads the file
        return {}
    return _object(timed[0][1]) if timed else {}


def _whole(raw: bytes) -> dict[str, Any]:
    return _object(raw) if raw.lstrip().startswith(b"{") else {}


def _object(raw: bytes) -> dict[str, Any]:
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return {}
    return value if isinstance(value, dict) else {}
