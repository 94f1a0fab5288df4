"""The page's socket on its own: when it tries again, when it finds that nobody is there, and what it says of both."""

import re
import time
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from tests.e2e.axe import expect_accessible
from tests.e2e.network import bar, listen, spoken

DELAYS = """async ([failures, code, chance]) => {
    const { delayBefore } = await import("/static/js/lib/backoff.js");
    return delayBefore(failures, code, () => chance);
}"""
NOTE = """
    window.states = [];
    window.healthTold = 0;
    document.addEventListener("playground:connection", ({ detail }) => window.states.push(detail.state));
    document.addEventListener("playground:health", () => (window.healthTold += 1));
"""
LATER_PART = """() => {
    const part = document.createElement("live-room");
    part.dataset.room = "session:later";
    document.body.append(part);
}"""
DATABASE = {"code": "database", "message": "The database does not take recordings now."}
REDIS = {"code": "redis", "message": "Redis does not answer."}


class Sockets:
    """A server of the test's own: every socket that the page opened, and what it said."""

    def __init__(self, page: Page) -> None:
        self.opened: list[WebSocketRoute] = []
        self.closed: list[WebSocketRoute] = []
        self.heard: list[dict[str, Any]] = []
        self.closes_with: int | None = None
        self.is_silent = False
        self.greets_with: list[dict[str, Any]] = []
        self._page = page
        page.add_init_script(NOTE)
        page.route_web_socket(re.compile("/ws/v1"), self._open)

    def close(self, code: int, state: str = "waiting") -> None:
        """Close the newest one, and wait until the page knows: a test that moves the page's clock may be faster."""
        before = self._page.evaluate("window.states.length")
        self.opened[-1].close(code=code)
        until(self._page, lambda: state in self._page.evaluate(f"window.states.slice({before})"))

    def settle(self) -> None:
        """Wait until the page has heard all that was said."""
        before = self._page.evaluate("window.healthTold")
        self.tell(op="health", problems=[])
        until(self._page, lambda: self._page.evaluate("window.healthTold") > before)

    def tell(self, **message: Any) -> None:
        self.opened[-1].send(orjson.dumps(message).decode())

    def _open(self, socket: WebSocketRoute) -> None:
        self.opened.append(socket)
        for message in self.greets_with:
            socket.send(orjson.dumps(message).decode())
        if self.closes_with is not None:
            socket.close(code=self.closes_with)
        socket.on_close(lambda _code, _reason: self.closed.append(socket))
        socket.on_message(lambda message: self._answer(socket, orjson.loads(message)))

    def _answer(self, socket: WebSocketRoute, message: dict[str, Any]) -> None:
        self.heard.append(message)
        if self.is_silent:
            return
        if message["op"] == "join":
            socket.send(orjson.dumps({"op": "joined", "room": message["room"]}).decode())
        elif message["op"] == "ping":
            socket.send('{"op":"pong"}')


@pytest.fixture
def sockets(page: Page) -> Sockets:
    """The page is open and connected, on a clock that the test moves."""
    sockets = Sockets(page)
    page.clock.install()
    page.goto("/sessions/")
    until(page, lambda: "open" in page.evaluate("window.states"))
    return sockets


