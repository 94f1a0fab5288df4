"""The body of an answer as a program like `curl -N` wrote it, in any dialect; with `curl -i`, its headers too."""

import re
from collections.abc import Sequence
from typing import Final

import orjson

from playground.interchange.drafts import UNKNOWN_MODEL, Draft, Imported
from playground.interchange.errors import UnknownContent
from playground.interchange.timing import TimedLine, timed_lines
from playground.interchange.unreadable import why_unreadable
from playground.providers import refusals
from playground.providers.attempt import BAD_FINISHES
from playground.providers.dialects import DIALECTS, dialect
from playground.providers.dialects.base import CONTENT_FILTER, Parser, common_reason
from playground.providers.errors import ProviderError, UnknownDialect
from playground.providers.redaction import shown_headers
from playground.providers.request import GenerationRequest
from playground.providers.sink import ErrorInfo, Outcome
from playground.recording.events import ATTEMPT_FAILED, CHUNK, FIRST_BYTE, RESPONSE_HEADERS
from playground.recording.session_file import RecordedRun, RecordedSession, RecordedTurn
from playground.recording.status import RunStatus

FORMAT: Final = "dump"
_ENOUGH: Final = 256 * 1024  # bytes to tell a dialect by
_STATUS: Final = re.compile(rb"HTTP/[\d.]+ (\d{3})")
_MODEL: Final = re.compile(rb'"(?:model|modelVersion|model_name)"\s*:\s*("(?:[^"\\]|\\.){1,200}")')
_COMPLETIONS: Final = (b'"object":"text_completion"', b'"object": "text_completion"')


def read_dump(raw: bytes, *, dialect_name: str = "", title: str = "") -> Imported:
    """Raises UnknownContent where the dialect is not given and cannot be told; NotARecording for times out of order."""
    timed = timed_lines(raw)
    status, headers, reads = _split_head(timed or [(0, raw)])
    body = b"".join(line for _t, line in reads)
    name = dialect_name or _detected(body)
    if name not in DIALECTS:
        raise UnknownContent(f"There is no dialect “{name}”; there are {', '.join(DIALECTS)}.")
    model = _model(body)
    draft = Draft(model, name, messages_count=0, parameters={})
    if timed is None:
        draft.notice("no_times", "Imported from a file without times: everything is at 0.")
    if status:
        start = reads[0][0] if reads else 0
        draft.emit(start, RESPONSE_HEADERS, {"attempt": 1, "status": status, "headers": shown_headers(headers, ())})
    draft.end(_played(draft, reads, name, status, headers), reads[-1][0] if reads else 0)
    run = RecordedRun(0, model, [], draft.events, draft.reads)
    return Imported(RecordedSession(title, [RecordedTurn("", runs=[run])]), FORMAT, name)


def _played(
    draft: Draft, reads: Sequence[TimedLine], name: str, status: int, headers: list[tuple[str, str]]
) -> Outcome:
    """Put what the answer says into `draft`; how it ended."""
    parser = _parser(name)
    end = 0
    for t, raw in reads:
        draft.read(t, raw)
        if end == 0:
            draft.emit(t, FIRST_BYTE, {"attempt": 1}, 1)
        end += len(raw)
        if status < 300 and parser.error is None:
            for part in parser.feed(raw):
                draft.emit(t, part.kind, part.data, part.end)
    if status >= 300:
        body = b"".join(raw for _t, raw in reads)
        return _failed(draft, parser, refusals.from_answer(status, {n.lower(): v for n, v in headers}, body), status)
    for part in parser.close():
        draft.emit(reads[-1][0] if reads else 0, part.kind, part.data, part.end)
    if parser.error is not None:
        return _failed(draft, parser, parser.error, status)
    if parser.finish_reason in BAD_FINISHES:
        kind, message = BAD_FINISHES[parser.finish_reason]
        return _failed(draft, parser, kind(message), status)
    filtered = common_reason(dialect(name), parser.finish_reason) == CONTENT_FILTER
    ended = RunStatus.FILTERED if filtered else RunStatus.COMPLETED
    return Outcome(ended, parser.finish_reason, None, parser.usage, 1)


def _failed(draft: Draft, parser: Parser, error: ProviderError, status: int) -> Outcome:
    data = {"attempt": 1, "code": error.code, "message": error.message, "retryable": False}
    draft.emit(0, ATTEMPT_FAILED, {**data, "status": status} if status >= 300 else data)
    return Outcome(error.ends_as, parser.finish_reason, ErrorInfo(error.code, error.message), parser.usage, 1)


def _parser(name: str) -> Parser:
    return dialect(name).parser(GenerationRequest("", ()))


def _detected(body: bytes) -> str:
    """The dialect that understands most of the body. Raises UnknownContent, or NotARecording for what is no dump."""
    start = body if len(body) <= _ENOUGH else body[: body.rfind(b"\n", 0, _ENOUGH) + 1] or body
    found = {name: score for name in DIALECTS if (score := _understood(start, name))}
    if not found:
        raise why_unreadable(body, ", ".join(DIALECTS))
    best = max(found, key=lambda name: found[name])
    if best == "openai-chat" and any(mark in start[:4096] for mark in _COMPLETIONS):
        return "openai-completions"
    return best


def _understood(body: bytes, name: str) -> tuple[bool, bool, int] | None:
    """How well a dialect reads the body: to its end, without an error, and how many chunks."""
    try:
        parser = _parser(name)
    except UnknownDialect:  # one that speaks in another way than bytes
        return None
    parts = [*parser.feed(body), *parser.close()]
    chunks = sum(part.kind == CHUNK for part in parts)
    return (parser.done, parser.error is None, chunks) if chunks else None


def _model(body: bytes) -> str:
    found = _MODEL.search(body, 0, _ENOUGH)
    if found is None:
        return UNKNOWN_MODEL
    try:
        return str(orjson.loads(found[1])).strip() or UNKNOWN_MODEL
    except orjson.JSONDecodeError:
        return UNKNOWN_MODEL


def _split_head(reads: list[TimedLine]) -> tuple[int, list[tuple[str, str]], list[TimedLine]]:
    """The status (0 for none), the headers and the body; of several heads, as after a redirect, the last."""
    status, headers = 0, list[tuple[str, str]]()
    while reads and (found := _STATUS.match(reads[0][1])):
        status, lines = int(found[1]), list[bytes]()
        t, first = reads[0]
        if b"\n" in first.removesuffix(b"\n"):  # not cut into lines: all of it is one read
            head, body = _cut_head(first)
            lines = head.splitlines()
            reads = [(t, body), *reads[1:]] if body else reads[1:]
        else:
            end = next((at for at, (_t, line) in enumerate(reads) if not line.strip()), len(reads))
            lines, reads = [line for _t, line in reads[:end]], reads[end + 1 :]
        pairs = [line.decode("latin-1").partition(":") for line in lines[1:]]
        headers = [(name.strip(), value.strip()) for name, mark, value in pairs if mark]
    return status, headers, reads


def _cut_head(raw: bytes) -> tuple[bytes, bytes]:
    found = re.search(rb"\r?\n\r?\n", raw)
    return (raw[: found.start()], raw[found.end() :]) if found else (raw, b"")
