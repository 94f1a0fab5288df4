"""The network fails while an answer streams: the page says so, comes back alone, and never shows a wrong word."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import NewPage
from tests.e2e.network import (
    bar,
    expect_connected,
    expect_never_a_wrong_word,
    expect_reconnecting,
    listen,
    spoken,
    watch_text,
)
from tests.e2e.playground import lane, open_new_session, run_of, send, wait_for_chunks
from tests.proxy import Proxy, running_proxy
from tests.reliability.sizes import say, seeded, size
from tests.server import Client, Follower, Server

LOST, BACK = "The connection to the server is lost. Reconnecting.", "Connected again."

NOTE_SLEEP = """() => {
    let last = performance.now();
    window.longestSleep = 0;
    setInterval(() => {
        window.longestSleep = Math.max(window.longestSleep, performance.now() - last);
        last = performance.now();
    }, 50);
}"""


@pytest.fixture
def proxy(server: Server) -> Iterator[Proxy]:
    with running_proxy(server.port) as proxy:
        yield proxy


@pytest.fixture
def page(new_page: NewPage, proxy: Proxy) -> Page:
    return new_page(base_url=proxy.base_url)


def start(page: Page, model: str = "sim/sim-n300-r30-d50", chunks: int = 10) -> None:
    """A run that streams, watched from its beginning."""
    open_new_session(page, model)
    send(page)
    watch_text(lane(page))
    wait_for_chunks(lane(page), chunks)


def expect_tries(page: Page, least: int) -> None:
    """The page says which try comes next, and when."""
    expect(bar(page)).to_contain_text(re.compile(rf"Attempt [{least}-9] in \d+ s\."))


def test_the_network_goes_and_comes_back(page: Page, proxy: Proxy, api: Client) -> None:
    """Connections are cut and refused. Without a click the page is back; a screen reader is told once, not per try."""
    start(page)
    listen(page)
    proxy.refuse()
    expect_reconnecting(page)
    expect_tries(page, 3)
    assert spoken(page) == [LOST]
    proxy.listen()
    expect_connected(page)
    expect_never_a_wrong_word(lane(page), api)
    assert spoken(page)[:2] == [LOST, BACK]
    assert LOST not in spoken(page)[1:]


def test_the_browser_is_offline_and_online_again(page: Page, proxy: Proxy, api: Client) -> None:
    """`online` is the moment to try: nobody waits for a timer."""
    start(page)
    page.context.set_offline(True)
    proxy.cut()
    expect_reconnecting(page)
    expect_tries(page, 5)
    page.context.set_offline(False)
    expect_connected(page)
    expect_never_a_wrong_word(lane(page), api)


def test_a_black_hole_is_noticed_and_left(page: Page, proxy: Proxy, api: Client) -> None:
    """Nothing comes and nobody says why, as behind a dead Wi-Fi. `offline` makes the page ask, and it gives up soon."""
    start(page)
    proxy.swallow()
    page.evaluate("dispatchEvent(new Event('offline'))")
    expect_reconnecting(page)
    proxy.pass_on()
    expect_connected(page)
    expect_never_a_wrong_word(lane(page), api)


def test_try_now_tries_now(page: Page, proxy: Proxy, api: Client) -> None:
    start(page)
    proxy.refuse()
    expect_reconnecting(page)
    expect_tries(page, 5)
    proxy.listen()
    before = proxy.accepted
    bar(page).get_by_role("button", name="Try now").click()
    expect_connected(page)
    assert proxy.accepted > before
    expect_never_a_wrong_word(lane(page), api)


def test_a_network_that_cuts_again_and_again(page: Page, proxy: Proxy, api: Client) -> None:
    """For a whole answer, a connection lives some 300 ms."""
    rng = seeded("flaky network")
    start(page, f"sim/sim-n{size(250, 2000)}-r40-d50")
    before = proxy.accepted
    with proxy.cutting_every(0.3, rng):
        expect(lane(page)).to_have_attribute("data-state", "completed", timeout=size(60, 300) * 1000)
    expect_never_a_wrong_word(lane(page), api)
    cuts = proxy.accepted - before
    say(
        "flaky network",
        f"{len(page.evaluate('window.shown'))} texts shown over {cuts} connections, each a beginning of the last",
    )
    assert cuts >= 5


@pytest.mark.parametrize("network", ["kept", "cut"])
def test_a_page_that_slept(page: Page, proxy: Proxy, api: Client, network: str) -> None:
    """The laptop is closed while the answer streams to its end elsewhere, and opened again."""
    start(page)
    run = run_of(lane(page))
    page.evaluate(NOTE_SLEEP)
    browser = page.context.new_cdp_session(page)
    browser.send("Debugger.enable")
    browser.send("Debugger.pause")  # no script and no timer of the page runs now
    if network == "cut":
        proxy.cut()
    with api.socket() as socket:
        text = Follower(socket, run).finish()
    browser.send("Debugger.resume")
    page.wait_for_function("() => window.longestSleep > 1000")
    expect_never_a_wrong_word(lane(page), api)
    assert page.evaluate("window.shown.at(-1)") == text


def test_two_tabs_come_back_each_for_itself(page: Page, proxy: Proxy, api: Client, new_page: NewPage) -> None:
    start(page, "sim/sim-n600-r30-d50")
    second = new_page(base_url=proxy.base_url)
    second.goto(page.url)
    watch_text(lane(second))
    proxy.refuse()
    for tab in (page, second):
        expect_reconnecting(tab)
    proxy.listen()
    for tab in (page, second):
        expect_connected(tab)
        expect_never_a_wrong_word(lane(tab), api)
