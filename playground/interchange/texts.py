"""A recorded run as text to read, as a table, and as the bytes that were read."""

from collections.abc import Iterator
from typing import Any, Final

from playground.interchange.answers import answer_of, chunk_data
from playground.recording.events import CHUNK, FIRST_BYTE, Event
from playground.recording.metrics import measure
from playground.recording.session_file import RecordedRun, RecordedTurn
from playground.spreadsheets import write_table

COLUMNS: Final = (
    "seq", "t_ms", "gap_ms", "kind", "text", "reasoning", "refusal", "tool_call", "bytes", "attempt", "choice",
)  # fmt: skip
_KINDS: Final = ("text", "reasoning", "refusal", "tool_call")


def chunk_table(run: RecordedRun) -> str:
    """CSV, a row a chunk, of all attempts. `kind` is what it has of text, reasoning, refusal and tool_call.

    `gap_ms` is the time since the chunk before it, `bytes` what was read since the event before it.
    """
    return write_table([COLUMNS, *_rows(run)])


def _rows(run: RecordedRun) -> Iterator[list[Any]]:
    before: Event | None = None
    read = 0
    for event in run.events:
        if event.kind == CHUNK:
            data = chunk_data(event)
            call = data.get("tool_call") or {}
            yield [
                event.seq,
                event.t / 1000,
                (event.t - before.t) / 1000 if before else None,
                " ".join(kind for kind in _KINDS if data.get(kind)),
                data.get("text"),
                data.get("reasoning"),
                data.get("refusal"),
                " ".join(str(call[name]) for name in ("name", "arguments") if call.get(name)),
                max(0, event.offset - read) if event.offset >= 0 else None,
                data.get("attempt", 1),
                data.get("choice", 0),
            ]
            before = event
        read = max(read, event.offset)


def markdown(title: str, turn: RecordedTurn, run: RecordedRun) -> str:
    """The prompt, the answer and its numbers."""
    answer = answer_of(run.events)
    parts = [f"# {' '.join(title.split()) or run.model}"]
    if turn.system.strip():
        parts.append(_quoted(turn.system, "*"))
    parts += [_quoted(turn.prompt), f"## {run.model}"]
    if answer.reasoning:
        parts.append(_quoted(answer.reasoning, "*"))
    parts.append(answer.text or "–")
    for call in answer.tool_calls:
        text = f"{call.get('name', '')}({call.get('arguments', '')})"
        fence = "`" * (_longest_ticks(text) + 3)
        parts.append(f"{fence}\n{text}\n{fence}")
    if answer.error:
        parts.append(f"**{answer.error['code']}**: {answer.error['message']}")
    return "\n\n".join([*filter(None, parts), _numbers(run, answer.status)]) + "\n"


def _numbers(run: RecordedRun, status: str) -> str:
    metrics = measure(run.events)
    found = [status]
    if (ttft := metrics.get("ttft_ms")) is not None:
        found.append(f"TTFT {ttft:.0f} ms")
    if rate := metrics.get("tokens_per_s"):
        found.append(f"{rate:g} tok/s")
    found.append(f"chunks {metrics['chunks']}")
    return f"---\n\n{' · '.join(found)}"


def _quoted(text: str, mark: str = "") -> str:
    """As a block quote; `mark` goes around each line that is not empty."""
    lines = (line.strip() if mark else line for line in text.splitlines())
    return "\n".join(f"> {mark}{line}{mark}".rstrip() if line else ">" for line in lines)


def _longest_ticks(text: str) -> int:
    longest = run = 0
    for character in text:
        run = run + 1 if character == "`" else 0
        longest = max(longest, run)
    return longest


def raw_body(run: RecordedRun) -> bytes:
    """The body of the last attempt's answer, as it was read."""
    whole = b"".join(read.raw for read in run.reads)
    starts = [event.offset - 1 for event in run.events if event.kind == FIRST_BYTE and event.offset > 0]
    return whole[starts[-1] :] if starts else whole
