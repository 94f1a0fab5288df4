"""Pages without an account come back alone too: a share link's, the stage and its audience."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import NewPage
from tests.e2e.network import expect_connected, expect_reconnecting
from tests.e2e.playground import expect_state, lane, open_new_session, send, wait_for_chunks
from tests.proxy import Proxy, running_proxy
from tests.server import Server

PHONE = {"viewport": {"width": 390, "height": 844}}


@pytest.fixture
def proxy(server: Server) -> Iterator[Proxy]:
    with running_proxy(server.port) as proxy:
        yield proxy


def test_a_reader_of_a_share_link(page: Page, new_page: NewPage, server: Server, proxy: Proxy) -> None:
    open_new_session(page, "sim/sim-n20-r0")
    send(page)
    expect_state(lane(page), "completed")
    session = page.url
    page.get_by_role("link", name="Share", exact=True).click()
    page.get_by_role("button", name="Create the link").click()
    link = page.get_by_label("The new link").input_value()
    reader = new_page(who=[], **PHONE)
    reader.goto(link.replace(server.base_url, proxy.base_url))
    expect_state(lane(reader), "completed")

    page.goto(session)
    page.locator("input[name=model]").first.fill("sim/sim-n300-r30-d50")
    send(page, "Slowly.")
    expect(reader.locator("run-lane")).to_have_count(2)
    second = lane(reader, 1)
    wait_for_chunks(second, 10)
    proxy.refuse()
    expect_reconnecting(reader, second)
    proxy.listen()
    expect_connected(reader)
    for follower in (second, lane(page, 1)):
        expect_state(follower, "completed", timeout=60_000)
    owners = lane(page, 1).locator(".prose").inner_text()
    assert "goldfish" in owners
    expect(second.locator(".prose")).to_have_text(owners, use_inner_text=True)


def test_the_stage_and_its_audience(new_page: NewPage, proxy: Proxy) -> None:
    """They say it after two seconds: a show is not disturbed by less. Both end with the whole recording."""
    stage = new_page(base_url=proxy.base_url)
    open_new_session(stage, "sim/sim-n200-r30-d50")
    send(stage)
    expect_state(lane(stage), "completed")
    stage.get_by_role("link", name="Present").click()
    stage.get_by_label("Title on the opening screen").fill("Welcome")
    stage.get_by_role("button", name="Start the show").click()
    expect(stage.get_by_role("heading", name="Welcome")).to_be_visible()
    phone = new_page(who=[], base_url=proxy.base_url, **PHONE)
    phone.goto(stage.locator(".stage__opening .invitation__address").inner_text())
    expect(phone.get_by_role("heading", name="Welcome")).to_be_visible()
    for _ in range(2):
        stage.keyboard.press("PageDown")
    for screen in (stage, phone):
        expect(screen.locator(".stage-lane__answer").first).to_contain_text("goldfish")
    proxy.refuse()
    for screen in (stage, phone):
        expect(screen.locator(".stage__connection")).to_have_text("Reconnecting…")
    proxy.listen()
    for screen in (stage, phone):
        expect(screen.locator(".stage__connection")).to_be_hidden(timeout=30_000)
        expect(screen.locator(".stage-lane").first).to_have_attribute("data-state", "completed", timeout=30_000)
    answers = {screen.locator(".stage-lane__answer").first.inner_text() for screen in (stage, phone)}
    assert len(answers) == 1
    assert "" not in answers
