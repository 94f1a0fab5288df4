"""A show: the presenter's stage, the speaker's window, a phone without an account, and a member who comes late."""

from playwright.sync_api import Page, expect

from tests.e2e.conftest import NewPage
from tests.e2e.people import cookies_of
from tests.e2e.playground import expect_state, lane, open_new_session, send
from tests.server import Server

PHONE = {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True}
SONG, SEA = "A song about sparkling water.", "And one about the sea."
FAST, LATE = "sim/sim-n60-r30-d100", "sim/sim-n20-r40-d5000"
PATIENCE_S = "3"  # less than LATE takes to begin, so that its recording takes over


def answer(page: Page) -> str:
    return page.locator(".stage-lane__answer").first.inner_text()


def expect_same_answer(page: Page, *others: Page) -> None:
    for screen in (page, *others):
        expect(screen.locator(".stage-lane").first).to_have_attribute("data-state", "completed", timeout=20_000)
    assert {answer(screen) for screen in others} == {answer(page)} != {""}


def record_a_session(page: Page) -> None:
    open_new_session(page, FAST)
    send(page, SONG)
    expect_state(lane(page), "completed")
    page.locator("input[name=model]").first.fill(LATE)
    send(page, SEA)
    expect_state(lane(page, 1), "completed")


def start_the_show(page: Page) -> str:
    """Check the models first; the audience's address."""
    page.get_by_role("link", name="Present").click()
    page.get_by_role("button", name="Check and warm all models").click()
    expect(page.get_by_text("All models answered")).to_be_visible(timeout=20_000)
    expect(page.get_by_text("recording ready")).to_have_count(2)
    page.get_by_label("Notes for the speaker").first.fill("Smile.")
    page.get_by_label("Title on the opening screen").fill("Welcome")
    page.get_by_label("Seconds to wait for a live answer to begin").fill(PATIENCE_S)
    page.get_by_role("button", name="Start the show").click()
    expect(page.get_by_role("heading", name="Welcome")).to_be_visible()
    return page.locator(".stage__opening .invitation__address").inner_text()


def test_a_phone_and_a_late_member_follow_the_stage_in_step(page: Page, new_page: NewPage, server: Server) -> None:
    record_a_session(page)
    address = start_the_show(page)
    phone, speaker = new_page(who=[], **PHONE), new_page()
    phone.goto(address)
    expect(phone.get_by_role("heading", name="Welcome")).to_be_visible()
    speaker.goto(f"{page.url}speaker/")
    expect(speaker.locator("[data-fact=watching]")).to_have_text("1 watching")

    page.keyboard.press("PageDown")
    expect(phone.get_by_role("heading", name=SONG)).to_be_visible()
    expect(speaker.get_by_text("Smile.")).to_be_visible()
    page.keyboard.press("PageDown")
    expect(phone.locator(".stage-lane__label")).to_contain_text("Recording of")
    member = new_page(cookies_of(server, "late-member"))
    member.goto(address)
    expect_same_answer(page, phone, member, speaker)
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")

    speaker.get_by_role("button", name="Live L").click()
    for screen in (phone, member):
        expect(screen.locator(".stage-lane__label")).to_have_text("Live")
    expect_same_answer(page, phone, member)

    page.keyboard.press("PageDown")
    expect(phone.get_by_role("heading", name=SEA)).to_be_visible()
    page.keyboard.press("l")
    expect(phone.locator(".stage-lane__label")).to_have_text("Live")
    for screen in (phone, member):
        expect(screen.locator(".stage-lane__label")).to_contain_text("in place of the live answer")
    expect(speaker.get_by_text("did not answer live")).to_be_visible()
    expect_same_answer(page, phone, member)

    page.keyboard.press("m")
    expect(phone.locator(".stage-lane__metrics")).to_be_visible()
    page.keyboard.press("b")
    for screen in (phone, member):
        expect(screen.locator(".stage__blank")).to_be_visible()
    speaker.get_by_text("End the show").click()
    speaker.get_by_role("button", name="End it for everybody").click()
    for screen in (page, phone, member):
        expect(screen.get_by_role("heading", name="The show is over")).to_be_visible()
    phone.reload()
    expect(phone.get_by_role("heading", name=SEA)).to_have_count(0)
