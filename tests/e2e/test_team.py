"""An owner and a newcomer, each at a browser of their own: invited, joined, made a viewer, removed."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.axe import expect_accessible
from tests.e2e.conftest import NewPage
from tests.e2e.people import back_in_the_default_workspace
from tests.server import Server

PASSWORD = "correct horse battery staple"


@pytest.fixture(autouse=True, scope="module")
def _leaves_the_owner_where_others_expect_them(server: Server) -> Iterator[None]:
    yield
    back_in_the_default_workspace(server)


@pytest.fixture
def owner(new_page: NewPage) -> Page:
    """In a workspace of their own, where nobody else is."""
    page = new_page(permissions=["clipboard-read", "clipboard-write"])
    page.goto("/workspaces/new/")
    page.get_by_label("Name").fill("Team")
    page.get_by_role("button", name="Make the workspace").click()
    expect(page.get_by_role("heading", name="Members of “Team”")).to_be_visible()
    return page


@pytest.fixture
def newcomer(new_page: NewPage) -> Page:
    page = new_page(viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True, java_script_enabled=False)
    page.context.clear_cookies()
    return page


def test_an_invited_newcomer_joins_works_and_is_removed(owner: Page, newcomer: Page) -> None:
    owner.get_by_label("Role", exact=True).select_option("Viewer")
    owner.get_by_role("button", name="Make a link").click()
    owner.get_by_role("button", name="Copy").click()
    link = owner.evaluate("navigator.clipboard.readText()")
    assert link == owner.get_by_label("Link", exact=True).input_value()

    newcomer.goto(link)
    expect(newcomer.get_by_text("owner invites you. Your role will be: Viewer.")).to_be_visible()
    newcomer.get_by_label("Username").fill("nadia")
    newcomer.get_by_label("Password", exact=True).fill(PASSWORD)
    newcomer.get_by_label("Password confirmation").fill(PASSWORD)
    newcomer.get_by_role("button", name="Make the account and join").click()
    expect(newcomer.get_by_text("Welcome to “Team”.")).to_be_visible()
    newcomer.goto("/connections/")
    expect(newcomer.get_by_role("heading", name="Not allowed")).to_be_visible()

    owner.goto("/workspace/members/")
    owner.get_by_label("Viewer: change the role of nadia").click()
    owner.get_by_role("button", name="Editor").click()
    expect(owner.get_by_text("The role of nadia is now: Editor.")).to_be_visible()
    newcomer.goto("/connections/")
    expect(newcomer.get_by_role("heading", name="Connections")).to_be_visible()

    owner.get_by_label("More about nadia").click()
    owner.get_by_role("link", name="Remove…").click()
    owner.get_by_role("button", name="Remove").click()
    expect(owner).to_have_url("/workspace/members/")
    newcomer.goto("/")
    expect(newcomer.get_by_role("heading", name="You are in no workspace yet")).to_be_visible()

    owner.goto("/workspace/audit/?by=nadia")
    expect(owner.get_by_role("row").filter(has_text="joined")).to_contain_text("invited by owner")


def test_the_menu_goes_to_another_workspace(owner: Page) -> None:
    menu = owner.locator(".switcher summary")
    expect(menu).to_contain_text("Team")
    menu.press("Enter")
    owner.get_by_role("button", name="Default").press("Enter")
    expect(menu).to_contain_text("Default")
    expect(owner).to_have_url("/")


def test_the_pages_are_accessible(owner: Page) -> None:
    owner.get_by_role("button", name="Make a link").click()
    link = owner.get_by_label("Link", exact=True).input_value()
    owner.locator(".members__role summary").click()
    expect_accessible(owner)
    for path in ("/workspace/audit/", "/workspace/settings/", "/workspace/leave/", "/workspaces/", link):
        owner.goto(path)
        expect_accessible(owner)
    owner.context.clear_cookies()
    for path in (link, "/join/none/", "/reset/none/", "/password-reset/done/"):
        owner.goto(path)
        expect_accessible(owner)
