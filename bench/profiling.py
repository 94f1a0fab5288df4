"""Where a subject's time goes, by py-spy: threads that hold the interpreter's lock, sampled from outside."""

import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

RATE = 250
LINE_NUMBER = re.compile(r":\d+\)$")


@contextmanager
def profiled(process: psutil.Process, seconds: float, output: Path) -> Iterator[None]:
    """Sample `process` while the block runs, for at most `seconds`; write folded stacks to `output`, and a summary."""
    command = [
        "py-spy", "record", "--pid", str(process.pid), "--duration", str(round(seconds)), "--rate", str(RATE),
        "--gil", "--nonblocking", "--format", "raw", "--output", str(output),
    ]  # fmt: skip
    profiler = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    yield
    profiler.wait()
    print(summary(output.read_text(encoding="utf-8")))


def summary(folded: str, rows: int = 45) -> str:
    """The functions in which, or below which, most samples are. `folded`: a line a stack, `frame;frame;… COUNT`."""
    within: Counter[str] = Counter()
    alone: Counter[str] = Counter()
    total = 0
    for line in folded.splitlines():
        stack, _, count = line.rpartition(" ")
        frames = [LINE_NUMBER.sub(")", frame) for frame in stack.split(";")]
        total += int(count)
        alone[frames[-1]] += int(count)
        for frame in set(frames):
            within[frame] += int(count)
    lines = [f"  {total} samples, {RATE} a second", "    with callees  alone"]
    lines += [f"    {n / total:11.1%} {alone[frame] / total:7.1%}  {frame}" for frame, n in within.most_common(rows)]
    return "\n".join(lines)
