"""Two reviewers understand what happened: found, replayed, commented on, answered, rated, compared, reviewed."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import NewPage
from tests.e2e.people import cookies_of
from tests.e2e.playground import expect_state, lane, open_new_session, open_tab, send
from tests.e2e.test_following import show_to
from tests.server import Server

STALLED = "sim/sim-en-n40-r40-p2100x20"
PROMPT = "Why do neap tides come twice a month?"


@pytest.fixture
def author(page: Page) -> Page:
    """Has asked two models, one of which stalled, and asks for a review."""
    open_new_session(page, STALLED, "sim/sim-en-n30-r0")
    send(page, PROMPT)
    expect_state(lane(page, 0), "completed")
    expect_state(lane(page, 1), "completed")
    show_to(page, "workspace")
    page.locator("#session-header").get_by_role("link", name="Review").click()
    page.get_by_role("button", name="Ask for a review").click()
    expect(page.locator(".review-marks__button")).to_contain_text("to review")
    return page


def find_the_session(reader: Page) -> None:
    reader.goto("/sessions/?scope=workspace")
    reader.get_by_role("main").get_by_role("searchbox").fill("neap tides")
    expect(reader.locator(".history__row")).to_have_count(1)
    reader.get_by_text("More filters").click()
    reader.get_by_label("Rating").select_option("none")
    expect(reader).to_have_url(re.compile(r"q=neap\+tides.*rating=none"))
    reader.locator(".history__row .history__title").click()
    expect(reader.locator(".turn__prompt")).to_have_text(PROMPT)


def replay_the_stalled_answer(reader: Page) -> None:
    lane(reader).get_by_role("link", name="Replay").click()
    reader.wait_for_selector("replay-player[data-ready]")
    reader.get_by_label("Speed").select_option("8")
    waveform = reader.get_by_role("slider", name="Position in the recording")
    waveform.focus()
    waveform.press("End")
    expect(reader.locator("[data-metric=chunks]").first).to_have_text("40")
    waveform.press("Home")
    expect(reader.locator("[data-metric=chunks]").first).to_have_text("0")
    reader.get_by_role("button", name="Play", exact=True).click()
    expect(reader.locator("#announcer")).to_have_text("The end")
    expect(reader.locator("[data-metric=chunks]").first).to_have_text("40")


def test_two_reviewers_find_replay_discuss_compare_and_finish(author: Page, new_page: NewPage, server: Server) -> None:
    reader = new_page(cookies_of(server, "reviewer-of-a-story"))
    second = new_page(cookies_of(server, "second-reader", "viewer"), viewport={"width": 390, "height": 844})
    second.goto("/review/mentions/")
    expect(second.get_by_text("Nobody has named you yet.")).to_be_visible()

    find_the_session(reader)
    replay_the_stalled_answer(reader)
    reader.goto(author.url)

    open_tab(lane(reader), "Events")
    lane(reader).locator(".events__table td a").nth(4).click()
    lane(reader).get_by_role("link", name="Comment on this event").click()
    expect(reader.locator("#compose-form textarea")).to_be_focused()
    reader.keyboard.type("Is this the stall, @sec")
    reader.get_by_role("option", name="second-reader").click()
    reader.keyboard.press("Control+Enter")
    expect(reader.locator(".thread .mention")).to_have_text("@second-reader")

    second.locator(".queue__title").click()
    expect(second.locator(".thread")).to_contain_text("Is this the stall")
    second.locator(".thread textarea").fill("No, that comes later.")
    second.locator(".thread").get_by_role("button", name="Reply").click()
    expect(reader.locator(".thread .comment__body").nth(1)).to_have_text("No, that comes later.")
    second.locator(".thread").get_by_role("button", name="Resolve").click()
    expect(reader.locator(".thread")).to_have_count(0)
    reader.keyboard.press("Escape")
    expect(reader.locator("#review-drawer")).to_be_hidden()

    good = lane(reader, 1).get_by_role("button", name="Good answer")
    good.click()
    expect(good).to_have_attribute("aria-pressed", "true")
    expect(lane(author, 1).locator("[data-count=up]")).to_have_text("1")

    lane(reader).get_by_role("link", name="Compare").click()
    reader.locator(".compare__choice", has_text="sim-en-n30-r0").first.click()
    expect(reader.get_by_role("heading", name="Comparison")).to_be_visible()
    second.goto(reader.url)
    for heading in ("What differs", "Numbers", "Timing", "Answers"):
        expect(second.get_by_role("heading", name=heading)).to_be_visible()

    reader.goto(author.url)
    reader.locator("#session-header").get_by_role("link", name="Review").click()
    reader.get_by_role("button", name="Mark as reviewed").click()
    expect(reader.locator("#review .badge--ok")).to_have_text("reviewed")
    expect(author.locator(".review-marks__button .badge--ok")).to_have_text("reviewed")
