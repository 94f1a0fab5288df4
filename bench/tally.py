"""What one stream's viewer received, and what all of them together say about the subject."""

import math
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field

from bench.upstream import TOKEN, Pace


@dataclass
class Stream:
    """Arrivals are (ns of CLOCK_MONOTONIC, bytes that hold tokens); they are parsed after the load, not during it."""

    asked_ns: int = 0
    arrivals: list[tuple[int, bytes]] = field(default_factory=list)
    first_ns: int = 0
    ended_ns: int = 0
    refused: bool = False
    run_id: str = ""

    def ask(self) -> None:
        self.asked_ns = time.monotonic_ns()

    def tokens(self) -> list[tuple[int, int, int]]:
        """(index, ns due, ns received) in the order of arrival."""
        text = b"".join(data for _, data in self.arrivals).decode()
        marks, position = [], 0
        for ns, data in self.arrivals:
            position += len(data.decode())
            marks.append((position, ns))
        tokens, mark = [], iter(marks)
        end, ns = next(mark, (0, 0))
        for match in TOKEN.finditer(text):
            while match.end() > end:
                end, ns = next(mark)
            tokens.append((int(match[1]), int(match[2]) * 1000, ns))
        return tokens


@dataclass
class Tally:
    """Of one load, all viewers together: milliseconds, counts, seconds. `frames`: messages (or reads) with tokens.

    `added` is the time from when a token was due to when it came.
    """

    streams: int
    refused: int
    expected: int
    received: int
    lost: int
    doubled: int
    out_of_order: int
    unfinished: int
    added_p50: float
    added_p99: float
    added_max: float
    ttft_p50: float
    ttft_p99: float
    seconds: float
    frames: int = 0
    steady_tokens: int = 0
    unrecorded: int = 0

    def as_dict(self) -> dict[str, float]:
        return asdict(self)


def percentile(values: Sequence[float], share: float) -> float:
    """The nearest-rank percentile of sorted `values`; nan where there is none."""
    return values[max(0, math.ceil(share * len(values)) - 1)] if values else math.nan


def tally(streams: Sequence[Stream], pace: Pace, *, steady: tuple[int, int]) -> Tally:
    """`steady` is the span, in ns, in which every stream was streaming."""
    lost = doubled = out_of_order = received = steady_tokens = 0
    added: list[float] = []
    ttft: list[float] = []
    for stream in streams:
        if stream.refused:
            continue
        tokens = stream.tokens()
        counts = Counter(index for index, _, _ in tokens)
        received += len(tokens)
        lost += pace.tokens - len(counts)
        doubled += len(tokens) - len(counts)
        out_of_order += _falls(index for index, _, _ in tokens)
        steady_tokens += sum(steady[0] <= at < steady[1] for _, _, at in tokens)
        added += [(at - due) / 1e6 for _, due, at in tokens]
        if tokens:
            ttft.append((tokens[0][2] - stream.asked_ns) / 1e6 - pace.delay_ms)
    added.sort()
    ttft.sort()
    accepted = [stream for stream in streams if not stream.refused]
    return Tally(
        streams=len(streams),
        refused=len(streams) - len(accepted),
        expected=pace.tokens * len(accepted),
        received=received,
        lost=lost,
        doubled=doubled,
        out_of_order=out_of_order,
        unfinished=sum(not stream.ended_ns for stream in accepted),
        added_p50=percentile(added, 0.5),
        added_p99=percentile(added, 0.99),
        added_max=added[-1] if added else math.nan,
        ttft_p50=percentile(ttft, 0.5),
        ttft_p99=percentile(ttft, 0.99),
        seconds=(max((s.ended_ns for s in accepted), default=0) - min(s.asked_ns for s in streams)) / 1e9,
        frames=sum(len(stream.arrivals) for stream in accepted),
        steady_tokens=steady_tokens,
    )


def _falls(indexes: Iterable[int]) -> int:
    highest, falls = -1, 0
    for index in indexes:
        falls += index < highest
        highest = max(highest, index)
    return falls
