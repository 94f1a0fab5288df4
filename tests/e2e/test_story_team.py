"""A team shares a sandbox: somebody is invited, joins, follows the owner's live answer, and goes on with a copy."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import NewPage
from tests.e2e.people import back_in_the_default_workspace
from tests.e2e.playground import (
    characters_shown,
    chunks,
    expect_state,
    lane,
    open_new_session,
    open_tab,
    send,
    wait_for_chunks,
)
from tests.e2e.test_following import show_to
from tests.server import Server

PASSWORD = "correct horse battery staple"
LONG = "sim/sim-n3000-r20-d2000"


@pytest.fixture(autouse=True, scope="module")
def _leaves_the_owner_where_others_expect_them(server: Server) -> Iterator[None]:
    yield
    back_in_the_default_workspace(server)


def invite(owner: Page) -> str:
    """Make a workspace that nobody else is in; the link by which an editor joins it."""
    owner.goto("/workspaces/new/")
    owner.get_by_label("Name").fill("Sandbox")
    owner.get_by_role("button", name="Make the workspace").click()
    owner.get_by_role("button", name="Make a link").click()
    return owner.get_by_label("Link", exact=True).input_value()


def join(newcomer: Page, link: str) -> None:
    newcomer.goto(link)
    newcomer.get_by_label("Username").fill("teammate-of-a-story")
    newcomer.get_by_label("Password", exact=True).fill(PASSWORD)
    newcomer.get_by_label("Password confirmation").fill(PASSWORD)
    newcomer.get_by_role("button", name="Make the account and join").click()
    expect(newcomer.get_by_text("Welcome to “Sandbox”.")).to_be_visible()


def expect_what_was_kept(follower: Page, author: Page) -> None:
    """Every character from the first token on; the last of them are typed out in the next frames."""
    author.reload()
    kept = lane(author).locator(".lane__source").evaluate("(source) => source.content.textContent")
    expect(lane(follower).locator(".characters__line")).to_have_text(kept.split("\n"))
    assert characters_shown(lane(follower)) == kept != ""


def test_a_teammate_joins_follows_a_live_answer_and_goes_on_with_a_copy(page: Page, new_page: NewPage) -> None:
    owner, mate = page, new_page(who=[])
    join(mate, invite(owner))

    open_new_session(owner, LONG)
    send(owner, "Tell me about the tides.")
    show_to(owner, "workspace")
    mate.locator("#sidebar-live a", has_text="Tell me about the tides.").click()
    expect(mate.locator(".turn__prompt")).to_have_text("Tell me about the tides.")
    for window, other in ((owner, "teammate-of-a-story"), (mate, "owner")):
        expect(window.locator(".presence summary")).to_have_text(re.compile("1 watching"))
        expect(window.locator(".presence li")).to_have_text([other])
        open_tab(lane(window), "Characters")
    wait_for_chunks(lane(mate), 5)
    wait_for_chunks(lane(owner), 5)
    assert characters_shown(lane(owner))[:5] == characters_shown(lane(mate))[:5] != ""
    lane(owner).get_by_role("button", name="Stop").click()
    for window in (owner, mate):
        expect_state(lane(window), "cancelled")
    assert chunks(lane(mate)) == chunks(lane(owner)) >= 5
    expect_what_was_kept(mate, owner)
    expect(mate.locator("#sidebar-live a")).to_have_count(0)

    mate.get_by_role("button", name="Copy to go on").click()
    expect(mate.locator("prompt-composer")).to_be_visible()
    assert mate.url != owner.url
    mate.locator("input[name=model]").first.fill("sim/sim-n10-r0")
    send(mate, "And the moon?")
    expect_state(lane(mate, 1), "completed")
    expect(owner.locator("run-lane")).to_have_count(1)
    expect(owner.locator(".presence summary")).to_be_hidden()
