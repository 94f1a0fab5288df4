"""Code is copied from the page of an answer, and run: the server answers it and records that."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from playground.snippets.languages import LANGUAGES
from tests.e2e.conftest import NewPage
from tests.e2e.playground import expect_state, lane, open_new_session, send
from tests.server import Client
from tests.snippets.executed import execute


@pytest.mark.parametrize("name", ["curl", "python", "astream", "javascript"])
def test_copied_code_asks_again(name: str, new_page: NewPage, api: Client, tmp_path: Path) -> None:
    prompt = f'Copied {name}: it\'s "quoted", $HOME, 月亮'
    label = str(LANGUAGES[name].label)
    page: Page = new_page(permissions=["clipboard-read", "clipboard-write"])
    open_new_session(page, "sim/sim-n12-r0")
    send(page, prompt)
    expect_state(lane(page), "completed")
    lane(page).get_by_role("link", name="Get code").click()
    page.get_by_role("navigation", name="Language").get_by_role("link", name=label, exact=True).click()
    expect(page.locator("#code [aria-current=page]")).to_have_text(label)
    page.get_by_role("button", name="Copy").click()
    code = page.evaluate("navigator.clipboard.readText()")
    printed = execute(LANGUAGES[name].run, code, tmp_path, PLAYGROUND_API_KEY=api.token)
    asked = [run for run in runs_of(api, f"Copied {name}") if run["model"] == "sim/sim-n12-r0"]
    assert len(asked) == 2
    assert {run["status"] for run in asked} == {"completed"}
    assert asked[0]["text"] == asked[1]["text"]
    assert printed.strip()


def runs_of(api: Client, prompt: str) -> list[dict[str, Any]]:
    """All runs of the sessions that `prompt` finds."""
    sessions = api.http.get("/sessions", params={"q": prompt}).json()["sessions"]
    turns = [turn for found in sessions for turn in api.http.get(f"/sessions/{found['id']}").json()["turns"]]
    return [api.run(run["id"]) for turn in turns for run in turn["runs"]]
