"""Makes the load on one subject and tells what it received: one process, one viewer a stream or several.

    python -m bench.load < SPEC        prints a line for each phase, then the tally as JSON

Phases: `ready` (sockets are open, nothing is asked), `steady` (every stream has a token), `ending` (the first has
ended), `done` (all have), `settled` (and a moment has passed, in which the subject stores what it has left to store).
"""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import uvloop

from bench.readers import READERS, Opened
from bench.tally import Stream, tally
from bench.upstream import Pace

SETTLE_S = 0.7
PATIENCE_S = 60.0
OPENING_S = 30.0
OPENING_AT_ONCE = 20


@dataclass(frozen=True)
class Spec:
    """`base_url` is where the subject, or for the direct rows the upstream, is reached; `token` is the product's.
    The streams begin one after the other within `spread` seconds, `wait` seconds after `ready`; each has `viewers`,
    which connect to `watch_url` if it is another process.
    """

    reader: str
    base_url: str
    streams: int
    pace: Pace
    model: str
    spread: float
    wait: float
    token: str = ""
    viewers: int = 1
    watch_url: str = ""


class Phases:
    """Notices when every viewer's stream has begun and when the first and the last have ended."""

    def __init__(self, viewers: int) -> None:
        self.waiting = self.running = viewers
        self.steady_ns = self.ending_ns = 0
        self.all_ended = asyncio.Event()

    def begun(self, stream: Stream, now: int) -> None:
        stream.first_ns = now
        self.waiting -= 1
        if not self.waiting and not self.ending_ns:
            self.steady_ns = now
            say("steady")

    def ended(self, stream: Stream, now: int) -> None:
        stream.ended_ns = now
        if not self.ending_ns:
            self.ending_ns = now
            say("ending")
        self.left()

    def refused(self, stream: Stream) -> None:
        stream.refused = True
        self.waiting -= 1
        self.left()

    def left(self) -> None:
        self.running -= 1
        if not self.running:
            self.all_ended.set()


def say(phase: str) -> None:
    print(phase, flush=True)


async def run(spec: Spec) -> None:
    phases = Phases(spec.streams * spec.viewers)
    groups = [[Stream() for _ in range(spec.viewers)] for _ in range(spec.streams)]
    streams = [stream for group in groups for stream in group]
    reader = READERS[spec.reader](spec.base_url, spec.token, spec.model, phases)
    reader.watch_url = spec.watch_url or spec.base_url
    async with asyncio.timeout(OPENING_S):
        await reader.prepare()
        opened = await in_turn(reader.open_all, groups)
    say("ready")
    starts = [
        asyncio.create_task(start_at(spec.wait + i / spec.streams * spec.spread, opened[i]))
        for i in range(spec.streams)
    ]
    try:
        longest = (
            spec.wait + spec.spread + spec.pace.delay_ms / 1000 + spec.pace.tokens / spec.pace.per_second + PATIENCE_S
        )
        await asyncio.wait_for(phases.all_ended.wait(), longest)
    except TimeoutError:
        print("some streams have not ended", file=sys.stderr)
    say("done")
    await asyncio.sleep(SETTLE_S)
    say("settled")
    for task in starts:
        task.cancel()
    result = tally(streams, spec.pace, steady=(phases.steady_ns, phases.ending_ns))
    result.unrecorded = await reader.count_unrecorded(streams, spec.pace)
    await reader.close()
    print(json.dumps(result.as_dict()), flush=True)


async def in_turn(
    open_all: Callable[[Sequence[Stream]], Awaitable[Opened]], groups: Sequence[Sequence[Stream]]
) -> list[Opened]:
    gate = asyncio.Semaphore(OPENING_AT_ONCE)

    async def gated(group: Sequence[Stream]) -> Opened:
        async with gate:
            return await open_all(group)

    return await asyncio.gather(*(gated(group) for group in groups))


async def start_at(delay: float, start: Opened) -> None:
    await asyncio.sleep(delay)
    await start()


def main() -> None:
    raw = json.loads(sys.stdin.readline())
    spec = Spec(**{**raw, "pace": Pace(*raw["pace"])})
    runner = asyncio.run if spec.reader == "httpx" else uvloop.run  # httpx is measured on the loop that people use
    runner(run(spec))
    sys.stdin.read()  # until the parent has taken what this process used


if __name__ == "__main__":
    main()
