"""Lanes side by side: each is stopped, retried and failed on its own."""

from playwright.sync_api import Page, expect

from tests.e2e.playground import expect_state, lane, open_new_session, open_tab, run_of, send, wait_for_chunks
from tests.server import Client


def test_stopping_one_lane_of_two(page: Page, api: Client) -> None:
    open_new_session(page, "sim/sim-n400-r20-d50", "sim/sim-n60-r40-d50")
    send(page)
    expect(page.locator("run-lane")).to_have_count(2)
    wait_for_chunks(lane(page), 5)
    lane(page).get_by_role("button", name="Stop").click()
    expect_state(lane(page), "cancelled")
    expect(lane(page).locator(".state__text")).to_have_text("stopped")
    expect_state(lane(page, 1), "completed")
    assert api.run(run_of(lane(page)))["status"] == "cancelled"
    assert api.run(run_of(lane(page, 1)))["metrics"]["chunks"] == 60


def test_stopping_all_lanes(page: Page, api: Client) -> None:
    open_new_session(page, "sim/sim-n400-r20-d50", "sim/sim-n400-r20-d50", "sim/sim-n400-r20-d5000")
    send(page)
    wait_for_chunks(lane(page), 3)
    page.get_by_role("button", name="Stop all").click()
    for number in range(3):
        expect_state(lane(page, number), "cancelled")
    expect(page.get_by_role("button", name="Stop all")).to_be_hidden()


def test_a_retry_takes_the_lane_s_place(page: Page, api: Client) -> None:
    open_new_session(page, "sim/sim-n20-r0-d0")
    send(page)
    expect_state(lane(page), "completed")
    first = run_of(lane(page))
    lane(page).get_by_role("button", name="Retry").click()
    expect(page.locator(f"run-lane[data-run='{first}']")).to_have_count(0)
    expect_state(lane(page), "completed")
    assert run_of(lane(page)) != first
    expect(page.locator("run-lane")).to_have_count(1)
    expect(lane(page).locator(".lane__earlier a")).to_have_attribute("href", f"/runs/{first}/")


def test_attempts_are_counted_while_they_wait(page: Page) -> None:
    open_new_session(page, "sim/sim-e429x2-n20-r50-d0")
    send(page)
    expect(lane(page).locator(".state--retrying")).to_contain_text("429")
    expect_state(lane(page), "completed")
    expect(lane(page).locator("[data-badge=attempts]")).to_contain_text("3")


def test_the_timeline_has_a_row_for_each_attempt_with_the_wait_before_the_next(page: Page) -> None:
    open_new_session(page, "sim/sim-e429x2-n32-r50")
    send(page)
    expect_state(lane(page), "completed")
    open_tab(lane(page), "Timeline")
    drawing = lane(page).locator(".timeline__drawing")
    expect(drawing.locator(".tl-outcome--failed")).to_have_count(2)
    expect(drawing.locator(".tl-outcome--failed").first).to_contain_text("HTTP 429")
    expect(drawing.locator(".tl-name", has_text="Attempt")).to_have_text(["Attempt 1", "Attempt 2", "Attempt 3"])
    waits = drawing.locator(".tl-bar--retry")
    expect(waits).to_have_count(2)
    attempts = drawing.locator(".tl-track").evaluate_all(
        "tracks => tracks.slice(-3).map((track) => track.getAttribute('y'))"
    )
    assert [waits.nth(n).get_attribute("y") for n in range(2)] == attempts[:2]


def test_a_failure_says_what_to_do(page: Page) -> None:
    open_new_session(page, "sim/sim-e401-n20-r50-d0")
    send(page)
    expect_state(lane(page), "failed")
    expect(lane(page).locator(".lane__problem")).to_contain_text("401")
    page.reload()
    expect_state(lane(page), "failed")
    expect(lane(page).locator(".lane__problem")).to_contain_text("401")


def test_an_answer_in_one_piece_is_marked(page: Page) -> None:
    open_new_session(page, "sim/sim-whole-n20-r50-d0")
    send(page)
    expect_state(lane(page), "completed")
    expect(lane(page).get_by_text("whole answer in one chunk").locator("visible=true")).to_have_count(1)


def test_a_pause_is_counted_in_seconds(page: Page) -> None:
    open_new_session(page, "sim/sim-n20-r50-d7000")
    send(page)
    expect(lane(page).locator(".state--slow")).to_contain_text("no chunk for 6 s", timeout=15_000)
    expect_state(lane(page), "completed")


def test_timeline_and_events_while_it_streams(page: Page) -> None:
    open_new_session(page, "sim/sim-n60-r20-d50")
    send(page)
    wait_for_chunks(lane(page), 3)
    open_tab(lane(page), "Timeline")
    expect(lane(page).locator("[data-panel=timeline] .timeline__drawing")).to_be_visible()
    open_tab(lane(page), "Events")
    expect(lane(page).locator("[data-panel=events]")).to_contain_text("run.started")
    expect_state(lane(page), "completed")
    expect(lane(page).locator("[data-panel=events]")).to_contain_text("run.ended")


def test_tabs_by_keyboard(page: Page) -> None:
    open_new_session(page, "sim/sim-n20-r0-d0")
    send(page)
    expect_state(lane(page), "completed")
    lane(page).get_by_role("tab", name="Answer").focus()
    page.keyboard.press("ArrowRight")
    expect(lane(page).get_by_role("tab", name="Characters")).to_be_focused()
    expect(lane(page).locator("[data-panel=characters]")).to_be_visible()
    page.keyboard.press("End")
    expect(lane(page).locator("[data-panel=events]")).to_contain_text("run.started")


def test_all_views_of_a_run_can_be_seen_on_a_phone(page: Page, api: Client) -> None:
    run = api.post_run("sim/sim-n4-r0-d0")
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"/runs/{run['id']}/")
    tabs = page.locator("#run > .tabs .tabs__tab")
    expect(tabs).to_have_count(6)
    for tab in tabs.all():
        box = tab.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
