"""A page that is reloaded, closed or cut off in mid-stream loses nothing and doubles nothing."""

import re

from playwright.sync_api import Page, expect

from tests.e2e.conftest import NewPage
from tests.e2e.playground import (
    expect_state,
    expect_whole_answer,
    lane,
    open_new_session,
    open_tab,
    send,
    wait_for_chunks,
)
from tests.server import Client


def test_a_reload_in_mid_stream(page: Page, api: Client) -> None:
    open_new_session(page, "sim/sim-n150-r40-d50")
    send(page)
    wait_for_chunks(lane(page), 20)
    for chunks in (50, 80):
        page.reload()
        wait_for_chunks(lane(page), chunks)
        expect_state(lane(page), "streaming")
    open_tab(lane(page), "Characters")
    expect_state(lane(page), "completed")
    expect_whole_answer(lane(page), api)


def test_a_page_that_is_closed_does_not_stop_the_run(new_page: NewPage, api: Client) -> None:
    first = new_page()
    open_new_session(first, "sim/sim-n60-r40-d50")
    send(first)
    wait_for_chunks(lane(first), 5)
    expect(first).to_have_url(re.compile("/sessions/"))
    url = first.url
    first.close()
    second = new_page()
    second.goto(url)
    open_tab(lane(second), "Characters")
    expect_state(lane(second), "completed")
    expect(lane(second).locator("[data-metric=chunks]")).to_have_text("60")


def test_offline_and_online_again(page: Page, api: Client) -> None:
    open_new_session(page, "sim/sim-n150-r40-d50")
    send(page)
    open_tab(lane(page), "Characters")
    wait_for_chunks(lane(page), 20)
    page.context.set_offline(True)
    page.wait_for_function(
        "([lane]) => { const n = lane.querySelector('[data-metric=chunks]').textContent;"
        " const before = lane.dataset.seen; lane.dataset.seen = n; return n === before; }",
        arg=[lane(page).element_handle()],
        polling=500,
    )
    page.context.set_offline(False)
    expect_state(lane(page), "completed")
    expect_whole_answer(lane(page), api)


def test_a_server_that_restarts_the_socket(page: Page, api: Client) -> None:
    """Close code 4412: the page comes back at once, says so meanwhile, and goes on from its last event."""
    opened = []

    def route(socket):  # type: ignore[no-untyped-def]
        opened.append(socket)
        server = socket.connect_to_server()
        if len(opened) == 1:
            received = []

            def pass_on(message: str | bytes) -> None:
                received.append(message)
                socket.send(message)
                if len(received) == 30:
                    socket.close(code=4412)
                    server.close()

            server.on_message(pass_on)

    page.route_web_socket(re.compile("/ws/v1"), route)
    open_new_session(page, "sim/sim-n120-r40-d50")
    send(page)
    open_tab(lane(page), "Characters")
    expect_state(lane(page), "completed")
    assert len(opened) == 2
    expect_whole_answer(lane(page), api)


def test_events_that_come_twice_are_shown_once(page: Page, api: Client) -> None:
    def route(socket):  # type: ignore[no-untyped-def]
        def twice(message: str | bytes) -> None:
            socket.send(message)
            if '"op":"frame"' in str(message):
                socket.send(message)

        socket.connect_to_server().on_message(twice)

    page.route_web_socket(re.compile("/ws/v1"), route)
    open_new_session(page, "sim/sim-n60-r40-d50")
    send(page)
    open_tab(lane(page), "Characters")
    expect_state(lane(page), "completed")
    expect_whole_answer(lane(page), api)


def test_a_frame_that_is_lost_is_asked_for_again(page: Page, api: Client) -> None:
    dropped = []

    def route(socket):  # type: ignore[no-untyped-def]
        count = 0

        def drop_one(message: str | bytes) -> None:
            nonlocal count
            count += '"op":"frame"' in str(message)
            if count == 10 and not dropped:
                dropped.append(message)
            else:
                socket.send(message)

        socket.connect_to_server().on_message(drop_one)

    page.route_web_socket(re.compile("/ws/v1"), route)
    open_new_session(page, "sim/sim-n60-r40-d50")
    send(page)
    open_tab(lane(page), "Characters")
    expect_state(lane(page), "completed")
    assert dropped
    expect_whole_answer(lane(page), api)
