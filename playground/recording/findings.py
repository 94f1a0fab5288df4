"""What a reader of a run should look at twice, and where: found in its events, in one pass over them and a sort.

- `one_chunk`: the whole answer came as one chunk. The provider said so, and no choice's text came in more (an agent's
  word of one of its models is none of the answer's); or one chunk has ≥ 40 characters.
- `buffered`: ≥ 16 chunks in bursts, of ≥ 4 chunks a read on average and with a median pause between the reads of
  ≥ 200 ms; or all of them within 50 ms, after ≥ 1 s of nothing.
- `stalled`: the longest pause, between two chunks or between the last one and the end, is ≥ max(2 s, 10 × the median).
- `slow_first`: ≥ 3 s from the last attempt's request to its first chunk.
- `retried`: another attempt was made.
- `cut`: after some text, no end mark, the token limit, the content filter, or a failure.
- `empty`: it completed without any text.
- `repaired`: bytes that are not UTF-8, halves of characters, numbers that JSON does not have.
- `compressed`: the provider compresses its answer.
- `notice`: any other notice in the recording, such as one of a new dialect.
"""

import itertools
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from statistics import median
from typing import Any, Final, NamedTuple

from playground.recording.events import (
    ATTEMPT_STARTED,
    CHUNK,
    NOTICE,
    RETRY_SCHEDULED,
    RUN_ENDED,
    Event,
    chunk_text,
)
from playground.recording.reasons import common
from playground.recording.status import RunStatus

ONE_CHUNK_LEAST: Final = 40  # characters
BURST_CHUNKS: Final = 16
BURST_SIZE: Final = 4  # chunks a read, on average
BURST_PAUSE: Final = 200_000  # µs
ALL_AT_ONCE: Final = 50_000  # µs
SILENCE_BEFORE: Final = 1_000_000  # µs
STALL_LEAST: Final = 2_000_000  # µs
STALL_FACTOR: Final = 10
SLOW_FIRST: Final = 3_000_000  # µs

_REPAIRS: Final = frozenset({"invalid_utf8", "lone_surrogate", "not_a_number"})
_PASSING: Final = frozenset({"model.loading", "continues"})  # tells what is going on; nothing is wrong
_HARMLESS: Final = frozenset({"compressed"})
_SEVEREST_FIRST: Final = (
    "cut",
    "empty",
    "stalled",
    "retried",
    "buffered",
    "one_chunk",
    "repaired",
    "slow_first",
    "notice",
    "compressed",
)
_CUT_BY: Final = frozenset(
    {RunStatus.TRUNCATED.value, RunStatus.FILTERED.value, RunStatus.FAILED.value, RunStatus.INTERRUPTED.value}
)


class Finding(NamedTuple):
    """`seq` and `t` (µs since the run began) say where; `length` how long it lasted, in µs, 0 for what does not last.

    `times`: how many (retries, chunks). `causes`: the codes of what was behind it, each once, in order.
    """

    code: str
    seq: int
    t: int
    length: int = 0
    times: int = 0
    causes: Sequence[str] = ()

    @property
    def is_notable(self) -> bool:
        return self.code not in _HARMLESS


def findings(events: Sequence[Event]) -> list[Finding]:
    """The severest first; each code once, but `notice` for each code of a notice."""
    chunks = _last_attempt_chunks(events)
    found = [
        *_end(events, chunks),
        *_one_chunk(events, chunks),
        *_buffered(events, chunks),
        *_stalled(events, chunks),
        *_slow_first(events, chunks),
        *_retried(events),
        *_notices(events),
    ]
    return sorted(found, key=lambda finding: (_SEVEREST_FIRST.index(finding.code), finding.seq))


def _object(event: Event) -> Mapping[str, Any]:
    return {} if isinstance(event.data, str) else event.data


def _last_attempt_chunks(events: Sequence[Event]) -> list[Event]:
    """The chunks of the last attempt that had any."""
    chunks: list[Event] = []
    fresh = True
    for event in events:
        if event.kind == ATTEMPT_STARTED:
            fresh = True
        elif event.kind == CHUNK:
            if fresh:
                chunks, fresh = [], False
            chunks.append(event)
    return chunks


def _end(events: Sequence[Event], chunks: Sequence[Event]) -> Iterator[Finding]:
    if not events or events[-1].kind != RUN_ENDED:
        return
    end, data = events[-1], _object(events[-1])
    status, reason = data.get("status"), data.get("finish_reason")
    if status == RunStatus.COMPLETED.value and not chunks:
        yield Finding("empty", end.seq, end.t)
    elif chunks and status in _CUT_BY:
        yield Finding("cut", end.seq, end.t, causes=(str(status),))
    elif isinstance(reason, str) and common(reason) == "length":
        yield Finding("cut", end.seq, end.t, causes=("length",))


