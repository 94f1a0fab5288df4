"""What a person sees of a connection that is lost and comes back, and what of the answer meanwhile."""

from playwright.sync_api import Locator, Page, expect

from tests.e2e.playground import expect_state, expect_whole_answer, lane, open_tab
from tests.server import Client

_WATCH = """(lane) => {
    window.shown = [""];
    const look = () => {
        const lines = [...lane.querySelectorAll(".characters__line")].map((line) => line.textContent);
        const text = lines.join("\\n");
        if (text !== window.shown.at(-1)) window.shown.push(text);
        requestAnimationFrame(look);
    };
    look();
}"""
_SPOKEN = """() => {
    window.spoken = [];
    const region = document.getElementById("announcer");
    new MutationObserver(() => region.textContent && window.spoken.push(region.textContent))
        .observe(region, { childList: true, characterData: true, subtree: true });
}"""


def watch_text(lane: Locator) -> None:
    """From now on note each text that the Characters view shows, frame by frame."""
    open_tab(lane, "Characters")
    lane.evaluate(_WATCH)


def expect_never_a_wrong_word(lane: Locator, api: Client, *, status: str = "completed") -> None:
    """The run ended so, its whole text is shown, and whatever was shown before was a beginning of it."""
    expect_state(lane, status, timeout=60_000)
    expect_whole_answer(lane, api)
    shown: list[str] = lane.page.evaluate("window.shown")
    assert len(shown) > 2
    wrong = [text for text in shown if not shown[-1].startswith(text)]
    assert not wrong, (wrong[0][-80:], shown[-1])


def listen(page: Page) -> None:
    """From now on note what a screen reader is told."""
    page.evaluate(_SPOKEN)


def spoken(page: Page) -> list[str]:
    said: list[str] = page.evaluate("window.spoken")
    return said


def bar(page: Page) -> Locator:
    return page.locator("connection-bar")


def expect_reconnecting(page: Page, live: Locator | None = None) -> None:
    """The live lane (the first, if none is named) and the page say so."""
    live = live or lane(page)
    expect(live).to_have_attribute("data-state", "reconnecting")
    expect(live.locator(".state__text")).to_have_text("reconnecting…")
    expect(bar(page)).to_be_visible()
    expect(bar(page)).to_contain_text("Reconnecting…")


def expect_connected(page: Page) -> None:
    expect(bar(page)).to_be_hidden(timeout=30_000)
    expect(page.locator("run-lane[data-state=reconnecting]")).to_have_count(0)
