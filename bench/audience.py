"""Measures a show: an audience follows two live answers by the show's link, on one process.

    python -m bench.audience [--watchers 300]

Everybody opens the page and joins the room, as phones do; then the presenter asks the models live. Each token's text
holds when it was due (see `bench.upstream`), so each watcher knows how far behind the upstream it is. Static files are
not loaded: browsers keep them, and a proxy serves them.
"""

import argparse
import asyncio
import json
import re
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil
import uvloop

from bench.processes import Subject, prefer, product, upstream, usage
from bench.upstream import TOKEN, Pace
from bench.websocket import WebSocket

PACE = Pace(tokens=500, per_second=50, delay_ms=300)
LANES = 2
GOAL_MS = 250.0
JOINING_AT_ONCE = 50
ACK_EVERY_BYTES = 64 * 1024
PATIENCE_S = 60.0


class Show:
    """A presenter at a browser: signs in by the link that the server printed, and runs a show."""

    def __init__(self, base_url: str, log: Path) -> None:
        self.http = httpx.Client(base_url=base_url, follow_redirects=True, timeout=30)
        link = re.search(r"/sign-in/link/[\w-]+/", log.read_text())
        if link is None:
            raise RuntimeError(f"no sign-in link in {log}")
        self.post(link[0])

    def post(self, path: str, **data: object) -> httpx.Response:
        page = self.http.get(path) if path.startswith("/sign-in") else None
        token = re.search(r'csrfmiddlewaretoken" value="(\w+)"', page.text) if page else None
        if token:
            data["csrfmiddlewaretoken"] = token[1]
        headers = {"X-CSRFToken": self.http.cookies.get("csrftoken") or ""}
        answer = self.http.post(path, data=data, headers=headers)
        answer.raise_for_status()
        return answer

    def open(self, model: str) -> str:
        """Put a session with one prompt on stage; returns the path of the audience's page."""
        self.http.get("/")
        session = self.post("/turns/", prompt="Count.", model=[model] * LANES).url.path
        self.http.get(session)
        self.path = self.post(f"{session}present/", title="Bench", mode="live", patience_s=10).url.path
        found = re.search(r"/a/\w+/", self.http.get(self.path).text)
        if found is None:
            raise RuntimeError("the stage shows no link")
        return found[0]

    def do(self, action: str) -> None:
        self.post(f"{self.path}do/", do=action)


@dataclass
class Totals:
    """Of all watchers. `lags` in ns, a token and watcher each; `dues` by frame, which all watchers get alike."""

    lags: list[int] = field(default_factory=list)
    worst: dict[int, int] = field(default_factory=dict)
    dues: dict[bytes, list[int]] = field(default_factory=dict)
    frames: int = 0
    received: int = 0


class Watcher:
    """A phone: its page, its place in the room, and the answers that it follows once it hears of them."""

    def __init__(self, number: int, base_url: str, page: str, totals: Totals) -> None:
        self.number = number
        self.base_url = base_url
        self.page = page
        self.totals = totals
        self.joined = asyncio.Event()
        self.done = asyncio.Event()
        self.follows: dict[str, int] = {}
        self.unacknowledged = 0

    async def join(self, http: httpx.AsyncClient) -> None:
        answer = await http.get(self.page)
        answer.raise_for_status()
        found = re.search(r"show:[0-9a-f-]{36}", answer.text)
        if found is None:
            raise RuntimeError("the page names no room")
        code = self.page.strip("/").rpartition("/")[2]
        url = f"{self.base_url.replace('http', 'ws', 1)}/ws/v1?share={code}"
        self.socket = await WebSocket(url, {}).open()
        self.socket.on_message = self.heard
        self.say(op="join", room=found[0])
        await asyncio.wait_for(self.joined.wait(), PATIENCE_S)

    def say(self, **message: object) -> None:
        self.socket.send(json.dumps(message).encode())

    def heard(self, payload: bytes, now: int) -> None:
        if payload.startswith(b'{"op":"frame"'):
            self.frame(payload, now)
            return
        message = json.loads(payload)
        if message["op"] == "joined":
            self.joined.set()
        elif message["op"] == "nudge":
            for lane in message["data"]["lanes"]:
                if lane["run"] and lane["run"] not in self.follows:
                    self.follows[lane["run"]] = -1
                    self.say(op="subscribe", run=lane["run"], after=-1)
        elif message["op"] == "ended":
            del self.follows[message["run"]]
            if not self.follows:
                self.done.set()

    def frame(self, payload: bytes, now: int) -> None:
        totals = self.totals
        totals.frames += 1
        dues = totals.dues.get(payload)
        if dues is None:
            dues = totals.dues[payload] = [int(due) * 1000 for _, due in TOKEN.findall(payload.decode())]
        totals.received += len(dues)
        if dues:
            totals.lags.extend(now - due for due in dues)
            totals.worst[self.number] = max(totals.worst.get(self.number, 0), now - dues[0])
        self.unacknowledged += len(payload)
        if self.unacknowledged >= ACK_EVERY_BYTES:
            self.unacknowledged = 0
            message = json.loads(payload)
            self.say(op="ack", run=message["run"], seq=message["seq"] + len(message["events"]) - 1)