def _one_chunk(events: Sequence[Event], chunks: Sequence[Event]) -> Iterator[Finding]:
    codes = {_object(event).get("code") for event in events if event.kind == NOTICE}
    if "no_chunks" in codes:  # a file without them says nothing of the provider
        return
    whole = "one_chunk" in codes and _text_chunks(chunks) <= 1
    if chunks and (whole or (len(chunks) == 1 and len(chunk_text(chunks[0])) >= ONE_CHUNK_LEAST)):
        yield Finding("one_chunk", chunks[0].seq, chunks[0].t, times=1)


def _text_chunks(chunks: Sequence[Event]) -> int:
    """How many chunks the text of a choice came in; of several choices, that of the most."""
    texts = (("text", 0) if isinstance(c.data, str) else (c.data.get("text"), c.data.get("choice", 0)) for c in chunks)
    return max(Counter(choice for text, choice in texts if text).values(), default=0)


def _buffered(events: Sequence[Event], chunks: Sequence[Event]) -> Iterator[Finding]:
    if len(chunks) < BURST_CHUNKS:
        return
    first, last = chunks[0], chunks[-1]
    if last.t - first.t <= ALL_AT_ONCE:
        waited = first.t - _asked_at(events, first)
        if waited >= SILENCE_BEFORE:
            yield Finding("buffered", first.seq, first.t, waited, len(chunks))
        return
    reads = [next(group) for _t, group in itertools.groupby(chunks, key=lambda chunk: chunk.t)]
    pauses = [(b.t - a.t, b) for a, b in itertools.pairwise(reads)]
    typical = int(median(pause for pause, _read in pauses))
    if len(chunks) >= BURST_SIZE * len(reads) and typical >= BURST_PAUSE:
        longest, read = max(pauses, key=lambda pause: pause[0])
        yield Finding("buffered", read.seq, read.t - longest, typical, round(len(chunks) / len(reads)))


def _stalled(events: Sequence[Event], chunks: Sequence[Event]) -> Iterator[Finding]:
    if not chunks:
        return
    pauses = [(b.t - a.t, a) for a, b in itertools.pairwise(chunks)]
    least = max(STALL_LEAST, STALL_FACTOR * int(median(length for length, _ in pauses))) if pauses else STALL_LEAST
    if events[-1].kind == RUN_ENDED:
        pauses.append((events[-1].t - chunks[-1].t, chunks[-1]))
    long = [pause for pause in pauses if pause[0] >= least]
    if long:
        length, before = max(long, key=lambda pause: pause[0])
        yield Finding("stalled", before.seq, before.t, length, len(long))


def _slow_first(events: Sequence[Event], chunks: Sequence[Event]) -> Iterator[Finding]:
    if chunks and (waited := chunks[0].t - _asked_at(events, chunks[0])) >= SLOW_FIRST:
        yield Finding("slow_first", chunks[0].seq, chunks[0].t - waited, waited)


def _asked_at(events: Sequence[Event], chunk: Event) -> int:
    """When the attempt that the chunk belongs to was started."""
    return next((e.t for e in reversed(events[: chunk.seq]) if e.kind == ATTEMPT_STARTED), 0)


def _retried(events: Sequence[Event]) -> Iterator[Finding]:
    retries = [event for event in events if event.kind == RETRY_SCHEDULED]
    if retries:
        causes = tuple(dict.fromkeys(str(_object(event).get("code") or "failed") for event in retries))
        yield Finding("retried", retries[0].seq, retries[0].t, times=len(retries), causes=causes)


def _notices(events: Sequence[Event]) -> Iterator[Finding]:
    """Repairs are one finding, whatever was repaired how often."""
    notices: dict[str, list[Event]] = {}
    for event in events:
        if event.kind == NOTICE:
            notices.setdefault(str(_object(event).get("code") or "notice"), []).append(event)
    repairs = sorted((notice for code in _REPAIRS for notice in notices.get(code, ())), key=lambda event: event.seq)
    if repairs:
        causes = tuple(dict.fromkeys(str(_object(event)["code"]) for event in repairs))
        yield Finding("repaired", repairs[0].seq, repairs[0].t, times=len(repairs), causes=causes)
    for code, (first, *more) in notices.items():
        if code in _HARMLESS:
            yield Finding(code, first.seq, first.t, times=1)
        elif code not in _REPAIRS | _PASSING | {"one_chunk", "empty_answer"}:
            yield Finding("notice", first.seq, first.t, times=1 + len(more), causes=(code,))
