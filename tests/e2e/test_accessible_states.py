"""What opens and changes on a page, looked at by axe-core: WCAG 2.2 AA and good practice."""

from typing import Any, Final

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.axe import expect_accessible
from tests.e2e.conftest import OWNER
from tests.e2e.playground import expect_state, lane, open_new_session, open_tab, prompt_field, send
from tests.server import Client, Follower, Server

MAKE_LINK: Final = f"""
from playground.accounts.models import User
from playground.accounts.sign_in_links import create_sign_in_link
print(create_sign_in_link(User.objects.get(username="{OWNER}")))
"""
LIVE_VIEWS: Final = ("Answer", "Characters", "Tokens")  # the server draws the others, whether the run is live or not
VIEWS: Final = (*LIVE_VIEWS, "Timeline", "Events")


@pytest.fixture(scope="module")
def saved(api: Client) -> dict[str, Any]:
    """A run that was saved: with Markdown, logprobs, a retry and a parameter."""
    fields = {"params": {"logprobs": True, "temperature": 0.5}}
    run = api.post_run("sim/sim-mixed-e429x1a0-n300-r0", "A question", **fields)
    with api.socket() as socket:
        Follower(socket, run["id"]).finish()
    return run


class TestSignedOut:
    def test_sign_in(self, page: Page) -> None:
        page.context.clear_cookies()
        page.goto("/sign-in/")
        expect_accessible(page)
        page.get_by_label("Username").fill("nobody")
        page.get_by_label("Password").fill("wrong")
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("alert")).to_be_visible()
        expect_accessible(page)

    def test_sign_in_link(self, page: Page, server: Server) -> None:
        page.context.clear_cookies()
        token = server.manage("shell", "-v0", "-c", MAKE_LINK)
        page.goto(f"/sign-in/link/{token}/")
        expect(page.get_by_role("button", name="Sign in as owner")).to_be_visible()
        expect_accessible(page)
        page.goto("/sign-in/link/spent/")
        expect_accessible(page)


class TestPlayground:
    def test_new_session(self, page: Page) -> None:
        page.goto("/")
        expect_accessible(page)

    def test_what_opens(self, page: Page) -> None:
        page.goto("/")
        page.locator(".lane-list input").first.click()
        expect(page.get_by_role("listbox")).to_be_visible()
        expect_accessible(page)
        page.locator(".lane-list input").first.press("Escape")
        for name in ("Account", "Language"):
            page.locator(f"summary[aria-label={name}]").click()
        expect_accessible(page)

    @pytest.mark.parametrize("drawer", ["sidebar", "settings"])
    def test_drawers(self, page: Page, drawer: str) -> None:
        page.set_viewport_size({"width": 390, "height": 844})
        page.goto("/")
        page.locator(f"button[popovertarget={drawer}]").first.click()
        expect(page.locator(f"#{drawer}")).to_be_visible()
        expect_accessible(page)

    def test_refused_prompt(self, page: Page) -> None:
        open_new_session(page, "nothing/here")
        page.get_by_label("Temperature").fill("9")
        page.locator("summary", has_text="System prompt").click()
        prompt_field(page).fill("Hi")
        prompt_field(page).press("Enter")
        expect(page.get_by_text("Enter a number from 0 to 2.")).to_be_visible()
        expect_accessible(page)

    def test_refused_connection(self, page: Page) -> None:
        page.goto("/connections/add/")
        page.get_by_label("Name", exact=True).fill("up")
        page.get_by_label("Base URL").fill("https://api.example.com/v1")
        page.get_by_label("API key").fill("typed-just-now")
        page.get_by_text("Timeouts and retries").click()
        page.get_by_label("Longest Retry-After to obey (s)").fill("500")
        page.get_by_role("button", name="Save").click()
        summary = page.locator(".refused")
        expect(summary).to_contain_text("Not saved: 1 field needs a look.")
        refused = page.get_by_label("Longest Retry-After to obey (s)")
        expect(refused).to_be_focused()
        expect(refused).to_be_in_viewport()
        expect(page.get_by_label("API key")).to_have_value("typed-just-now")
        expect_accessible(page)
        page.get_by_label("Name", exact=True).focus()
        summary.get_by_role("link").click()
        expect(refused).to_be_focused()

    def test_live_lanes(self, page: Page) -> None:
        open_new_session(page, "sim/sim-n100000-r5-d0", "sim/sim-d600000", "sim/sim-e503x2a60")
        send(page)
        expect_state(lane(page, 0), "streaming")
        expect_state(lane(page, 2), "retrying")
        for view in LIVE_VIEWS:
            open_tab(lane(page), view)
            expect_accessible(page)
        page.get_by_role("button", name="Stop all").click()
        expect_state(lane(page, 0), "cancelled")

    def test_ended_lanes(self, page: Page) -> None:
        open_new_session(page, "sim/sim-mixed-n200-r0", "sim/sim-e401", "sim/sim-whole-n20")
        page.get_by_label("Logprobs").check()
        send(page)
        expect_state(lane(page, 0), "completed")
        expect_state(lane(page, 1), "failed")
        for view in VIEWS:
            open_tab(lane(page), view)
            expect_accessible(page)
        page.get_by_role("link", name="Edit and resend").click()
        expect(page.get_by_text("You are editing prompt 1.")).to_be_visible()
        page.locator("summary[aria-label='More for this session']").click()
        expect_accessible(page)


