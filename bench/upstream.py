"""The upstream that all subjects read: an OpenAI-compatible stream whose tokens tell when they were due.

    python -m bench.upstream PORT

The model `bench-n250-r50-d100` streams 250 tokens, 50 a second, the first 100 ms after the request came. When each is
due is fixed when the request comes, so a late token does not delay those after it. A token's text is `INDEX:DUE;`, DUE
in µs of CLOCK_MONOTONIC, which all processes of a host share: whoever receives it knows how late it is.
"""

import asyncio
import json
import re
import selectors
import sys
import time
from typing import NamedTuple, cast

MODEL = re.compile(rb'"model"\s*:\s*"bench-n(\d+)-r(\d+)-d(\d+)"')
TOKEN = re.compile(r"(\d+):(\d+);")
END = b"data: [DONE]\n\n"


class Pace(NamedTuple):
    tokens: int
    per_second: int
    delay_ms: int

    @property
    def model(self) -> str:
        return f"bench-n{self.tokens}-r{self.per_second}-d{self.delay_ms}"


def _event(delta: dict[str, str], finish_reason: str | None = None) -> bytes:
    chunk = {
        "id": "chatcmpl-bench",
        "object": "chat.completion.chunk",
        "created": 1_700_000_000,
        "model": "bench",
        "system_fingerprint": "fp_bench",
        "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}],
    }
    return b"data: " + json.dumps(chunk, separators=(",", ":")).encode() + b"\n\n"


PREFIX, SUFFIX = _event({"content": "\0"}).split(b"\\u0000")
STOP = _event({}, "stop")


class Upstream(asyncio.Protocol):
    """One connection: requests one after the other, each answered with a stream."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.received = b""
        self.timer: asyncio.TimerHandle | None = None
        self.loop = asyncio.get_running_loop()

    def connection_lost(self, exc: Exception | None) -> None:
        if self.timer:
            self.timer.cancel()

    def data_received(self, data: bytes) -> None:
        self.received += data
        head, blank, body = self.received.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)\ncontent-length: *(\d+)", head)
        if not blank or not length or len(body) < int(length[1]):
            return
        self.received = body[int(length[1]) :]
        asked = MODEL.search(body)
        if asked is None:
            self.transport.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            return
        self.start(Pace(*map(int, asked.groups())))

    def start(self, pace: Pace) -> None:
        self.transport.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        self.pace = pace
        self.index = 0
        self.first_due = time.monotonic() + pace.delay_ms / 1000
        self.timer = self.loop.call_at(self.first_due, self.send_due)

    def send_due(self) -> None:
        """Send the tokens that are due, and come back for the next."""
        now = time.monotonic()
        while self.index < self.pace.tokens:
            due = self.first_due + self.index / self.pace.per_second
            if due > now:
                self.timer = self.loop.call_at(due, self.send_due)
                return
            self.write(PREFIX + b"%d:%d;" % (self.index, round(due * 1e6)) + SUFFIX)
            self.index += 1
        self.write(STOP)
        self.write(END)
        self.transport.write(b"0\r\n\r\n")

    def write(self, event: bytes) -> None:
        self.transport.write(b"%x\r\n%b\r\n" % (len(event), event))


async def main(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Upstream, "127.0.0.1", port, backlog=1024)
    print("ready", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    # epoll's timers are rounded up to a millisecond, most of what there is to measure at one stream; select's are not.
    with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(selectors.SelectSelector())) as runner:
        runner.run(main(int(sys.argv[1])))
