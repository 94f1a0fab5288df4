"""How many bytes a recorded token takes in the database, beyond its text and its raw bytes.

`python -m bench.stored` packs recordings of several kinds as the playground does, puts many of each into a SQLite
database of its own, and measures what the database grows by.
"""

import random
import re
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import orjson

from playground.recording.events import (
    ATTEMPT_STARTED,
    CHUNK,
    FIRST_BYTE,
    RESPONSE_HEADERS,
    RUN_ENDED,
    RUN_STARTED,
    Event,
)
from playground.recording.log import Read
from playground.recording.segments import pack_events, pack_reads

GOAL: Final = 6.0
SEGMENT: Final = 2_048  # events, as `runs.stored` has it
RUNS: Final = 40
ENGLISH: Final = re.findall(
    r" ?\w{1,7}|\S", (Path(__file__).parent.parent / "docs" / "architecture.md").read_text("utf-8")
)
CHINESE: Final = (
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里".strip()
)


class Kind(NamedTuple):
    """A kind of recording: how a token and the time to the next one come about."""

    name: str
    tokens: int
    words: Callable[[random.Random, int], list[str]]
    gap_us: Callable[[random.Random], int]
    has_logprobs: bool = False


class Stored(NamedTuple):
    """Bytes a token. `beyond`: what the segments take in the database without the raw bytes.

    The text itself stands in the run's row; that its segments hold it a second time counts as beyond."""

    text: float
    events: float
    raw: float
    beyond: float


def _english(chance: random.Random, count: int) -> list[str]:
    """Real sentences, cut into pieces of a token's length."""
    start = chance.randrange(len(ENGLISH))
    return [ENGLISH[(start + index) % len(ENGLISH)] for index in range(count)]


def _chinese(chance: random.Random, count: int) -> list[str]:
    return ["".join(chance.choices(CHINESE, k=chance.randint(1, 2))) for _ in range(count)]


def _steady(chance: random.Random) -> int:
    return 20_000 + round(chance.gauss(0, 300))


def _jittery(chance: random.Random) -> int:
    """As the built-in model on a busy machine: 30 ms, with a tail."""
    return round(chance.lognormvariate(10.3, 0.35))


def _flat_out(chance: random.Random) -> int:
    return round(chance.expovariate(1 / 500))


KINDS: Final = (
    Kind("English, 50 a second, 200 tokens", 200, _english, _steady),
    Kind("English, 50 a second, 2,000 tokens", 2_000, _english, _steady),
    Kind("English, jittery as a local model, 500", 500, _english, _jittery),
    Kind("English, jittery as a local model, 2,000", 2_000, _english, _jittery),
    Kind("English, as fast as it can, 2,000", 2_000, _english, _flat_out),
    Kind("Chinese, 50 a second, 2,000", 2_000, _chinese, _steady),
    Kind("English with 3 logprobs, 2,000", 2_000, _english, _steady, has_logprobs=True),
)


def recorded(kind: Kind, seed: int) -> tuple[list[Event], list[Read]]:
    """A run as an OpenAI-compatible server streams it: a read a token."""
    chance = random.Random(seed)
    head: list[tuple[str, dict[str, Any]]] = [
        (RUN_STARTED, {"model": "lab/model", "dialect": "openai-chat", "request": {"messages_count": 1}}),
        (ATTEMPT_STARTED, {"attempt": 1, "method": "POST", "url": "http://127.0.0.1:8001/v1/chat/completions"}),
        (RESPONSE_HEADERS, {"attempt": 1, "status": 200, "headers": {"content-type": "text/event-stream"}}),
        (FIRST_BYTE, {"attempt": 1}),
    ]
    events = [Event(seq, seq * 900, *row) for seq, row in enumerate(head)]
    reads: list[Read] = []
    t, offset = 100_000, 0
    for word in kind.words(chance, kind.tokens):
        t += max(1, kind.gap_us(chance))
        data, raw = _chunk(kind, word, chance)
        offset += len(raw)
        reads.append(Read(t, raw))
        events.append(Event(len(events), t, CHUNK, data, offset))
    end = {"status": "completed", "finish_reason": "stop", "error": None, "attempts": 1}
    return [*events, Event(len(events), t + 50, RUN_ENDED, end)], reads


