"""A viewer that remembers what it was shown, and when, by its own clock."""

import contextlib
import threading
import time
from typing import Any

import orjson
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from tests.server import Client

PATIENCE_S = 60.0


class Watcher:
    """Follows one run on a thread of its own, until the connection ends; unless it `stays`, until the run does.

    `shown` holds `(moment, event)` for each event, in order; `epoch` is the run's; `ended` its last status, "" while it
    streams; `health` what the server said of itself, last.
    """

    def __init__(self, client: Client, run_id: str, *, stays: bool = False) -> None:
        self.run_id = run_id
        self._stays = stays
        self.shown: list[tuple[float, list[Any]]] = []
        self.epoch = ""
        self.ended = ""
        self.health: list[str] = []
        self.faults: list[str] = []
        self.close_code: int | None = None
        self._news = threading.Condition()
        self._client = client
        self._thread = threading.Thread(target=self._watch, name=f"watcher {run_id}", daemon=True)
        self._thread.start()

    def until(self, events: int) -> None:
        """Wait until so many events were shown."""
        self._wait(lambda: len(self.shown) >= events or self.ended != "", f"{events} events")

    def until_ended(self) -> str:
        self._wait(lambda: self.ended != "", "the end")
        return self.ended

    def until_health(self, codes: list[str]) -> None:
        """Wait until the server said that this is wrong, and nothing else."""
        self._wait(lambda: self.health == codes, f"health {codes}, not {self.health}")

    def join(self) -> None:
        """Wait until the connection is closed."""
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive()

    @property
    def text(self) -> str:
        return text_of([event for _, event in self.shown])

    def _wait(self, condition: Any, what: str) -> None:
        with self._news:
            assert self._news.wait_for(condition, PATIENCE_S), f"waited for {what}: {len(self.shown)} events"
        assert not self.faults, self.faults

    def _watch(self) -> None:
        with contextlib.suppress(ConnectionClosed, OSError), self._client.socket() as socket:
            try:
                socket.send(orjson.dumps({"op": "subscribe", "run": self.run_id, "after": -1}).decode())
                while self._stays or not self.ended:
                    self._take(socket, orjson.loads(socket.recv(PATIENCE_S)), time.monotonic())
            finally:
                self.close_code = socket.close_code

    def _take(self, socket: ClientConnection, message: dict[str, Any], now: float) -> None:
        with self._news:
            if message["op"] == "subscribed":
                self.epoch = message["epoch"]
                if not message["recovered"]:
                    self.shown = []
            elif message["op"] == "frame":
                if message["seq"] != len(self.shown):
                    self.faults.append(f"event {message['seq']} came after {len(self.shown)} events")
                self.shown += [(now, event) for event in message["events"]]
                ack = {"op": "ack", "run": self.run_id, "seq": len(self.shown) - 1}
                with contextlib.suppress(ConnectionClosed):  # what came before the close is still to be read
                    socket.send(orjson.dumps(ack).decode())
            elif message["op"] == "ended":
                self.ended = message["status"]
            elif message["op"] == "health":
                self.health = [problem["code"] for problem in message["problems"]]
            else:
                self.faults.append(str(message))
            self._news.notify_all()


def text_of(events: list[list[Any]]) -> str:
    chunks = (data for _, kind, data in events if kind == "chunk")
    return "".join(data if isinstance(data, str) else data.get("text", "") for data in chunks)
