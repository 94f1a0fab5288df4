"""The page's rule of resuming is the one by which the storm and the state machine judge the server."""

import random
import re
from typing import Any

import orjson
from playwright.sync_api import Page, WebSocketRoute

from tests.reliability.copy import Copy
from tests.reliability.sizes import seeded, size

PLAY = """async (stories) => {
    const { Subscription } = await import("/static/js/lib/subscription.js");
    return stories.map((story) => {
        const held = [], asked = [];
        const follower = {
            reset: () => held.splice(0), events: (_first, events) => held.push(...events),
            subscribed() {}, ended() {}, refused() {},
        };
        const one = new Subscription("run", follower, (message) => asked.push(message), "raw");
        for (const told of story) told === "ask" ? one.subscribe() : one.receive(told);
        return [held, asked.map(({ op, after, epoch = "" }) => [op, after, epoch])];
    });
}"""


def frames(log: list[list[Any]], first: int, epoch: str, chance: random.Random) -> list[dict[str, Any]]:
    """The log from `first` on, up to wherever the connection breaks."""
    found = []
    until = chance.randint(first, len(log))
    while first < until:
        last = min(until, first + chance.randint(1, 5))
        found.append({"op": "frame", "run": "run", "epoch": epoch, "seq": first, "events": log[first:last]})
        first = last
    return found


def story(chance: random.Random, copy: Copy) -> tuple[list[Any], list[list[Any]]]:
    """What a page does and is told over a few connections, and what it asks for; `copy` is told the same."""
    told: list[Any] = []
    asked: list[list[Any]] = []
    log: list[list[Any]] = []
    epochs = 0
    for _ in range(chance.randint(1, 8)):
        if chance.random() < 0.3:  # the process died, and with it the end of the log
            epochs += 1
            log = log[: chance.randint(0, len(log))]
        log += [[len(log) + n, "chunk", f"{epochs}:{len(log) + n}"] for n in range(chance.randint(0, 12))]
        epoch = f"epoch {epochs}"
        wish = copy.ask("run", copy.after, copy.epoch)
        told.append("ask")
        asked.append(["subscribe", wish["after"], wish.get("epoch", "")])
        recovered = wish.get("epoch", epoch) == epoch and wish["after"] < len(log)
        after = wish["after"] if recovered else -1
        answer = {"op": "subscribed", "run": "run", "epoch": epoch, "status": "streaming"}
        under_way = frames(log, chance.randint(0, len(log)), epoch, chance)  # of the subscription before this one
        messages = [
            *under_way,
            {**answer, "recovered": recovered, "after": after},
            *frames(log, after + 1, epoch, chance),
        ]
        for message in messages:
            copy.take(message)
        told += messages
    return told, asked


def test_the_page_and_the_judge_hold_the_same(page: Page) -> None:
    chance = seeded("resume rule")
    copies = [Copy() for _ in range(size(200, 2000))]
    stories = [story(chance, copy) for copy in copies]
    page.goto("/")
    played = page.evaluate(PLAY, [told for told, _ in stories])
    for copy, (_, asked), (held, page_asked) in zip(copies, stories, played, strict=True):
        assert copy.faults == 0
        assert held == copy.events
        assert page_asked == asked


FOLLOW = """async () => {
    const { socket } = await import("/static/js/lib/socket.js");
    window.refused = [];
    window.told = [];
    const follower = {
        reset() {}, events() {}, ended() {}, connection() {},
        subscribed: (status) => window.told.push(status), refused: (code) => window.refused.push(code),
    };
    socket.follow("run", follower, "raw");
    socket.enter("session:1", (message) => window.told.push(message.op));
}"""


class BusyServer:
    """It refuses as busy what it is asked, until `is_well`."""

    def __init__(self, page: Page) -> None:
        self.is_well = False
        self.asked: list[str] = []
        self.sockets: list[WebSocketRoute] = []
        page.route_web_socket(re.compile("/ws/v1"), self._open)

    def tell(self, **message: Any) -> None:
        self.sockets[-1].send(orjson.dumps(message).decode())

    def _open(self, socket: WebSocketRoute) -> None:
        self.sockets.append(socket)
        socket.on_message(lambda text: self._answer(orjson.loads(text)))

    def _answer(self, message: dict[str, Any]) -> None:
        about = {name: message[name] for name in ("run", "room") if name in message}
        if about not in ({"run": "run"}, {"room": "session:1"}) or message["op"] not in ("subscribe", "join"):
            return
        self.asked.append(message["op"])
        if not self.is_well:
            self.tell(op="error", **about, code="busy", message="The database does not answer.")
        elif "run" in about:
            self.tell(op="subscribed", **about, epoch="e", status="streaming", recovered=True, after=-1)
        else:
            self.tell(op="joined", **about)


def test_what_a_busy_server_refuses_is_asked_again(page: Page) -> None:
    server = BusyServer(page)
    page.clock.install()
    page.goto("/sign-in/")
    page.evaluate(FOLLOW)
    for _ in range(200):  # the page's time is the test's; each turn lets what was said be heard
        page.clock.run_for(1_000)
        page.evaluate("1")
        if min(server.asked.count("subscribe"), server.asked.count("join")) >= 4:
            break
    assert min(server.asked.count("subscribe"), server.asked.count("join")) >= 4, server.asked
    server.is_well = True
    server.tell(op="health", problems=[{"code": "database", "message": "It does not answer."}])
    server.tell(op="health", problems=[])
    page.wait_for_function("() => window.told.includes('joined') && window.told.includes('streaming')")
    assert page.evaluate("window.refused") == []