def _chunk(kind: Kind, word: str, chance: random.Random) -> tuple[Any, bytes]:
    choice: dict[str, Any] = {"index": 0, "delta": {"content": word}, "finish_reason": None}
    data: Any = word
    if kind.has_logprobs:
        top = [{"token": other, "logprob": -chance.expovariate(0.5)} for other in kind.words(chance, 3)]
        logprobs = [{"token": word, "logprob": -chance.random(), "bytes": [*word.encode()], "top_logprobs": top}]
        choice["logprobs"] = {"content": logprobs}
        data = {"text": word, "logprobs": logprobs}
    message = {"id": "chatcmpl-7", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}
    return data, b"data: " + orjson.dumps(message) + b"\n\n"


def measure(kind: Kind, folder: Path) -> Stored:
    """Segments as rows of a table like ours, with its indexes, once with raw bytes and once without."""
    runs = [recorded(kind, seed) for seed in range(RUNS)]
    tokens = kind.tokens * RUNS
    texts = ["".join(_text(event) for event in events) for events, _ in runs]
    rows = [row for number, (events, reads) in enumerate(runs) for row in _rows(number, events, reads)]
    without_raw = _grown(folder, [(*row[:4], b"", 1, 0, 0) for row in rows])
    return Stored(
        text=sum(len(text.encode()) for text in texts) / tokens,
        events=sum(len(row[3]) for row in rows) / tokens,
        raw=sum(len(row[4]) for row in rows) / tokens,
        beyond=without_raw / tokens,
    )


def _text(event: Event) -> str:
    if event.kind != CHUNK:
        return ""
    return event.data if isinstance(event.data, str) else str(event.data["text"])


def _rows(number: int, events: list[Event], reads: list[Read]) -> Iterator[tuple[Any, ...]]:
    for start in range(0, len(events), SEGMENT):
        part, its = events[start : start + SEGMENT], reads[start : start + SEGMENT]
        packed = pack_events(part, compress=True), pack_reads(its, compress=True)
        yield (f"{number:032x}", part[0].seq, part[-1].seq, *packed, 1, 0, 0)


def _grown(folder: Path, rows: list[tuple[Any, ...]]) -> int:
    """The bytes of a table with these segments, its indexes and its half-empty pages."""
    file = folder / "stored.sqlite3"
    file.unlink(missing_ok=True)
    database = sqlite3.connect(file)
    database.execute(
        "CREATE TABLE segment (id INTEGER PRIMARY KEY AUTOINCREMENT, first_seq, last_seq, events BLOB, reads BLOB, "
        "is_compact, run_id CHAR(32), reads_before, bytes_before)"
    )
    database.execute("CREATE UNIQUE INDEX once ON segment (run_id, first_seq)")
    database.execute("CREATE INDEX of_run ON segment (run_id)")
    database.commit()
    empty = file.stat().st_size
    database.executemany(
        "INSERT INTO segment (run_id, first_seq, last_seq, events, reads, is_compact, reads_before, bytes_before) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        rows,
    )
    database.commit()
    database.close()
    return file.stat().st_size - empty


def main() -> int:
    print(f"{'bytes a token':44}{'text':>7}{'events':>8}{'in the database':>17}{'raw bytes':>11}")
    rows = []
    with tempfile.TemporaryDirectory(prefix="bench-stored-") as folder:
        for kind in KINDS:
            stored = measure(kind, Path(folder))
            if not kind.has_logprobs:
                rows.append(stored)
            print(f"{kind.name:44}{stored.text:7.2f}{stored.events:8.2f}{stored.beyond:17.2f}{stored.raw:11.2f}")
    print(
        "In the database: rows, indexes and half-empty pages of the segments, without the raw bytes. They hold the text"
    )
    print("a second time, compressed. Goal without logprobs, beyond the text and the raw bytes: 6.")
    packed, beyond = max(row.events for row in rows), max(row.beyond for row in rows)
    print(f"as packed: {_verdict(packed)} ({packed:.2f} at most); in SQLite's pages: {_verdict(beyond)} ({beyond:.2f})")
    return 0 if packed <= GOAL else 1


def _verdict(most: float) -> str:
    return "met" if most <= GOAL else "missed"


if __name__ == "__main__":
    sys.exit(main())
