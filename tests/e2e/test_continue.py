"""An answer that was cut or stopped: Continue reads on from where it ended, Retry asks anew."""

import re

from playwright.sync_api import Locator, Page, expect

from tests.e2e.playground import expect_state, lane, open_new_session, prompt_field, run_of, send, wait_for_chunks
from tests.server import Client

SLOW = "sim/sim-en-n240-r40-d0"
FAST = "sim/sim-en-n240-r0-d0"
# of the first request; what goes on from it comes whole
CUT_IN_CODE = "sim/sim-en-n240-r0-d0-fault-cutx145"
CUT_IN_AN_ITEM = "sim/sim-en-n120-r0-d0-fault-cutx84"
CUT = "sim/sim-en-n60-r0-d0-fault-cutx25"


def letters(answer: Locator) -> str:
    """The answer as it is read: what the server rendered, without white space and without the seams."""
    text = answer.evaluate(
        """(panel) => {
            const copy = panel.querySelector('.prose').cloneNode(true);
            for (const seam of copy.querySelectorAll('.prose__seam')) seam.remove();
            return copy.textContent;
        }"""
    )
    return re.sub(r"\s", "", text)


def answer_of(run: Locator) -> Locator:
    return run.locator("[data-panel=answer][data-served]")


def press(page: Page, name: str) -> str:
    """Press a button of the lane; the id of the run that takes its place."""
    before = run_of(lane(page))
    lane(page).get_by_role("button", name=name).click()
    expect(lane(page)).not_to_have_attribute("data-run", before)
    return run_of(lane(page))


def test_a_stopped_answer_reads_on_without_a_doubled_or_missing_word(page: Page, api: Client) -> None:
    open_new_session(page, SLOW)
    send(page, "Count.")
    wait_for_chunks(lane(page), 20)
    expect(lane(page).get_by_role("button", name="Continue")).to_have_count(0)
    lane(page).get_by_role("button", name="Stop").click()
    expect_state(lane(page), "cancelled")
    expect(lane(page).get_by_text(re.compile(r"≈ \d+ tokens \(estimated\)"))).to_be_visible()
    first = run_of(lane(page))
    second = press(page, "Continue")
    earlier = lane(page).locator(".prose__part--earlier")
    expect(earlier).to_have_count(1)
    wait_for_chunks(lane(page), 5)
    expect(lane(page).locator(".prose--live .prose__part").last).not_to_be_empty()  # while it streams, too
    expect_state(lane(page), "completed")
    expect(lane(page).get_by_role("button", name="Continue")).to_have_count(0)
    part, rest = api.run(first), api.run(second)
    assert (rest["continues"], rest["retries"]) == (first, None)
    whole = api.post_run(FAST, "Count.")
    session = page.url
    page.goto(f"/runs/{whole['id']}/")
    expect(page.locator(".badge--ok")).to_be_visible()
    assert part["text"] + rest["text"] == api.run(whole["id"])["text"]
    expected = letters(page.locator(".run-view"))
    page.goto(f"/runs/{second}/")
    expect(page.get_by_role("link", name="continued")).to_have_attribute("href", f"/runs/{first}/")
    assert letters(page.locator(".run-view")) == expected
    page.goto(session)
    expect(answer_of(lane(page))).to_be_attached()
    assert letters(answer_of(lane(page))) == expected


def test_an_answer_that_was_cut_is_continued_and_a_later_prompt_has_all_of_it(page: Page, api: Client) -> None:
    open_new_session(page, CUT)
    send(page, "Count.")
    expect_state(lane(page), "truncated")
    first = run_of(lane(page))
    second = press(page, "Continue")
    expect_state(lane(page), "completed")
    read = api.run(first)["text"] + api.run(second)["text"]
    prompt_field(page).fill("Go on.")
    prompt_field(page).press("Enter")
    expect(page.locator("run-lane")).to_have_count(2)
    page.goto(f"/runs/{run_of(lane(page, 1))}/")
    page.locator(".run__asked summary").click()
    assert page.locator(".message__text").nth(1).text_content() == read


def test_an_answer_that_was_cut_within_a_block_of_code_goes_on_as_code(page: Page) -> None:
    open_new_session(page, CUT_IN_CODE)
    send(page, "Count.")
    expect_state(lane(page), "truncated")
    press(page, "Continue")
    expect(answer_of(lane(page)).locator("pre")).to_have_count(2)
    expect_state(lane(page), "completed")
    expect(answer_of(lane(page)).locator(".prose__part").last.locator("p").first).to_contain_text("Nobody heard")


def test_an_answer_that_was_cut_within_an_item_of_a_list_goes_on_in_it(page: Page, api: Client) -> None:
    open_new_session(page, CUT_IN_AN_ITEM)
    send(page, "Count.")
    expect_state(lane(page), "truncated")
    press(page, "Continue")
    expect_state(lane(page), "completed")
    session = page.url
    item = answer_of(lane(page)).locator("li", has=page.locator(".prose__seam"))
    expect(item).to_have_text("feed it before the long burn, not aftercontinued;")
    page.goto(session)
    expect(item).to_have_text("feed it before the long burn, not aftercontinued;")
    lane(page).get_by_role("link", name="Details").click()
    seam = page.locator("li .prose__seam")
    box, line = seam.bounding_box(), seam.locator("xpath=..").bounding_box()
    assert box
    assert line
    assert line["height"] < 2 * box["height"]  # nothing of the item is in a line of its own
    second = page.url.rstrip("/").rpartition("/")[2]
    page.get_by_text("write down every somersault").click()  # in an element after the one with the seam's words
    page.wait_for_url("**seq=*")
    (chosen,) = api.events(second, after=int(page.url.rpartition("=")[2]) - 1)[:1]
    assert chosen["data"].strip() in "write down every somersault, even the clumsy ones."


def test_retry_is_a_new_attempt_at_the_whole(page: Page, api: Client) -> None:
    open_new_session(page, CUT)
    send(page, "Count.")
    expect_state(lane(page), "truncated")
    first = run_of(lane(page))
    second = press(page, "Retry")
    expect_state(lane(page), "truncated")
    assert api.run(second)["retries"] == first
    assert api.run(second)["text"] == api.run(first)["text"]
    expect(lane(page).locator(".prose__seam")).to_have_count(0)


def test_continue_works_without_scripts(page: Page, new_page: object, api: Client) -> None:
    open_new_session(page, CUT)
    send(page, "Count.")
    expect_state(lane(page), "truncated")
    address, first = page.url, run_of(lane(page))
    plain: Page = new_page(java_script_enabled=False)  # type: ignore[operator]
    plain.goto(address)
    plain.get_by_role("button", name="Continue").click()
    expect(plain.locator("run-lane")).not_to_have_attribute("data-run", first)
    assert api.run(run_of(lane(plain)))["continues"] == first
