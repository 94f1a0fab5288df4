"""A role that changes while a page is open: the page learns of it, tells the reason, and nothing typed is lost."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.axe import expect_accessible
from tests.e2e.conftest import NewPage
from tests.e2e.people import back_in_the_default_workspace, cookies_of
from tests.e2e.playground import (
    chunks,
    expect_state,
    lane,
    open_new_session,
    prompt_field,
    run_of,
    send,
    wait_for_chunks,
)
from tests.server import Client, Server

SLOW = "sim/sim-n4000-r30-d50"
TYPED = "Half a thought"
REASON = "You are a viewer of this workspace: you read, follow, comment and compare."
LEARNS_WITHIN_MS = 5_000
ELSEWHERE = """
from playground.workspaces.models import Membership
Membership.objects.filter(user__username={name!r}).update(role={role!r})
"""
SetRole = Callable[[str], None]


@pytest.fixture
def editor(new_page: NewPage, server: Server) -> Page:
    """Whose answer streams, with the next prompt half written."""
    server.manage("shell", "-v0", "-c", ELSEWHERE.format(name="lena", role="editor"))
    page = new_page(cookies_of(server, "lena"))
    open_new_session(page, SLOW)
    send(page)
    wait_for_chunks(lane(page), 5)
    prompt_field(page).fill(TYPED)
    return page


@pytest.fixture
def set_role(new_page: NewPage, server: Server, editor: Page) -> SetRole:
    """As an owner does it, at another browser."""
    back_in_the_default_workspace(server)
    owner = new_page()

    def change(role: str) -> None:
        owner.goto("/workspace/members/")
        owner.get_by_label("change the role of lena").click()
        owner.get_by_role("button", name=role, exact=False).filter(visible=True).first.click()
        expect(owner.get_by_text(f"The role of lena is now: {role}.")).to_be_visible()

    return change


def test_the_open_page_of_a_new_viewer_says_so_and_the_answer_can_be_stopped(
    editor: Page, set_role: SetRole, api: Client
) -> None:
    set_role("Viewer")
    expect(editor.locator(".reading")).to_contain_text(REASON, timeout=LEARNS_WITHIN_MS)
    expect(editor.locator("prompt-composer, #settings")).to_have_count(0)
    expect(editor.get_by_label("Not sent, and kept in this browser:")).to_have_value(TYPED)
    expect(editor.locator("#announcer")).to_contain_text(REASON)
    expect(editor.locator(".lane__retry, .turn__bar > [hx-target='#composer']")).to_have_count(0)
    expect(editor.get_by_role("link", name="Rename")).to_have_count(0)
    expect_accessible(editor)
    expect_state(lane(editor), "streaming")
    wait_for_chunks(lane(editor), chunks(lane(editor)) + 5)
    lane(editor).get_by_role("button", name="Stop").click()
    expect_state(lane(editor), "cancelled")
    expect(editor.get_by_role("button", name="Continue")).to_have_count(0)
    editor.reload()
    expect(editor.locator(".reading")).to_contain_text(REASON)
    expect(editor.get_by_label("Not sent, and kept in this browser:")).to_have_value(TYPED)


def test_who_becomes_an_editor_again_goes_on_where_they_were(editor: Page, set_role: SetRole) -> None:
    set_role("Viewer")
    expect(editor.locator(".reading")).to_be_visible()
    shown = run_of(lane(editor))
    set_role("Editor")
    expect(prompt_field(editor)).to_have_value(TYPED)
    expect(editor.locator(".reading")).to_have_count(0)
    expect(editor.locator("#settings input[name=model]")).to_have_value(SLOW)
    lane(editor).get_by_role("button", name="Stop").click()
    expect_state(lane(editor), "cancelled")
    assert run_of(lane(editor)) == shown
    lane(editor).get_by_role("button", name="Retry").click()
    expect(editor.locator(f"#run-{shown}")).to_have_count(0)
    prompt_field(editor).press("Enter")
    expect(editor.locator("article.turn")).to_have_count(2)
    expect(prompt_field(editor)).to_have_value("")
    stops = editor.get_by_role("button", name="Stop", exact=True).filter(visible=True)
    for place in reversed(range(stops.count())):  # one that is pressed goes, and with it its place
        stops.nth(place).click()


def test_a_page_that_did_not_hear_of_it_is_told_when_it_sends_and_looks_when_it_is_back(
    editor: Page, server: Server
) -> None:
    """As after a change on another process while Redis was away."""
    server.manage("shell", "-v0", "-c", ELSEWHERE.format(name="lena", role="viewer"))
    prompt_field(editor).press("Enter")
    expect(editor.locator("[data-not-sent]")).to_contain_text(f"Not sent. {REASON}")
    expect(prompt_field(editor)).to_have_value(TYPED)
    editor.evaluate("() => document.body.dispatchEvent(new CustomEvent('room:joined', { detail: {} }))")
    expect(editor.locator(".reading")).to_contain_text(REASON)
    lane(editor).get_by_role("button", name="Stop").click()
    expect_state(lane(editor), "cancelled")
    server.manage("shell", "-v0", "-c", ELSEWHERE.format(name="lena", role="editor"))


def test_the_page_of_a_new_session_learns_of_it_too(editor: Page, set_role: SetRole) -> None:
    lane(editor).get_by_role("button", name="Stop").click()
    expect_state(lane(editor), "cancelled")
    editor.goto("/")
    prompt_field(editor).fill(TYPED)
    set_role("Viewer")
    expect(editor.locator(".reading")).to_contain_text(REASON, timeout=LEARNS_WITHIN_MS)
    expect(editor.get_by_label("Not sent, and kept in this browser:")).to_have_value(TYPED)
    expect(editor.locator("prompt-composer, [data-example]")).to_have_count(0)
    set_role("Editor")
    expect(prompt_field(editor)).to_have_value(TYPED)
