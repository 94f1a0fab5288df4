"""A chunk of 8 MB never keeps the page from answering a person, and nothing of it is lost."""

import orjson
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.playground import lane, open_new_session, open_tab, run_of, send
from tests.e2e.test_long_run import main_thread_tasks
from tests.server import Client

MODEL = "sim/sim-n32-r50-fault-hugechunk"
LONGEST_TASK_MS = 2_000  # of CPU time; laying out all of its 195,000 lines takes minutes
IN_PIECES = """async ([text, sizes]) => {
    const { Pieces } = await import("/static/js/lib/pieces.js");
    const host = document.createElement("p");
    const pieces = new Pieces(host);
    for (let at = 0, n = 0; at < text.length; n += 1) {
        const size = sizes[n % sizes.length];
        pieces.append(text.slice(at, at + size));
        at += size;
    }
    return [...host.children].map((piece) => piece.textContent);
}"""
WITHOUT_END = """async ([text, count]) => {
    const { Pieces } = await import("/static/js/lib/pieces.js");
    const host = document.createElement("p");
    const pieces = new Pieces(host);
    pieces.append(text);
    pieces.removeEnd(count);
    return host.textContent;
}"""
NEXT_FRAME = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


def test_no_task_is_long_in_any_view(browser: Browser, page: Page, api: Client) -> None:
    open_new_session(page, MODEL)
    browser.start_tracing(page=page, categories=["toplevel"])
    send(page)
    page.wait_for_selector("run-lane[data-state=completed]", timeout=60_000)  # expect() would walk the whole page
    page.wait_for_selector("[data-panel=answer][data-served]", state="attached", timeout=60_000)
    for view in ("Characters", "Tokens"):
        open_tab(lane(page), view)
        page.evaluate(NEXT_FRAME)
    tasks = main_thread_tasks(orjson.loads(browser.stop_tracing())["traceEvents"])
    assert max(tasks) < LONGEST_TASK_MS
    run = run_of(lane(page))
    text = api.run(run)["text"]
    assert len(text) > 8_000_000
    only_beginning = lane(page).locator("[data-panel=characters] .notice")
    expect(only_beginning).to_contain_text("first 100,000 characters")
    assert lane(page).locator("[data-panel=characters] .characters").text_content() == text[:100_000].replace("\n", "")
    expect(lane(page).locator("[data-panel=tokens] .token").nth(16)).to_be_attached()
    expect(lane(page).locator("[data-panel=tokens]")).to_contain_text("more characters")
    open_tab(lane(page), "Characters")
    only_beginning.get_by_role("link").click()
    expect(page.locator(".run-view .notice")).to_contain_text(f"first 500,000 of {len(text):,} characters")
    expect(page.get_by_role("link", name="Export the run")).to_have_attribute("href", f"/runs/{run}/export/")


@pytest.mark.parametrize("lines", ["many", "one"])
def test_a_text_in_pieces_is_the_text(page: Page, lines: str) -> None:
    """Whatever its portions; no character that takes two units is parted, and lines stay whole that can."""
    page.goto("/sessions/")
    text = ("ab🌊c\n" if lines == "many" else "🌊b🌊") * 60_000
    pieces = page.evaluate(IN_PIECES, [text, [1, 7, 16_384, 100_000]])
    assert "".join(pieces) == text
    assert len(pieces) > 3
    assert all(len(piece) <= 65_537 for piece in pieces)
    if lines == "many":
        assert all(piece.endswith("\n") for piece in pieces)


def test_the_end_of_a_text_in_pieces_can_be_taken_away(page: Page) -> None:
    page.goto("/sessions/")
    assert page.evaluate(WITHOUT_END, ["a line\n" * 10_000 + "```\n", 4]) == "a line\n" * 10_000
