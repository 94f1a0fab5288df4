"""A prompt from the library: written with variables, filled in in the composer, and run as a batch."""

from playwright.sync_api import Page, expect

from tests.e2e.playground import choose_models, expect_state, lane, prompt_field

FAST = "sim/sim-n10-r0-d0"


def save_prompt(page: Page, name: str) -> None:
    page.goto("/prompts/new/")
    page.get_by_label("Name").fill(name)
    page.get_by_role("textbox", name="Prompt", exact=True).fill("About {{topic}}, in {{lines}} lines")
    page.locator("[name='var-lines-type']").select_option("number")
    page.locator("[name='var-lines-default']").fill("4")
    page.locator("[name='var-topic-test']").fill("water")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name=name)).to_be_visible()


def test_a_prompt_is_saved_inserted_filled_in_and_sent(page: Page) -> None:
    save_prompt(page, "Told in lines")
    page.goto("/")
    choose_models(page, FAST)
    page.locator(".composer__library > summary").click()
    page.get_by_label("Insert from the library").fill("told")
    page.get_by_role("link", name="Told in lines").click()
    expect(page.get_by_label("topic")).to_be_focused()
    expect(page.locator("[name=model]")).to_have_value(FAST)
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#id_var-topic_error")).to_be_visible()
    page.get_by_label("topic").fill("<b>{{lines}}</b>")
    page.get_by_text("Preview", exact=True).click()
    expect(page.locator(".filling__preview")).to_contain_text("About <b>{{lines}}</b>, in 4 lines")
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".turn__prompt")).to_have_text("About <b>{{lines}}</b>, in 4 lines")
    expect_state(lane(page), "completed")
    expect(page.locator(".filling")).to_have_count(0)
    expect(prompt_field(page)).to_have_value("")
    page.get_by_role("link", name="from Told in lines v1").click()
    expect(page.get_by_role("main").get_by_role("link", name="About <b>{{lines}}</b>, in 4 lines")).to_be_visible()


def test_braces_are_sent_as_they_are_when_asked(page: Page) -> None:
    page.goto("/")
    choose_models(page, FAST)
    prompt_field(page).fill("Explain {{ x }}")
    prompt_field(page).press("Enter")
    page.get_by_label("Or send the braces as they are").check()
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".turn__prompt")).to_have_text("Explain {{ x }}")


def test_a_batch_fills_its_grid_while_one_looks_on(page: Page) -> None:
    save_prompt(page, "For a batch")
    page.get_by_role("link", name="Run a batch").click()
    page.get_by_label("Or the table itself").fill("lines,topic\n" + "".join(f"{n},topic {n}\n" for n in range(1, 15)))
    page.get_by_label("Other models").fill("sim/sim-n5-r20-d0")
    page.get_by_role("button", name="Start the batch").click()
    expect(page.get_by_text("14 of 14 rows done")).to_be_visible(timeout=60_000)
    page.get_by_role("link", name="lines", exact=True).click()
    page.get_by_role("link", name="lines", exact=True).click()
    expect(page.locator(".batch__grid tbody th").first).to_have_text("14")
    expect(page.locator(".batch__totals")).to_contain_text("14")
