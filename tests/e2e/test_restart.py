"""The server stops, or dies, and starts again under an open page."""

import contextlib
import sqlite3
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.network import (
    bar,
    expect_connected,
    expect_never_a_wrong_word,
    expect_reconnecting,
    watch_text,
)
from tests.e2e.people import cookies_of
from tests.e2e.playground import (
    chunks,
    expect_state,
    expect_whole_answer,
    lane,
    open_new_session,
    prompt_field,
    run_of,
    send,
    wait_for_chunks,
)
from tests.server import Client, Server

SLOW = "sim/sim-n4000-r30-d50"


@pytest.fixture(scope="module")
def server(static_files: None, tmp_path_factory: pytest.TempPathFactory) -> Server:
    """The module's own, to be stopped and killed. It keeps its port, as a server behind a name does."""
    server = Server(tmp_path_factory.mktemp("restart"), PLAYGROUND_STOP_GRACE_S="1")
    server.manage("migrate", "-v0")
    return server


@pytest.fixture(autouse=True)
def _running(server: Server) -> Iterator[None]:
    server.start()
    yield
    server.kill()


@pytest.fixture(scope="module")
def cookies(server: Server) -> list[dict[str, str]]:
    return cookies_of(server, "ada", "owner")


@pytest.fixture(scope="module")
def api(server: Server, cookies: list[dict[str, str]]) -> Iterator[Client]:
    client = Client(server, "ada")
    yield client
    client.close()


def start(page: Page) -> None:
    open_new_session(page, SLOW)
    send(page)
    watch_text(lane(page))
    wait_for_chunks(lane(page), 30)


def test_a_server_that_is_stopped_and_started_again(page: Page, server: Server, api: Client) -> None:
    """The run's end is sent before the socket closes, so the lane says at once what became of it."""
    start(page)
    run = run_of(lane(page))
    assert server.stop() == 0
    expect_state(lane(page), "interrupted")
    expect(bar(page)).to_be_visible()
    prompt_field(page).fill("Typed while the server was away")
    server.start()
    expect_connected(page)
    expect_never_a_wrong_word(lane(page), api, status="interrupted")
    assert api.run(run)["status"] == "interrupted"
    expect(prompt_field(page)).to_have_value("Typed while the server was away")
    expect(lane(page).get_by_role("button", name="Retry")).to_be_visible()
    expect(lane(page).get_by_role("button", name="Continue")).to_be_visible()


def test_a_server_that_is_killed_and_started_again(page: Page, server: Server, api: Client) -> None:
    """What was shown and not yet stored is gone with the server: the page shows what is, and nothing twice."""
    start(page)
    run = run_of(lane(page))
    server.kill()
    expect_reconnecting(page)
    server.start()
    expect_connected(page)
    expect_state(lane(page), "interrupted")
    recorded = api.run(run)
    assert recorded["status"] == "interrupted"
    assert recorded["text"]
    expect(lane(page).get_by_role("button", name="Continue")).to_be_visible()
    expect_whole_answer(lane(page), api)
    shown: list[str] = page.evaluate("window.shown")
    longest = max(shown, key=len)
    assert longest.startswith(recorded["text"])
    assert all(longest.startswith(text) for text in shown)


def test_a_prompt_is_sent_after_the_restart_without_a_reload(page: Page, server: Server, api: Client) -> None:
    open_new_session(page, "sim/sim-n20-r40-d0")
    send(page)
    expect_state(lane(page), "completed")
    server.kill()
    prompt_field(page).fill("Once more")
    prompt_field(page).press("Enter")
    expect(page.locator("[data-not-sent]")).to_contain_text("Your text is still here")
    expect(prompt_field(page)).to_have_value("Once more")
    lane(page).get_by_role("button", name="Retry").click()
    expect(page.locator("#toasts")).to_contain_text("could not be reached")
    server.start()
    expect_connected(page)
    expect(page.locator("[data-not-sent]")).to_be_hidden()
    expect(page.locator("#toasts")).to_be_empty()
    prompt_field(page).press("Enter")
    expect(page.locator("run-lane")).to_have_count(2)
    expect_state(lane(page, 1), "completed")
    expect(prompt_field(page)).to_have_value("")


def test_a_database_that_is_locked_is_said_on_the_page_until_it_is_not(page: Page, server: Server, api: Client) -> None:
    """Another program holds SQLite's write lock. The answer goes on, and what is typed meanwhile stays."""
    start(page)
    health = page.locator("health-bar")
    locked = sqlite3.connect(server.data_dir / "playground.sqlite3", isolation_level=None)
    with contextlib.closing(locked):
        locked.execute("BEGIN IMMEDIATE")
        expect(health).to_contain_text("The database does not take recordings now.", timeout=60_000)
        before = chunks(lane(page))
        wait_for_chunks(lane(page), before + 20)
        prompt_field(page).fill("Keep me")
        prompt_field(page).press("Enter")
        expect(page.locator("[data-not-sent], .composer__state .notice--error").locator("visible=true")).to_be_visible(
            timeout=60_000
        )
        expect(prompt_field(page)).to_have_value("Keep me")
        locked.execute("ROLLBACK")
    expect(health).to_be_hidden(timeout=60_000)
    lane(page).get_by_role("button", name="Stop").click()
    expect_never_a_wrong_word(lane(page), api, status="cancelled")
