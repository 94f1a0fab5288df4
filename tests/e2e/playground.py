"""What a person does on the playground's page, and what they see there."""

from playwright.sync_api import Locator, Page, expect

from tests.server import Client

PROMPT = "Write me a 1 verse song about sparkling water."


def open_new_session(page: Page, *models: str) -> None:
    page.goto("/")
    choose_models(page, *models)


def choose_models(page: Page, *models: str) -> None:
    rows = page.locator(".lane-list__row")
    while rows.count() > 1:
        rows.last.locator("button").click()
    for _ in models[1:]:
        page.get_by_role("button", name="Add a model").click()
    for row, model in zip(rows.all(), models, strict=True):
        row.locator("input").fill(model)
        row.locator("input").press("Escape")


def prompt_field(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Prompt", exact=True)


def send(page: Page, prompt: str = PROMPT) -> None:
    prompt_field(page).fill(prompt)
    prompt_field(page).press("Enter")
    expect(page.locator("run-lane").first).to_be_attached()


def lane(page: Page, number: int = 0) -> Locator:
    return page.locator("run-lane").nth(number)


def open_tab(lane: Locator, name: str) -> None:
    tab = lane.get_by_role("tab", name=name)
    for _ in range(5):
        tab.click()
        if tab.get_attribute("aria-selected") == "true":
            break  # else an answer that grows has moved it from under the pointer, between press and release
    expect(tab).to_have_attribute("aria-selected", "true")


def chunks(lane: Locator) -> int:
    """How many chunks the lane says it has."""
    return int(lane.locator("[data-metric=chunks]").inner_text())


def wait_for_chunks(lane: Locator, least: int) -> None:
    handle = lane.element_handle()
    lane.page.wait_for_function(
        "([lane, least]) => Number(lane.querySelector('[data-metric=chunks]').textContent) >= least",
        arg=[handle, least],
    )


def expect_state(lane: Locator, state: str, *, timeout: float = 30_000) -> None:
    expect(lane).to_have_attribute("data-state", state, timeout=timeout)


def characters_shown(lane: Locator) -> str:
    """The text of the Characters view, whose every line is a line of the answer."""
    return "\n".join(lane.locator(".characters__line").all_text_contents())


def run_of(lane: Locator) -> str:
    return lane.get_attribute("data-run") or ""


def expect_whole_answer(lane: Locator, api: Client) -> None:
    """What was typed out on the page is, letter by letter, what is recorded."""
    recorded = api.run(run_of(lane))["text"]
    assert recorded
    handle = lane.element_handle()
    lane.page.wait_for_function(
        """([lane, length]) => {
            const lines = [...lane.querySelectorAll('.characters__line')].map((line) => line.textContent);
            return lines.join('\\n').length >= length;
        }""",
        arg=[handle, len(recorded.encode("utf-16-le")) // 2],
    )
    assert characters_shown(lane) == recorded
