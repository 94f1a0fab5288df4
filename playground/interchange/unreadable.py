"""What to say of a file that is none of those that can be imported."""

import re
from typing import Final

import orjson

from playground.interchange.errors import NotARecording, UnknownContent
from playground.interchange.texts import COLUMNS

_KNOWN: Final = (
    "a recording (.stream.jsonl), a session (JSON), the body of an answer (SSE or NDJSON), LangChain's events (JSON "
    "lines) and OpenTelemetry spans (OTLP JSON)"
)
_NOT_BACK: Final = "export cannot be imported: it has not all of the recording. Export the run as .stream.jsonl"
_SSE: Final = re.compile(rb"^(?:data|event|id):", re.MULTILINE)
_NUMBERS: Final = re.compile(rb"\n---\n\n.{0,200}\bchunks \d+\n*\Z")  # the last line of our own Markdown


def why_unreadable(raw: bytes, dialects: str) -> NotARecording:
    """`raw` is of no format, and no dialect understands it; `dialects` are those to choose from."""
    try:
        start = raw[:4096].decode("utf-8-sig", "ignore" if len(raw) > 4096 else "strict")
    except UnicodeDecodeError:
        start = "\0"
    if "\0" in start:
        return NotARecording(f"It is not text: what can be imported is {_KNOWN}, or a zip of them.")
    if start.startswith(",".join(COLUMNS[:4])):
        return NotARecording(f"A CSV {_NOT_BACK}.")
    if start.startswith("# ") and _NUMBERS.search(raw):
        return NotARecording(f"A Markdown {_NOT_BACK}.")
    if start.lstrip()[:1] in ("{", "["):
        return _of_json(raw, dialects)
    return _which(dialects) if _SSE.search(raw, 0, 4096) else NotARecording(f"What can be imported is {_KNOWN}.")


def _of_json(raw: bytes, dialects: str) -> NotARecording:
    first = next(line for line in raw.split(b"\n") if line.strip())
    try:
        orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        try:
            orjson.loads(first)
        except orjson.JSONDecodeError:
            return NotARecording(f"It begins as JSON and is none: {error.msg} (line {error.lineno}).")
    return _which(dialects)


def _which(dialects: str) -> UnknownContent:
    return UnknownContent(f"It cannot be told in which dialect this answer is: choose one of {dialects}.")
