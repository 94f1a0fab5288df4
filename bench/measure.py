"""One measurement: a load on a subject, and what each process used for it."""

import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psutil

from bench.processes import ROOT, Subject, prefer, sample_peak, usage
from bench.profiling import Profile
from bench.upstream import Pace


@dataclass(frozen=True)
class Row:
    """`cpu_us` is of the subject, per token that a viewer received, from the first request to when all is stored.

    `steady_us`: only while all streams stream. `upstream_us` and `load_us` are of the two processes that make the load.
    `rss_mib` is the peak.
    """

    subject: str
    streams: int
    viewers: int
    repeat: int
    cpu_us: float
    steady_us: float
    upstream_us: float
    load_us: float
    rss_mib: float
    received: dict[str, float]

    @property
    def frame_us(self) -> float:
        """CPU of the subject per message that a viewer received."""
        frames = self.received["frames"]
        return self.cpu_us * self.received["received"] / frames if frames else float("nan")

    def __getitem__(self, name: str) -> float:
        own: Any = getattr(self, name, None)
        return float(self.received[name] if own is None else own)


@dataclass(frozen=True)
class Load:
    """So many streams of one pace, begun within `spread` seconds, each with so many viewers."""

    streams: int
    pace: Pace
    spread: float
    viewers: int = 1


class _Heard:
    """What the load says, line by line, and the CPU that each process had used at that moment."""

    def __init__(self, subject: str, measured: Mapping[str, Sequence[psutil.Process]], profile: Profile | None) -> None:
        self.cpu: dict[str, dict[str, float]] = {}
        self.received: dict[str, float] = {}
        self._subject = subject
        self._measured = measured
        self._profile = profile

    def take(self, line: str) -> bool:
        """Whether that was the result, the last that is wanted of the load."""
        if line.startswith("{") and "added_p50" in line:
            self.received = json.loads(line)
            return True
        if line.isalpha():
            self._reached(line)
        else:
            print(f"  {self._subject}: {line}", file=sys.stderr)
        return False

    def _reached(self, point: str) -> None:
        if self._profile and point == "ready":
            self._profile.start()
        if self._profile and point == "settled":
            self._profile.stop()
        self.cpu[point] = {name: usage(*processes).cpu for name, processes in self._measured.items()}


async def measure(
    subject: Subject, upstream: psutil.Process, load: Load, repeat: int, profile: Profile | None = None
) -> Row:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.load", cwd=ROOT, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdin
    assert process.stdout
    load_process = psutil.Process(process.pid)
    prefer(load_process)
    own = (subject.process, *subject.others) if subject.process else (load_process,)
    heard = _Heard(subject.name, {"subject": own, "upstream": (upstream,), "load": (load_process,)}, profile)
    process.stdin.write(json.dumps(_spec(subject, load, wait=3.0 if profile else 0.1)).encode() + b"\n")
    peak = [0]
    sampler = asyncio.create_task(sample_peak(own, peak))
    try:
        while line := (await asyncio.wait_for(process.stdout.readline(), longest_s(load))).decode().strip():
            if heard.take(line):
                process.stdin.close()
        await process.wait()
    except TimeoutError:
        process.kill()
        raise RuntimeError(f"the load on {subject.name} said nothing for {longest_s(load):.0f} s") from None
    finally:
        sampler.cancel()
        await asyncio.gather(sampler, return_exceptions=True)
    if not heard.received:
        raise RuntimeError(f"the load on {subject.name} ended without a result")
    return _row(subject.name, load, repeat, heard.cpu, heard.received, peak[0])


def _spec(subject: Subject, load: Load, wait: float) -> dict[str, Any]:
    """What `bench.load` is told."""
    return {
        "reader": subject.reader,
        "base_url": subject.base_url,
        "streams": load.streams,
        "spread": load.spread,
        "wait": wait,
        "pace": load.pace,
        "model": subject.model_prefix + load.pace.model,
        "token": subject.token,
        "viewers": load.viewers,
        "watch_url": subject.watch_url,
    }


def longest_s(load: Load) -> float:
    """After so long without a word the load hangs: it waits for its streams, and reads each stored answer."""
    return 180 + load.spread + load.pace.tokens / load.pace.per_second + load.streams / 2


def _row(
    name: str, load: Load, repeat: int, cpu: dict[str, dict[str, float]], received: dict[str, float], peak: int
) -> Row:
    def per_token(process: str, begin: str, end: str, tokens: float) -> float:
        if not tokens or begin not in cpu or end not in cpu:
            return float("nan")
        return (cpu[end][process] - cpu[begin][process]) / tokens * 1e6

    tokens = received["received"]
    return Row(
        subject=name,
        streams=load.streams,
        viewers=load.viewers,
        repeat=repeat,
        cpu_us=per_token("subject", "ready", "settled", tokens),
        steady_us=per_token("subject", "steady", "ending", received["steady_tokens"]),
        upstream_us=per_token("upstream", "ready", "settled", tokens),
        load_us=per_token("load", "ready", "settled", tokens),
        rss_mib=peak / 2**20,
        received=received,
    )
