"""Two people review a session at once: words and an event are commented on, answered, rated, hidden and resolved."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import NewPage
from tests.e2e.people import cookies_of
from tests.e2e.playground import expect_state, lane, open_new_session, open_tab, send
from tests.e2e.test_following import show_to
from tests.server import Server

SELECT = """(host, words) => {
    const walker = document.createTreeWalker(host, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const at = walker.currentNode.data.indexOf(words);
        if (at < 0) continue;
        const range = document.createRange();
        range.setStart(walker.currentNode, at);
        range.setEnd(walker.currentNode, at + words.length);
        document.getSelection().removeAllRanges();
        document.getSelection().addRange(range);
    }
}"""
MARKED = "name => [...(CSS.highlights.get(name) ?? [])].map(String)"


@pytest.fixture
def mine(new_page: NewPage) -> Page:
    page = new_page()
    open_new_session(page, "sim/sim-n30-r0")
    send(page, "My key is 3cret.")
    expect_state(lane(page), "completed")
    show_to(page, "workspace")
    return page


@pytest.fixture
def theirs(new_page: NewPage, server: Server, mine: Page) -> Page:
    page = new_page(cookies_of(server, "hedy", "viewer"))
    page.goto(mine.url)
    expect(page.locator("#review-data")).to_be_attached()
    return page


def answer(page: Page) -> Locator:
    return lane(page).locator("[data-text=answer]")


def words_of(page: Page) -> str:
    """Two words of the answer that stand beside each other."""
    found = re.search(r"[a-z]{3,} [a-z]{3,}", answer(page).locator("p").first.inner_text())
    assert found
    return found[0]


def test_two_people_discuss_the_words_of_an_answer(mine: Page, theirs: Page) -> None:
    words = words_of(mine)
    answer(theirs).evaluate(SELECT, words)
    theirs.locator("#review-selection").get_by_role("button", name="Comment").click()
    expect(theirs.locator("#compose-form .review__quote")).to_have_text(words)
    expect(theirs.locator("#compose-form textarea")).to_be_focused()
    theirs.keyboard.type("Is that so, @ow")
    theirs.get_by_role("option", name="owner").click()
    theirs.keyboard.press("Control+Enter")
    expect(theirs.locator(".thread .mention")).to_have_text("@owner")
    expect(theirs.locator("#compose-form textarea")).to_have_value("")
    expect(theirs.locator("#compose-form .review__quote")).to_have_count(0)

    expect(mine.locator(".nav-badge .badge")).to_have_text(re.compile("^[1-9]"))
    mine.wait_for_function(f"words => ({MARKED})('review-thread').includes(words)", arg=words)
    box = mine.evaluate("() => [...CSS.highlights.get('review-thread')][0].getBoundingClientRect().toJSON()")
    mine.mouse.click(box["x"] + 8, box["y"] + box["height"] / 2)
    expect(mine.locator(".thread")).to_be_focused()
    mine.locator(".thread textarea").fill("It is.")
    theirs.locator(".thread textarea").fill("Half a thought")
    mine.locator(".thread").get_by_role("button", name="Reply").click()
    expect(theirs.locator(".thread .comment__body")).to_have_count(2)
    expect(theirs.locator(".thread textarea")).to_have_value("Half a thought")
    mine.locator(".thread").get_by_role("button", name="Resolve").click()
    expect(mine.locator(".thread__resolved")).to_have_text("Resolved by owner")
    expect(theirs.locator(".thread")).to_have_count(0)
    mine.wait_for_function(f"() => ({MARKED})('review-thread').length === 0")


def test_what_is_half_written_is_there_again(mine: Page) -> None:
    mine.keyboard.press("Escape")
    lane(mine).get_by_role("link", name="Comments and ratings").click()
    mine.locator("#compose-form textarea").fill("Not sent yet")
    mine.keyboard.press("Escape")
    expect(mine.locator("#review-drawer")).to_be_hidden()
    lane(mine).get_by_role("link", name="Comments and ratings").click()
    expect(mine.locator("#compose-form textarea")).to_have_value("Not sent yet")


def test_an_event_is_commented_on_and_a_lane_is_rated(mine: Page, theirs: Page) -> None:
    thumb = lane(theirs).get_by_role("button", name="Good answer")
    thumb.click()
    expect(thumb).to_have_attribute("aria-pressed", "true")
    expect(lane(mine).locator("[data-count=up]")).to_have_text("1")
    open_tab(lane(theirs), "Events")
    lane(theirs).locator(".events__table td a").nth(4).click()
    lane(theirs).get_by_role("link", name="Comment on this event").click()
    expect(theirs.locator("#compose-form textarea")).to_be_focused()
    theirs.keyboard.type("Late?")
    theirs.keyboard.press("Control+Enter")
    expect(theirs.locator(".thread__place")).to_have_text("Event 4")
    expect(lane(mine).locator("[data-count=open]")).to_have_text("1")
    thumb.focus()
    thumb.press("Enter")
    expect(thumb).to_have_attribute("aria-pressed", "false")


def test_a_prompts_words_are_hidden_from_links(mine: Page) -> None:
    mine.locator("[data-text=prompt]").evaluate(SELECT, "3cret")
    mine.locator("#review-selection").get_by_role("button", name="Redact").click()
    mine.wait_for_function(f"() => ({MARKED})('review-hidden').includes('3cret')")
    mine.locator("#session-header").get_by_role("link", name=re.compile("Review")).click()
    expect(mine.locator(".redaction__text")).to_have_text("3cret")
    mine.get_by_role("button", name="Show again").click()
    mine.wait_for_function(f"() => ({MARKED})('review-hidden').length === 0")
