"""Where no scripts run, forms post and pages are whole."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import NewPage
from tests.e2e.playground import prompt_field


@pytest.fixture
def page(new_page: NewPage) -> Page:
    return new_page(java_script_enabled=False)


def one_lane(page: Page, model: str) -> None:
    """A new session begins with the lanes of the last one, whichever test made it."""
    while page.locator("[name=model]").count() > 1:
        page.get_by_role("button", name="Remove this model").last.click()
    page.locator("[name=model]").first.fill(model)


def test_a_prompt_is_sent_and_its_answer_read(page: Page) -> None:
    page.goto("/")
    one_lane(page, "sim/sim-en-n40-r0-d0")
    prompt_field(page).fill("Hello")
    page.get_by_role("button", name="Send").click()
    expect(page).to_have_url(re.compile(r"/sessions/[0-9a-f-]{36}/#turn-"))
    expect(page.locator(".turn__prompt")).to_have_text("Hello")
    reload_until_ended(page)
    expect(page.locator(".prose")).to_contain_text("goldfish")
    expect(page.locator(".state__text")).to_have_text("completed")


def test_lanes_are_added_and_removed(page: Page) -> None:
    page.goto("/")
    one_lane(page, "sim/sim")
    prompt_field(page).fill("Still here")
    page.get_by_role("button", name="Add a model").click()
    expect(page.locator("[name=model]")).to_have_count(2)
    expect(prompt_field(page)).to_have_value("Still here")
    page.get_by_role("button", name="Remove this model").first.click()
    expect(page.locator("[name=model]")).to_have_count(1)


def test_an_error_comes_back_with_what_was_typed(page: Page) -> None:
    page.goto("/")
    one_lane(page, "nowhere/nothing")
    prompt_field(page).fill("Keep me")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#id_model_error")).to_contain_text("nowhere/nothing")
    expect(prompt_field(page)).to_have_value("Keep me")


def test_the_views_of_an_answer_are_links(page: Page) -> None:
    page.goto("/")
    one_lane(page, "sim/sim-en-n40-r0-d0")
    prompt_field(page).fill("Hello")
    page.get_by_role("button", name="Send").click()
    reload_until_ended(page)
    page.get_by_role("tab", name="Events").click()
    expect(page.locator("body")).to_contain_text("run.started")


def reload_until_ended(page: Page) -> None:
    """A page without scripts is as old as its last load."""
    for _ in range(50):
        if page.locator("run-lane[data-live]").count() == 0:
            return
        page.reload()
    pytest.fail("the run did not end")