def until(page: Page, holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline, "that did not happen"
        page.evaluate("1")  # lets what the browser has said be heard


def pass_seconds(page: Page, count: int) -> None:
    """On the page's clock; after each, what the server said of it is heard."""
    for _ in range(count):
        page.clock.run_for(1_000)
        page.evaluate("1")


def test_the_delay_grows_to_its_cap_and_is_spread(page: Page) -> None:
    page.goto("/sign-in/")
    longest = [page.evaluate(DELAYS, [failures, 1006, 1]) for failures in range(1, 9)]
    assert longest == [500, 1000, 2000, 4000, 8000, 15_000, 15_000, 15_000]
    assert page.evaluate(DELAYS, [8, 1006, 0.5]) == 7500
    assert page.evaluate(DELAYS, [1, 1006, 0]) == 0
    assert page.evaluate(DELAYS, [1, 4412, 1]) == 2000, "a restart closes everybody at once"
    assert page.evaluate(DELAYS, [1, 4408, 1]) == 500
    assert page.evaluate(DELAYS, [2, 4412, 1]) == 1000


def test_a_server_that_accepts_and_closes_at_once_is_asked_less_and_less(page: Page, sockets: Sockets) -> None:
    """Only what was received counts as success, and the page says once that it is lost."""
    listen(page)
    sockets.closes_with = 4412
    sockets.close(1001)
    pass_seconds(page, 120)
    assert 8 <= len(sockets.opened) <= 40, len(sockets.opened)
    assert spoken(page) == ["The connection to the server is lost. Reconnecting."]
    sockets.closes_with = None
    pass_seconds(page, 15)
    expect(bar(page)).to_be_hidden()
    until(page, lambda: spoken(page)[-1] == "Connected again.")


def test_silence_is_asked_about_and_then_left(page: Page, sockets: Sockets) -> None:
    page.clock.run_for(26_000)
    until(page, lambda: sockets.heard[-1] == {"op": "ping"})
    sockets.settle()
    page.clock.run_for(20_000)
    assert len(sockets.opened) == 1, "it answers"
    sockets.is_silent = True
    page.clock.run_for(26_000 + 8_000 + 1_000)
    until(page, lambda: len(sockets.opened) >= 2)  # the next one is silent too, and left sooner


def test_a_computer_that_slept_asks_at_once(page: Page, sockets: Sockets) -> None:
    """The clock jumped; the socket looks open and is dead. It is left after 3 s, not after the 33 of usual silence."""
    sockets.is_silent = True
    sockets.heard.clear()
    page.clock.fast_forward(11_000)
    until(page, lambda: {"op": "ping"} in sockets.heard)
    page.clock.run_for(3_000 + 600)
    until(page, lambda: len(sockets.opened) == 2)


@pytest.mark.parametrize("event", ["online", "visibilitychange", "click"])
def test_it_is_tried_at_once_and_once(page: Page, sockets: Sockets, event: str) -> None:
    sockets.closes_with = 1011
    sockets.close(1011)
    pass_seconds(page, 60)
    sockets.closes_with = None
    expect(bar(page)).to_be_visible()
    before = len(sockets.opened)
    page.clock.pause_at(page.evaluate("Date.now()") + 1)
    for _ in range(3):
        if event == "click":
            page.evaluate("document.querySelector('connection-bar button').click()")
        else:
            page.evaluate("event => (event === 'online' ? window : document).dispatchEvent(new Event(event))", event)
    until(page, lambda: len(sockets.opened) > before)
    page.clock.run_for(2_000)
    expect(bar(page)).to_be_hidden()
    page.clock.run_for(20_000)
    still_open = [socket for socket in sockets.opened[before:] if socket not in sockets.closed]
    assert len(still_open) == 1


def test_a_page_that_goes_into_the_browsers_cache_comes_back(page: Page, sockets: Sockets) -> None:
    """No socket is left behind, none is opened while the page is away, and one is when it is shown again."""
    page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))")
    page.clock.run_for(60_000)
    assert len(sockets.opened) == 1
    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    until(page, lambda: len(sockets.opened) == 2)
    expect(bar(page)).to_be_hidden()


def test_whoever_is_signed_out_does_not_try_again(page: Page, sockets: Sockets) -> None:
    sockets.close(4401, "signed-out")
    page.clock.run_for(60_000)
    page.evaluate("dispatchEvent(new Event('online'))")
    page.evaluate(LATER_PART)
    page.clock.run_for(60_000)
    assert len(sockets.opened) == 1
    expect(bar(page)).to_be_hidden()


def test_problems_of_the_server_are_shown_until_they_are_over(page: Page, sockets: Sockets) -> None:
    health = page.locator("health-bar")
    expect(health).to_be_hidden()
    listen(page)
    sockets.tell(op="health", problems=[DATABASE])
    expect(health).to_have_text(re.compile(DATABASE["message"]))
    expect_accessible(page)
    sockets.tell(op="health", problems=[DATABASE, REDIS])
    expect(health.locator("li")).to_have_count(2)
    sockets.tell(op="health", problems=[])
    expect(health).to_be_hidden()
    until(page, lambda: spoken(page)[-1] == "All services of the server work again.")


def test_problems_that_ended_while_nobody_was_connected_are_not_shown_any_more(page: Page, sockets: Sockets) -> None:
    health = page.locator("health-bar")
    sockets.greets_with = [{"op": "health", "problems": [DATABASE]}]
    sockets.close(1001)
    page.clock.run_for(2_000)
    expect(health).to_be_visible()
    sockets.greets_with = []
    sockets.close(1001)
    page.clock.run_for(2_000)
    expect(health).to_be_hidden()
