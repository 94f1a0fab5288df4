"""“Measure all” measures row after row, whatever becomes of one, and counts them."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import NewPage
from tests.e2e.people import cookies_of
from tests.server import Server

ROWS = ["closed/m", "silent/…", "sim/sim-n256-r50-d100", "sim/sim-whole-n128-r50-d100"]
_MAKE = """
from playground.accounts.models import User
from playground.workspaces.models import Role
from tests.factories import make_connection, make_workspace
workspace = make_workspace("Measured")
workspace.memberships.create(user=User.objects.get(username="measurer"), role=Role.OWNER)
make_connection(workspace, "closed", base_url="http://127.0.0.1:1/v1", model_names=["m"])
make_connection(workspace, "silent", base_url="http://127.0.0.1:1/v1")
"""
_KEEP_ROWS = """names => {
  for (const row of document.querySelectorAll(".capabilities tbody tr")) {
    if (!names.includes(row.querySelector(".capabilities__name").textContent)) row.remove();
  }
}"""
_NOTE_PROGRESS = """() => {
  const said = (window.said = []);
  const progress = document.querySelector("[data-progress]");
  const times = () => document.querySelectorAll(".capabilities tbody time").length;
  new MutationObserver(() => said.push([progress.textContent, times()])).observe(progress, { childList: true });
}"""


@pytest.fixture
def page(server: Server, new_page: NewPage) -> Page:
    """An owner's, in a workspace of their own. Only rows that are quick, and two that cannot be measured, are left."""
    cookies = cookies_of(server, "measurer", "")
    server.manage("shell", "-v0", "-c", _MAKE)
    page = new_page(cookies)
    page.goto("/connections/capabilities/")
    page.evaluate(_KEEP_ROWS, ROWS)
    page.evaluate(_NOTE_PROGRESS)
    return page


def test_all_rows_are_measured_one_after_the_other(page: Page) -> None:
    rows = page.locator(".capabilities tbody tr")
    expect(rows).to_have_count(len(ROWS))
    button = page.get_by_role("button", name="Measure all")
    button.click()
    expect(page.locator("[data-progress]")).to_have_text("Measured 4 of 4", timeout=60_000)
    expect(button).to_be_enabled()
    said = page.evaluate("window.said")
    assert said == [[f"Measured {done} of 4", times] for done, times in enumerate([0, 1, 1, 2, 3])]
    expect(rows.nth(0)).to_contain_text("failed")
    expect(rows.nth(1)).to_contain_text("never")
    expect(rows.nth(2)).to_contain_text("token by token")
    expect(rows.nth(3)).to_contain_text("whole answer in one chunk")
    expect(rows.nth(3).get_by_role("button")).to_have_text(re.compile("Measure again"))
