"""What is shared and taken away, in the browsers of people without an account."""

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.e2e.conftest import NewPage
from tests.e2e.playground import lane, open_new_session, send, wait_for_chunks


def share(page: Page) -> str:
    """The address of a new link, made in the page of a session."""
    page.get_by_role("link", name="Share", exact=True).click()
    page.get_by_role("button", name="Create the link").click()
    return page.get_by_label("The new link").input_value()


def ended(page: Page, number: int = 0) -> None:
    expect(lane(page, number)).to_have_attribute("data-state", "completed")


def test_a_reader_without_an_account_follows_the_session_live_until_the_link_is_revoked(
    page: Page, new_page: NewPage
) -> None:
    open_new_session(page, "sim/sim-n20-r0")
    send(page)
    ended(page)
    session = page.url
    url = share(page)
    reader = new_page(who=[], viewport={"width": 390, "height": 844})
    reader.goto(url)
    ended(reader)
    expect(reader.locator("run-lane")).to_have_count(1)
    expect(reader.get_by_role("textbox")).to_have_count(0)

    page.goto(session)
    page.locator("input[name=model]").first.fill("sim/sim-n200-r40")
    send(page, "And one more, slowly.")
    expect(reader.locator("run-lane")).to_have_count(2)
    live = lane(reader, 1)
    wait_for_chunks(live, 5)
    expect(live).to_have_attribute("data-state", "streaming")
    assert not reader.get_by_text("And one more, slowly.").first.is_hidden()
    ended(reader, 1)
    expect(live.locator(".prose")).to_have_text(lane(page, 1).locator(".prose").inner_text(), use_inner_text=True)

    lane(page, 1).get_by_role("button", name="Retry").click()
    expect(live).to_have_attribute("data-state", "streaming")
    expect(reader.locator("run-lane")).to_have_count(2)

    page.get_by_role("link", name="Share", exact=True).click()
    page.get_by_role("button", name="Revoke").first.click()
    expect(page.get_by_text("The link is revoked")).to_be_visible()
    reader.reload()
    expect(reader.get_by_role("heading", name="This link does not work")).to_be_visible()


def test_an_exported_file_replays_without_a_server(page: Page, new_page: NewPage, tmp_path: Path) -> None:
    open_new_session(page, "sim/sim-zh-n60-r60", "sim/sim-n40-r60")
    send(page, "你好, sing </script> for me")
    ended(page, 0)
    ended(page, 1)
    page.get_by_role("link", name="Export").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="HTML").click()
    file = tmp_path / "session.html"
    download.value.save_as(file)

    offline = new_page(who=[], offline=True)
    asked: list[str] = []
    offline.on("request", lambda request: asked.append(request.url))
    offline.goto(file.as_uri())
    player = offline.locator("replay-player")
    expect(player).to_have_attribute("data-ready", "")
    expect(player.locator("[data-metric=chunks]").first).to_have_text("0")
    offline.keyboard.press("k")
    expect(player.locator("[data-metric=chunks]").first).to_have_text(re.compile(r"^[1-9]"))
    offline.keyboard.press("End")
    expect(player.locator("[data-metric=chunks]").first).to_have_text("60")
    answer = player.locator("[data-panel=answer]").first.inner_text()
    assert answer.strip()
    assert offline.locator(".offline__transcript .prose").first.inner_text().split() == answer.split()
    assert {url for url in asked if not url.startswith("data:")} == {file.as_uri()}
