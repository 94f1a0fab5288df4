"""One measurement: a load on a subject, and what each process used for it."""

import asyncio
import json
import sys
from dataclasses import dataclass
from typing import Any

import psutil

from bench.processes import ROOT, Subject, prefer, sample_peak, usage
from bench.profiling import Profile
from bench.upstream import Pace


@dataclass(frozen=True)
class Row:
    """`cpu_us` is of the subject, per token, from the first request to when all is stored; `steady_us` only while all
    streams stream; `upstream_us` and `load_us` are of the two processes that make the load. `rss_mib` is the peak."""

    subject: str
    streams: int
    repeat: int
    cpu_us: float
    steady_us: float
    upstream_us: float
    load_us: float
    rss_mib: float
    received: dict[str, float]

    def __getitem__(self, name: str) -> float:
        own: Any = getattr(self, name, None)
        return float(self.received[name] if own is None else own)


@dataclass(frozen=True)
class Load:
    """So many streams of one pace, begun within `spread` seconds."""

    streams: int
    pace: Pace
    spread: float


async def measure(
    subject: Subject, upstream: psutil.Process, load: Load, repeat: int, profile: Profile | None = None
) -> Row:
    spec = {
        "reader": subject.reader,
        "base_url": subject.base_url,
        "streams": load.streams,
        "spread": load.spread,
        "wait": 3.0 if profile else 0.1,
        "pace": load.pace,
        "model": subject.model_prefix + load.pace.model,
        "token": subject.token,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.load", cwd=ROOT, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdin
    assert process.stdout
    load_process = psutil.Process(process.pid)
    prefer(load_process)
    measured = {"subject": subject.process or load_process, "upstream": upstream, "load": load_process}
    process.stdin.write(json.dumps(spec).encode() + b"\n")
    peak = [0]
    sampler = asyncio.create_task(sample_peak(measured["subject"], peak))
    cpu: dict[str, dict[str, float]] = {}
    received: dict[str, float] = {}
    try:
        while line := (await process.stdout.readline()).decode().strip():
            if line.startswith("{") and "added_p50" in line:
                received = json.loads(line)
                process.stdin.close()
            elif line.isalpha():
                if profile and line == "ready":
                    profile.start()
                if profile and line == "settled":
                    profile.stop()
                cpu[line] = {name: usage(one).cpu for name, one in measured.items()}
            else:
                print(f"  {subject.name}: {line}", file=sys.stderr)
        await process.wait()
    finally:
        sampler.cancel()
        await asyncio.gather(sampler, return_exceptions=True)
    if not received:
        raise RuntimeError(f"the load on {subject.name} ended without a result")
    return _row(subject.name, load.streams, repeat, cpu, received, peak[0])


def _row(
    name: str, streams: int, repeat: int, cpu: dict[str, dict[str, float]], received: dict[str, float], peak: int
) -> Row:
    def per_token(process: str, begin: str, end: str, tokens: float) -> float:
        if not tokens or begin not in cpu or end not in cpu:
            return float("nan")
        return (cpu[end][process] - cpu[begin][process]) / tokens * 1e6

    tokens = received["received"]
    return Row(
        subject=name,
        streams=streams,
        repeat=repeat,
        cpu_us=per_token("subject", "ready", "settled", tokens),
        steady_us=per_token("subject", "steady", "ending", received["steady_tokens"]),
        upstream_us=per_token("upstream", "ready", "settled", tokens),
        load_us=per_token("load", "ready", "settled", tokens),
        rss_mib=peak / 2**20,
        received=received,
    )
