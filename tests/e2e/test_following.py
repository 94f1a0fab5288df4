"""A teammate follows a live run: found in the left column, read from its first token, without a reload."""

import re

from playwright.sync_api import Page, expect

from tests.e2e.conftest import NewPage
from tests.e2e.people import cookies_of
from tests.e2e.playground import (
    choose_models,
    chunks,
    expect_state,
    expect_whole_answer,
    lane,
    open_new_session,
    open_tab,
    prompt_field,
    run_of,
    send,
)
from tests.server import Client, Server


def show_to(page: Page, choice: str) -> None:
    page.locator(".visibility summary").click()
    page.locator(f".visibility button[value={choice}]").click()
    expect(page.locator(f".visibility button[value={choice}][aria-current=true]")).to_be_attached()


def test_a_teammate_follows_a_run_live_and_loses_it_when_it_is_made_private(
    new_page: NewPage, server: Server, api: Client
) -> None:
    mine, theirs = new_page(), new_page(cookies_of(server, "grace"))
    theirs.goto("/")
    open_new_session(mine, "sim/sim-n3000-r20-d0")
    send(mine)
    expect(theirs.locator("#sidebar-live a")).to_have_count(0)
    show_to(mine, "workspace")

    theirs.locator("#sidebar-live a", has_text="sim-n3000").click()
    expect_state(lane(theirs), "streaming")
    open_tab(lane(theirs), "Characters")
    expect(theirs.locator("prompt-composer")).to_have_count(0)
    expect(mine.locator(".presence summary")).to_have_text(re.compile("1 watching"))
    expect(mine.locator(".presence li")).to_have_text(["grace"])
    expect(theirs.locator(".presence li")).to_have_text(["owner"])

    choose_models(mine, "sim/sim-n40-r40-d0", "sim/sim-n40-r40-d0")
    prompt_field(mine).fill("And one about the sea.")
    prompt_field(mine).press("Enter")
    expect(theirs.locator("run-lane")).to_have_count(3)
    expect(mine.locator("run-lane")).to_have_count(3)
    expect_state(lane(theirs, 1), "completed")
    open_tab(lane(theirs, 1), "Characters")
    assert run_of(lane(theirs, 1)) == run_of(lane(mine, 1))
    assert chunks(lane(theirs, 1)) == chunks(lane(mine, 1)) == 40
    expect_whole_answer(lane(theirs, 1), api)
    expect(lane(theirs).get_by_role("tab", name="Characters")).to_have_attribute("aria-selected", "true")
    expect_state(lane(theirs), "streaming")

    retried = run_of(lane(mine, 2))
    lane(mine, 2).get_by_role("button", name="Retry").click()
    expect(theirs.locator(f"#run-{retried}")).to_have_count(0)
    expect(theirs.locator("run-lane")).to_have_count(3)

    show_to(mine, "private")
    expect(theirs.locator("[data-lost]")).to_be_visible(timeout=5_000)
    expect_state(lane(theirs), "refused")
    expect(theirs.locator("#sidebar-live a")).to_have_count(0)
    lane(mine).get_by_role("button", name="Stop").click()
    expect_state(lane(mine), "cancelled")


def test_a_second_tab_shows_what_the_first_one_sends(new_page: NewPage) -> None:
    first, second = new_page(), new_page()
    open_new_session(first, "sim/sim-n5-r0")
    send(first)
    expect_state(lane(first), "completed")
    second.goto(first.url)
    expect(second.locator("run-lane")).to_have_count(1)
    send(first, "Once more.")
    expect(second.locator("run-lane")).to_have_count(2)
    expect_state(lane(second, 1), "completed")
    send(second, "And again.")
    expect(first.locator("run-lane")).to_have_count(3)
    expect(second.locator("run-lane")).to_have_count(3)
