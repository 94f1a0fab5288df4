"""What a lane and the page around it say when something is not as usual."""

import re
from typing import Any

import orjson
from playwright.sync_api import Page, Route, WebSocketRoute, expect

from tests.e2e.playground import expect_state, lane, open_new_session, prompt_field, run_of, send
from tests.server import Client

FAST = "sim/sim-n20-r0-d0"
SLOW = "sim/sim-n4000-r20-d60000"


def test_an_answer_that_reached_the_token_limit_is_marked(page: Page) -> None:
    open_new_session(page, FAST)
    page.get_by_label("Max tokens").fill("5")
    send(page)
    for _ in range(2):
        expect_state(lane(page), "completed")
        expect(lane(page).get_by_text("stopped at the token limit").locator("visible=true")).to_have_count(1)
        expect(lane(page).get_by_text("no text").locator("visible=true")).to_have_count(0)
        page.reload()


def test_a_model_that_others_use_is_waited_for(page: Page, api: Client) -> None:
    def answer(socket: WebSocketRoute, message: str | bytes) -> None:
        asked = orjson.loads(message)
        if asked["op"] == "subscribe":
            common = {"run": asked["run"], "epoch": "e"}
            tell(socket, {"op": "subscribed", "status": "streaming", "recovered": True, "after": -1, **common})
            notice = {"code": "model.waiting", "message": "The demo model answers 2 at a time."}
            tell(socket, {"op": "frame", "seq": 0, "events": [[0, "run.started", {}], [1, "notice", notice]], **common})

    page.route_web_socket(
        re.compile("/ws/v1"), lambda socket: socket.on_message(lambda message: answer(socket, message))
    )
    open_new_session(page, SLOW)
    send(page)
    expect(lane(page).locator(".state__text")).to_have_text("waiting for the model: others are using it")
    assert api.http.post(f"/runs/{run_of(lane(page))}/cancel").is_success


def test_signed_out_while_watching(page: Page, api: Client) -> None:
    page.route_web_socket(re.compile("/ws/v1"), lambda socket: socket.on_message(lambda _: socket.close(code=4401)))
    open_new_session(page, SLOW)
    send(page)
    notice = page.locator("[data-signed-out]")
    expect(notice).to_contain_text("You are signed out. Sign in again; what you typed is kept.")
    expect(notice.get_by_role("link", name="Sign in")).to_have_attribute(
        "href", re.compile("/sign-in/.next=.*sessions")
    )
    expect(page.locator(".lane__stop, .turn__stop").filter(visible=True)).to_have_count(0)
    assert api.http.post(f"/runs/{run_of(lane(page))}/cancel").is_success


def test_sending_when_signed_out_keeps_the_text(page: Page) -> None:
    open_new_session(page, FAST)
    page.context.clear_cookies(name=re.compile("session"))
    prompt_field(page).fill("Keep me")
    prompt_field(page).press("Enter")
    expect(page.locator("[data-signed-out]")).to_contain_text("Not sent: you are signed out.")
    expect(prompt_field(page)).to_have_value("Keep me")


def test_the_sidebar_mends_itself_without_a_word(page: Page) -> None:
    open_new_session(page, FAST)
    expect(page.locator("#sidebar-sessions .sidebar__sessions")).to_be_attached()
    failed: list[str] = []

    def refuse(route: Route) -> None:
        failed.append(route.request.url)
        route.abort()

    page.route(re.compile("/sessions/sidebar/"), refuse)
    with page.expect_event("requestfailed"):
        page.evaluate("document.body.dispatchEvent(new Event('sessions-changed'))")
    page.unroute(re.compile("/sessions/sidebar/"))
    with page.expect_response(re.compile("/sessions/sidebar/")):
        expect(page.locator("#toasts")).to_be_empty()
    assert len(failed) == 1


def test_three_lanes_fit_and_more_are_scrolled_to(page: Page) -> None:
    page.set_viewport_size({"width": 1440, "height": 900})
    open_new_session(page, FAST, FAST, FAST)
    send(page)
    expect(page.locator("run-lane")).to_have_count(3)
    overflow = "lanes => lanes.scrollWidth - lanes.clientWidth"
    assert page.locator(".lanes").evaluate(overflow) == 0
    assert lane(page).locator(".tabs").evaluate(overflow) == 0
    page.set_viewport_size({"width": 900, "height": 900})
    assert page.locator(".lanes").evaluate(overflow) > 0


def tell(socket: WebSocketRoute, message: dict[str, Any]) -> None:
    socket.send(orjson.dumps(message).decode())