def test_review_drawer(page: Page) -> None:
    open_new_session(page, "sim/sim-n5-r0")
    send(page)
    expect_state(lane(page), "completed")
    page.locator("#session-header").get_by_role("link", name="Review").click()
    expect(page.locator("#review")).to_be_visible()
    expect_accessible(page)


class TestHistory:
    @pytest.mark.usefixtures("saved")
    def test_list(self, page: Page) -> None:
        page.goto("/sessions/?q=question")
        page.get_by_text("More filters").click()
        page.locator(".history__row summary").first.click()
        expect_accessible(page)
        page.goto("/sessions/?q=nothing+like+it")
        expect_accessible(page)

    @pytest.mark.usefixtures("saved")
    def test_rename_and_delete(self, page: Page) -> None:
        page.goto("/sessions/")
        page.locator(".history__row summary").first.click()
        page.get_by_role("link", name="Rename").click()
        expect(page.get_by_role("button", name="Save")).to_be_visible()
        expect_accessible(page)

    @pytest.mark.parametrize("view", VIEWS)
    def test_run(self, page: Page, saved: dict[str, Any], view: str) -> None:
        page.goto(f"/runs/{saved['id']}/?view={view.lower()}")
        for summary in page.locator("main summary").all():
            summary.click()
        expect_accessible(page)

    def test_event(self, page: Page, saved: dict[str, Any]) -> None:
        page.goto(f"/runs/{saved['id']}/events/3/")
        expect_accessible(page)


class TestConnections:
    def test_form_and_list(self, page: Page) -> None:
        page.goto("/connections/add/")
        for summary in page.locator("main summary").all():
            summary.click()
        expect_accessible(page)
        page.get_by_label("Name").fill("local")
        page.get_by_label("Base URL").fill("http://127.0.0.1:9/v1")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_text("This name is built in: choose another.", exact=True)).to_be_visible()
        expect_accessible(page)
        page.get_by_label("Name").fill("accessible")
        page.get_by_label("May be at a private address").check()
        page.get_by_label("Models").fill("one")
        page.get_by_role("button", name="Save").click()
        page.get_by_role("button", name="Test").click()
        expect(page.get_by_text("Test of “accessible”")).to_be_visible()
        expect_accessible(page)
        page.goto("/connections/accessible/delete/")
        expect_accessible(page)


def test_account_and_tokens(page: Page) -> None:
    page.goto("/account/")
    expect_accessible(page)
    page.goto("/account/tokens/")
    page.get_by_label("What is it for?").fill("A test")
    page.get_by_role("button", name="Create a token").click()
    expect(page.get_by_label("New token")).to_be_visible()
    expect_accessible(page)
