"""Rules are written, tried on a recording, and clean up an answer while it streams; what came is one click away."""

import re

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.e2e.axe import expect_accessible, expect_whole
from tests.e2e.conftest import NewPage
from tests.e2e.people import cookies_of
from tests.e2e.playground import expect_state, lane, open_new_session, open_tab, send, wait_for_chunks
from tests.server import Server

VOWELS = re.compile("[aeiou]")


@pytest.fixture
def editor(server: Server) -> list[dict[str, str]]:
    return cookies_of(server, "filter-editor")


@pytest.fixture
def page(new_page: NewPage, editor: list[dict[str, str]]) -> Page:
    """In a workspace of their own, so that nobody else's answers are filtered."""
    page = new_page(editor, permissions=["clipboard-read", "clipboard-write"])
    page.goto("/workspaces/new/")
    page.get_by_label("Name").fill("Clean answers")
    page.get_by_role("button", name="Make the workspace").click()
    expect(page.get_by_role("heading", name="Members of “Clean answers”")).to_be_visible()
    return page


def add_rule(page: Page, name: str, pattern: str, replacement: str) -> None:
    page.goto("/filters/new/")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Pattern").fill(pattern)
    page.get_by_label("Replacement").fill(replacement)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("row", name=name)).to_be_visible()


def answer(page: Page) -> Locator:
    return lane(page).locator("[data-panel=answer] .prose")


def choose(page: Page, view: str) -> None:
    link = lane(page).get_by_role("link", name=view, exact=True)
    link.click()
    expect(link).to_have_attribute("aria-current", "true")


def test_an_answer_is_filtered_while_it_streams(page: Page) -> None:
    add_rule(page, "Vowels", "(?i)[aeiou]+", "·")
    open_new_session(page, "sim/sim-en-n400-r40-d0")
    send(page)
    expect(lane(page)).to_contain_text("filtered by 1 rule")
    wait_for_chunks(lane(page), 20)
    expect(answer(page)).to_contain_text("·")
    expect(answer(page)).not_to_contain_text(VOWELS)

    choose(page, "Raw")
    expect(answer(page)).to_contain_text(VOWELS)
    expect(answer(page)).not_to_contain_text("·")
    choose(page, "Filtered")
    expect(answer(page)).not_to_contain_text(VOWELS)
    open_tab(lane(page), "Characters")
    expect(lane(page).get_by_text("This view shows what came, unfiltered.")).to_be_visible()
    expect(lane(page).locator("[data-panel=characters]")).to_contain_text(VOWELS)
    open_tab(lane(page), "Answer")
    expect_state(lane(page), "streaming")
    lane(page).get_by_role("button", name="Stop").click()
    expect_state(lane(page), "cancelled")

    expect(lane(page).locator("template.lane__shown")).to_be_attached()
    expect(answer(page)).not_to_contain_text(VOWELS)
    page.get_by_role("button", name="Copy", exact=True).click()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert "·" in copied
    expect_accessible(page)
    expect_whole(page)


def test_the_choice_between_filtered_and_raw_is_remembered(page: Page) -> None:
    add_rule(page, "Vowels", "(?i)[aeiou]+", "·")
    open_new_session(page, "sim/sim-en-n40-r0-d0")
    send(page)
    expect_state(lane(page), "completed")
    expect(answer(page)).not_to_contain_text(VOWELS)
    choose(page, "Raw")
    expect(answer(page)).to_contain_text(VOWELS)
    page.reload()
    expect(answer(page)).to_contain_text(VOWELS)
    choose(page, "Filtered")
    expect(answer(page)).not_to_contain_text(VOWELS)


def test_a_choice_while_the_finished_answer_is_fetched_holds(page: Page) -> None:
    add_rule(page, "Vowels", "(?i)[aeiou]+", "·")
    open_new_session(page, "sim/sim-en-n40-r0-d0")
    held: list[Route] = []
    page.route(re.compile("/answer/"), lambda route: route.continue_() if held else held.append(route))
    with page.expect_request(re.compile("/answer/")):
        send(page)
    expect_state(lane(page), "completed")
    with page.expect_event("requestfailed", lambda request: request == held[0].request):
        choose(page, "Raw")
    expect(answer(page)).to_contain_text(VOWELS)


def test_a_rule_is_tried_on_a_recording_and_saved(page: Page) -> None:
    open_new_session(page, "sim/sim-en-n60-r0-d0")
    send(page)
    expect_state(lane(page), "completed")
    lane(page).get_by_role("link", name="Details").click()
    page.get_by_role("link", name="Try filters").click()
    page.get_by_label("Pattern").fill(r"(\w)\1")
    page.get_by_role("button", name="Try this rule").click()
    expect(page.get_by_text("RE2 has no backreferences in a pattern")).to_be_visible()
    page.get_by_label("Pattern").fill(r"\b[A-Za-z]+\b")
    page.get_by_label("Replacement").fill("<\\0>")
    page.get_by_role("button", name="Try this rule").click()
    expect(page.locator(".lab__text ins").first).to_be_visible()
    expect_accessible(page)
    expect_whole(page)
    page.get_by_role("link", name="Save as a rule").click()
    expect(page.get_by_label("Pattern")).to_have_value(r"\b[A-Za-z]+\b")
    page.get_by_label("Name").fill("In brackets")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("row", name="In brackets")).to_contain_text("up to 8000 characters")


def test_the_list_is_put_in_order_by_keyboard(page: Page) -> None:
    for name in ("First", "Second"):
        add_rule(page, name, name, "")
    rows = page.locator("#filter-rules tbody th")
    expect(rows).to_have_text([re.compile("First"), re.compile("Second")])
    page.get_by_role("button", name="Move Second up").press("Enter")
    expect(rows).to_have_text([re.compile("Second"), re.compile("First")])
    page.get_by_role("button", name="Turn off: First").press("Enter")
    expect(page.get_by_text("1 rule is enabled.")).to_be_visible()


def test_without_scripts(new_page: NewPage, page: Page, editor: list[dict[str, str]]) -> None:
    add_rule(page, "Vowels", "(?i)[aeiou]+", "·")
    add_rule(page, "Other", "x", "y")
    open_new_session(page, "sim/sim-en-n40-r0-d0")
    send(page)
    expect_state(lane(page), "completed")
    address = page.url

    plain = new_page(editor, java_script_enabled=False)
    plain.goto("/filters/")
    plain.get_by_role("button", name="Move Other up").click()
    expect(plain.locator("#filter-rules tbody th").first).to_contain_text("Other")
    plain.goto(address)
    expect(plain.locator("[data-panel=answer] .prose")).not_to_contain_text(VOWELS)
    plain.get_by_role("link", name="Raw", exact=True).click()
    expect(plain.locator(".run-view .prose")).to_contain_text(VOWELS)
    plain.get_by_role("link", name="Filtered", exact=True).click()
    expect(plain.locator(".run-view .prose")).not_to_contain_text(VOWELS)
    plain.get_by_role("link", name="Try filters").click()
    plain.get_by_role("button", name="Try all 2 enabled rules").click()
    expect(plain.locator(".lab__report")).to_have_count(2)
