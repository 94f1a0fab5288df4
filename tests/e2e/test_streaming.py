"""An answer arrives token by token over the socket, and the session is kept."""

import re

import orjson
from playwright.sync_api import Page, WebSocket, expect

from tests.e2e.playground import (
    PROMPT,
    chunks,
    expect_state,
    expect_whole_answer,
    lane,
    open_new_session,
    open_tab,
    prompt_field,
    run_of,
    send,
    wait_for_chunks,
)
from tests.server import Client


def test_an_answer_streams_over_one_socket_and_is_kept(page: Page, api: Client) -> None:
    sockets: list[WebSocket] = []
    frames: list[str | bytes] = []

    def opened(socket: WebSocket) -> None:
        sockets.append(socket)
        socket.on("framereceived", lambda frame: frames.append(frame))  # noqa: PLW0108  (Playwright marks its handlers)

    page.on("websocket", opened)
    open_new_session(page, "sim/sim-n60-r40-d100")
    send(page)

    expect_state(lane(page), "streaming")
    expect(page).to_have_url(re.compile(r"/sessions/[0-9a-f-]{36}/$"))
    expect(page).to_have_title(re.compile(re.escape(PROMPT[:20])))
    wait_for_chunks(lane(page), 5)
    assert chunks(lane(page)) < 60
    seen = lane(page).locator("[data-panel=answer]").inner_text()
    expect_state(lane(page), "completed")
    assert len(seen) < len(lane(page).locator("[data-panel=answer]").inner_text())

    assert len(sockets) == 1
    received = [orjson.loads(frame) for frame in frames]
    assert sum(message["op"] == "frame" for message in received) >= 20
    assert chunks(lane(page)) == 60
    metrics = api.run(run_of(lane(page)))["metrics"]
    assert metrics["chunks"] == 60

    expect(prompt_field(page)).to_have_value("")
    expect(page.locator("#sidebar")).to_contain_text(PROMPT[:20])
    page.reload()
    expect(page.locator(".turn__prompt")).to_have_text(PROMPT)
    expect_state(lane(page), "completed")


def test_the_server_s_rendering_replaces_the_live_one(page: Page) -> None:
    open_new_session(page, "sim/sim-en-n200-r0-d0")
    send(page)
    expect_state(lane(page), "completed")
    panel = lane(page).locator("[data-panel=answer]")
    expect(panel).to_have_attribute("data-served", "")
    expect(panel.locator(".prose").first).to_be_visible()
    expect(panel.locator(".prose--live")).to_have_count(0)


def test_the_views_of_a_live_answer(page: Page, api: Client) -> None:
    open_new_session(page, "sim/sim-n80-r40-d100")
    send(page)
    open_tab(lane(page), "Tokens")
    wait_for_chunks(lane(page), 3)
    expect(lane(page).locator(".tokens__list .token").nth(2)).to_be_visible()
    open_tab(lane(page), "Characters")
    expect_state(lane(page), "completed")
    expect_whole_answer(lane(page), api)
    open_tab(lane(page), "Tokens")
    expect(lane(page).locator(".tokens__list .token")).to_have_count(80)


def test_the_next_turn_goes_on_with_the_conversation(page: Page, api: Client) -> None:
    open_new_session(page, "sim/sim-n10-r0-d0")
    send(page, "First question")
    expect_state(lane(page), "completed")
    url = page.url
    send(page, "Second question")
    expect(page.locator(".turn")).to_have_count(2)
    expect_state(lane(page, 1), "completed")
    assert page.url == url
    session = api.http.get(f"/sessions/{url.rstrip('/').rsplit('/', 1)[1]}").json()
    assert [turn["prompt"] for turn in session["turns"]] == ["First question", "Second question"]


def test_the_back_button_leads_to_a_working_new_session(page: Page) -> None:
    open_new_session(page, "sim/sim-n10-r0-d0")
    send(page)
    expect_state(lane(page), "completed")
    page.go_back()
    expect(page.locator("run-lane")).to_have_count(0)
    send(page)
    expect_state(lane(page), "completed")


def test_the_page_follows_the_answer_until_the_reader_scrolls_up(page: Page) -> None:
    at_end = "(box) => box.scrollHeight - box.scrollTop - box.clientHeight < 50"
    open_new_session(page, "sim/sim-en-n600-r100-d50")
    send(page)
    scroller = page.locator(".workbench__scroll")
    wait_for_chunks(lane(page), 200)
    assert scroller.evaluate(at_end)
    assert scroller.evaluate("box => box.scrollTop") > 0
    scroller.hover()
    page.mouse.wheel(0, -300)
    page.wait_for_function(f"() => !({at_end})(document.querySelector('.workbench__scroll'))")
    wait_for_chunks(lane(page), 350)
    assert not scroller.evaluate(at_end)
    page.get_by_role("button", name="Latest").click()
    wait_for_chunks(lane(page), 450)
    assert scroller.evaluate(at_end)
