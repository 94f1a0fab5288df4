"""A recording is used as an endpoint: what goes wrong is chosen on its page, and the copied command asks for it."""

import os
import subprocess

from playwright.sync_api import Page, expect

from tests.e2e.conftest import NewPage
from tests.e2e.playground import expect_state, lane, open_new_session, send
from tests.server import Client


def test_a_fault_is_chosen_and_the_copied_command_meets_it(new_page: NewPage, api: Client) -> None:
    page: Page = new_page(permissions=["clipboard-read", "clipboard-write"])
    open_new_session(page, "sim/sim-n12-r0")
    send(page, "To be mocked")
    expect_state(lane(page), "completed")
    session = api.http.get("/sessions", params={"q": "To be mocked"}).json()["sessions"][0]["id"]
    run = api.http.get(f"/sessions/{session}").json()["turns"][0]["runs"][0]["id"]
    page.goto(f"/runs/{run}/")
    page.get_by_role("link", name="Use as a mock").click()
    expect(page.get_by_label("At chunk")).to_be_hidden()
    curl = page.get_by_label("From a shell")
    page.get_by_label("What goes wrong").select_option("stall")
    page.get_by_label("Seconds of nothing").fill("2.5")
    expect(curl).to_contain_text("stall@0:2.5")
    page.get_by_label("What goes wrong").select_option("error")
    expect(page.get_by_label("Seconds or attempts")).to_be_hidden()
    page.get_by_label("At chunk").press_sequentially("3")
    expect(curl).to_contain_text("error@3")
    expect(page.get_by_label("At chunk")).to_be_focused()
    page.locator("copy-field", has=curl).get_by_role("button", name="Copy").click()
    command = page.evaluate("navigator.clipboard.readText()")
    answered = subprocess.run(
        ["sh", "-c", command],
        env={**os.environ, "PLAYGROUND_API_KEY": api.token},
        capture_output=True,
        text=True,
        check=True,
    )
    *_, last = (line for line in answered.stdout.splitlines() if line)
    assert "as error@3 asks" in last
    assert "[DONE]" not in answered.stdout
