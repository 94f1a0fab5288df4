"""Where a subject's time goes, by py-spy: threads that hold the interpreter's lock, sampled from outside."""

import re
import signal
import subprocess
from collections import Counter
from pathlib import Path

import psutil

RATE = 250
LINE_NUMBER = re.compile(r":\d+\)$")


class Profile:
    """Samples `process` from `start` to `stop`; writes folded stacks to `output`, and prints a summary."""

    def __init__(self, process: psutil.Process, output: Path) -> None:
        self.output = output
        self.command = [
            "py-spy", "record", "--pid", str(process.pid), "--rate", str(RATE),
            "--gil", "--nonblocking", "--format", "raw", "--output", str(output),
        ]  # fmt: skip

    def start(self) -> None:
        self.profiler = subprocess.Popen(self.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def stop(self) -> None:
        self.profiler.send_signal(signal.SIGINT)
        self.profiler.wait()
        print(summary(self.output.read_text(encoding="utf-8")))


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
