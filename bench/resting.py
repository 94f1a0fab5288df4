"""What the playground costs while nothing streams: `python -m bench.resting`.

Its start, from the command until `/healthz` answers, with the database migrated; its memory then; and what each of many
idle viewers adds: a socket that follows a run which has ended, as a page does that someone left open.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Final

import psutil

from bench.processes import Installation, Subject, installation, prefer, served, upstream, usage
from bench.readers import ProductReader
from bench.tally import Stream
from bench.upstream import Pace
from bench.websocket import WebSocket

MAX_IDLE_KIB: Final = 30
PACE: Final = Pace(tokens=50, per_second=50, delay_ms=0)
SETTLE_S: Final = 3.0
AT_ONCE: Final = 20


class _Ended:
    """Notices when the one run of this benchmark has ended."""

    def __init__(self) -> None:
        self.event = asyncio.Event()

    def begun(self, stream: Stream, now: int) -> None:
        pass

    def ended(self, stream: Stream, now: int) -> None:
        self.event.set()

    def refused(self, stream: Stream) -> None:
        raise RuntimeError("the run was refused")


def start_ups(made: Installation, folder: Path, count: int) -> list[float]:
    """Seconds of each start."""
    times = []
    for _ in range(count):
        began = time.monotonic()
        with served("start", made.environment, folder):
            times.append(time.monotonic() - began)
    return times


async def idle_kib(subject: Subject, viewers: int) -> float:
    """What each idle viewer adds to the server's memory, in KiB."""
    assert subject.process
    run_id = await _ended_run(subject)
    sockets = [await _follow(subject, run_id) for _ in range(AT_ONCE)]  # not counted: the first ones load what all use
    await asyncio.sleep(SETTLE_S)
    before = usage(subject.process).rss
    for _ in range(0, viewers, AT_ONCE):
        sockets += await asyncio.gather(*(_follow(subject, run_id) for _ in range(AT_ONCE)))
    await asyncio.sleep(SETTLE_S)
    after = usage(subject.process).rss
    for socket in sockets:
        socket.close()
    return (after - before) / 1024 / viewers


async def _ended_run(subject: Subject) -> str:
    ended, stream = _Ended(), Stream()
    reader = ProductReader(subject.base_url, subject.token, subject.model_prefix + PACE.model, ended)
    start = await reader.open_all([stream])
    await start()
    async with asyncio.timeout(30):
        await ended.event.wait()
    return stream.run_id


async def _follow(subject: Subject, run_id: str) -> WebSocket:
    """A viewer that has all of the run, and acknowledged it."""
    url = subject.base_url.replace("http", "ws", 1) + "/ws/v1"
    socket = await WebSocket(url, {"Authorization": f"Bearer {subject.token}"}).open()
    ended = asyncio.Event()

    def heard(payload: bytes, _now: int) -> None:
        message = json.loads(payload)
        if message["op"] == "ended":
            socket.send(json.dumps({"op": "ack", "run": run_id, "seq": message["seq"]}).encode())
            ended.set()

    socket.on_message = heard
    socket.send(json.dumps({"op": "subscribe", "run": run_id, "after": -1}).encode())
    async with asyncio.timeout(30):
        await ended.wait()
    return socket


def main(arguments: list[str] | None = None) -> int:
    """Print the figures; 1 if the goal is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench.resting")
    parser.add_argument("--starts", type=int, default=5, help="how often it is started (%(default)s)")
    parser.add_argument("--viewers", type=int, default=500, help="how many idle viewers (%(default)s)")
    options = parser.parse_args(arguments)
    prefer(psutil.Process())
    with (
        tempfile.TemporaryDirectory(prefix="bench-logs-") as name,
        upstream(Path(name)) as (upstream_url, _),
        installation(upstream_url) as made,
    ):
        folder = Path(name)
        times = start_ups(made, folder, options.starts)
        print(f"start-up: median {median(times):.2f} s of {len(times)}, {min(times):.2f}–{max(times):.2f} s")
        with served("idle", made.environment, folder) as serving:
            print(f"memory once it answers: {usage(serving.process).rss / 2**20:.0f} MiB")
            subject = Subject("idle", "product", serving.url, "bench/", made.token, serving.process)
            each = asyncio.run(idle_kib(subject, options.viewers))
    mark = "✓" if each <= MAX_IDLE_KIB else "✗"
    print(f"  {mark} {options.viewers} idle viewers: {each:.1f} KiB each (at most {MAX_IDLE_KIB})")
    return 0 if each <= MAX_IDLE_KIB else 1


if __name__ == "__main__":
    sys.exit(main())