async def measure(subject: Subject, show: Show, page: str, watchers: int) -> Totals:
    totals = Totals()
    crowd = [Watcher(number, subject.base_url, page, totals) for number in range(watchers)]
    gate = asyncio.Semaphore(JOINING_AT_ONCE)
    assert subject.process is not None
    before, began = usage(subject.process), time.monotonic()
    async with httpx.AsyncClient(base_url=subject.base_url, timeout=30) as http:

        async def join(watcher: Watcher) -> None:
            async with gate:
                await watcher.join(http)

        await asyncio.gather(*map(join, crowd))
    seconds, cpu = time.monotonic() - began, usage(subject.process).cpu - before.cpu
    print(f"{watchers} joined within {seconds:.1f} s, for {cpu:.1f} s of the server's CPU", flush=True)
    await asyncio.sleep(2)
    before, began = usage(subject.process), time.monotonic()
    await asyncio.to_thread(show.do, "live")
    await asyncio.wait_for(asyncio.gather(*(watcher.done.wait() for watcher in crowd)), PATIENCE_S)
    after = usage(subject.process)
    cpu = after.cpu - before.cpu
    print(
        f"server: {cpu / (time.monotonic() - began):.0%} of a core, {after.rss / 2**20:.0f} MiB; "
        f"{totals.frames} frames, {cpu / totals.frames * 1e6:.0f} µs each",
        flush=True,
    )
    for watcher in crowd:
        watcher.socket.close()
    return totals


def print_totals(totals: Totals, watchers: int) -> None:
    lags = sorted(totals.lags)
    expected = watchers * LANES * PACE.tokens

    def at(share: float) -> float:
        return lags[min(len(lags) - 1, int(len(lags) * share))] / 1e6

    print(f"tokens received: {totals.received} of {expected}")
    print(f"behind the upstream: p50 {at(0.5):.0f} ms, p99 {at(0.99):.0f} ms, most {lags[-1] / 1e6:.0f} ms")
    late = [ns / 1e6 for ns in totals.worst.values() if ns / 1e6 > GOAL_MS]
    middle = statistics.median(totals.worst.values()) / 1e6
    print(
        f"the furthest that a watcher was behind, median of all: {middle:.0f} ms; above {GOAL_MS:.0f} ms: {len(late)}"
    )


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.audience")
    parser.add_argument("--watchers", type=int, default=300)
    options = parser.parse_args(arguments)
    prefer(psutil.Process())
    with (
        tempfile.TemporaryDirectory(prefix="playground-audience-") as folder,
        upstream(Path(folder)) as (upstream_url, _),
        product("product", upstream_url, Path(folder)) as subject,
    ):
        show = Show(subject.base_url, Path(folder) / "product.log")
        page = show.open(subject.model_prefix + PACE.model)
        time.sleep(PACE.tokens / PACE.per_second + 2)  # the session's own answers, which become the recordings
        show.do("next")
        print_totals(uvloop.run(measure(subject, show, page, options.watchers)), options.watchers)


if __name__ == "__main__":
    main()
