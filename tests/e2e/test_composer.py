"""The composer sends when asked and only then, and loses nothing that was typed."""

import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.e2e.playground import choose_models, expect_state, lane, open_new_session, prompt_field, send

FAST = "sim/sim-n10-r0-d0"


def test_enter_while_an_input_method_composes_does_not_send(page: Page) -> None:
    open_new_session(page, FAST)
    prompt_field(page).fill("北京")
    for keys in ({"isComposing": True}, {"keyCode": 229}):
        prompt_field(page).evaluate(
            "(field, keys) => field.dispatchEvent("
            "new KeyboardEvent('keydown', {key: 'Enter', bubbles: true, cancelable: true, ...keys}))",
            keys,
        )
    expect(page).to_have_url(re.compile("/$"))
    expect(page.locator("run-lane")).to_have_count(0)
    prompt_field(page).press("Enter")
    expect(page.locator("run-lane")).to_have_count(1)


def test_shift_enter_makes_a_new_line_and_control_enter_sends(page: Page) -> None:
    open_new_session(page, FAST)
    prompt_field(page).fill("one")
    prompt_field(page).press("Shift+Enter")
    prompt_field(page).press_sequentially("two")
    expect(page.locator("run-lane")).to_have_count(0)
    prompt_field(page).press("Control+Enter")
    expect(page.locator(".turn__prompt")).to_have_text("one\ntwo", use_inner_text=True)


def test_a_draft_survives_a_reload_and_goes_when_it_is_sent(page: Page) -> None:
    open_new_session(page, FAST)
    prompt_field(page).fill("Half a thou")
    page.reload()
    expect(prompt_field(page)).to_have_value("Half a thou")
    choose_models(page, FAST)
    prompt_field(page).press("Enter")
    expect_state(lane(page), "completed")
    expect(prompt_field(page)).to_have_value("")
    page.goto("/")
    expect(prompt_field(page)).to_have_value("")


def test_a_draft_belongs_to_its_session(page: Page) -> None:
    open_new_session(page, FAST)
    send(page)
    expect_state(lane(page), "completed")
    prompt_field(page).fill("for this session")
    url = page.url
    page.goto("/")
    expect(prompt_field(page)).to_have_value("")
    page.goto(url)
    expect(prompt_field(page)).to_have_value("for this session")


def test_what_was_refused_stays_as_it_was_typed(page: Page) -> None:
    open_new_session(page, "nowhere/nothing")
    page.get_by_label("Temperature").fill("0.7")
    page.get_by_label("Stop texts").fill("END")
    prompt_field(page).fill("Keep me")
    prompt_field(page).press("Enter")
    expect(page.locator("#id_model_error")).to_contain_text("nowhere/nothing")
    expect(page.locator("[name=model]")).to_have_attribute("aria-invalid", "true")
    expect(prompt_field(page)).to_have_value("Keep me")
    expect(page.get_by_label("Temperature")).to_have_value("0.7")
    expect(page.get_by_label("Stop texts")).to_have_value("END")
    choose_models(page, FAST)
    prompt_field(page).press("Enter")
    expect_state(lane(page), "completed")
    expect(page.locator(".field__error")).to_have_count(0)
    expect(page.locator(".turn__parameters")).to_contain_text("temperature 0.7")


def test_a_value_out_of_range_is_named_at_its_field(page: Page) -> None:
    open_new_session(page, FAST)
    page.get_by_label("Temperature").fill("3")
    prompt_field(page).fill("Hello")
    prompt_field(page).press("Enter")
    expect(page.locator("#id_temperature_error")).to_be_visible()
    expect(page.get_by_label("Temperature")).to_be_focused()


def test_an_empty_prompt_is_refused(page: Page) -> None:
    open_new_session(page, FAST)
    prompt_field(page).press("Enter")
    expect(page.locator("#id_prompt_error")).to_have_text("Write a prompt first: it is empty.")


def test_a_prompt_of_a_megabyte_is_refused_and_kept(page: Page) -> None:
    open_new_session(page, FAST)
    prompt_field(page).evaluate("field => { field.value = 'x'.repeat(2 ** 20); }")
    prompt_field(page).press("Enter")
    expect(page.locator("#id_prompt_error")).to_contain_text("KiB")
    assert prompt_field(page).evaluate("field => field.value.length") == 2**20


def test_edit_and_resend(page: Page) -> None:
    open_new_session(page, FAST)
    send(page, "A question with a tpyo")
    expect_state(lane(page), "completed")
    page.get_by_role("link", name="Edit and resend").click()
    expect(prompt_field(page)).to_have_value("A question with a tpyo")
    expect(page.get_by_text("You are editing prompt 1")).to_be_visible()
    prompt_field(page).fill("A question without one")
    prompt_field(page).press("Enter")
    expect(page.locator(".turn")).to_have_count(2)
    expect_state(lane(page, 1), "completed")
    expect(page.get_by_text("You are editing")).to_have_count(0)


def test_an_example_fills_the_composer(page: Page) -> None:
    page.goto("/")
    example = page.locator(".welcome__examples a").first
    text = example.inner_text()
    example.click()
    expect(prompt_field(page)).to_have_value(text)


def test_choosing_a_model_from_the_list(page: Page) -> None:
    open_new_session(page, FAST)
    field = page.get_by_role("combobox", name="Model")
    field.click()
    field.fill("chinese")
    expect(page.get_by_role("option")).to_have_count(1)
    field.press("ArrowDown")
    field.press("Enter")
    expect(field).to_have_value("sim/sim-zh-n256-r50-d100")
    expect(page.get_by_role("listbox")).to_have_count(0)


def test_a_very_long_prompt_is_sent_and_shown_at_once(page: Page) -> None:
    open_new_session(page, FAST)
    prompt_field(page).fill("流式输出测试文本没有换行的一段话" * 10_000)
    prompt_field(page).press("Enter")
    expect(page.locator("run-lane")).to_be_attached(timeout=5_000)
    expect_state(lane(page), "completed")
    page.reload()
    page.get_by_text("Show all (160000 characters)").click()
    expect(page.locator(".turn__block").last).to_be_attached()
    page.get_by_role("link", name="Edit and resend").click()
    expect(prompt_field(page)).not_to_have_value("")
    page.get_by_role("link", name="Edit and resend").click()  # again, while one is being edited
    expect(page.locator(".composer__editing")).to_be_visible()
    expect(page.locator("#toasts")).to_be_empty()


GIVE_FILE = """(field, [kind, text]) => {
    const data = new DataTransfer();
    data.items.add(new File([new Uint8Array([137, 80, 78, 71])], "cat.png", { type: "image/png" }));
    if (text) data.setData("text/plain", text);
    const given = kind === "paste" ? { clipboardData: data } : { dataTransfer: data };
    const event = kind === "paste" ? new ClipboardEvent(kind, { ...given, bubbles: true, cancelable: true })
                                   : new DragEvent(kind, { ...given, bubbles: true, cancelable: true });
    field.dispatchEvent(event);
    return event.defaultPrevented;
}"""


@pytest.mark.parametrize("kind", ["paste", "drop"])
def test_an_image_is_refused_in_words_and_the_text_stays(page: Page, kind: str) -> None:
    open_new_session(page, FAST)
    prompt_field(page).fill("What is in this picture?")
    assert prompt_field(page).evaluate(GIVE_FILE, [kind, ""])
    expect(page.get_by_role("alert").filter(has_text="Only text can be sent")).to_be_visible()
    expect(prompt_field(page)).to_have_value("What is in this picture?")
    expect(prompt_field(page)).to_be_focused()
    prompt_field(page).press("Enter")
    expect_state(lane(page), "completed")
    expect(page.get_by_text("Only text can be sent")).to_be_hidden()


def test_a_file_dropped_beside_the_composer_does_not_take_the_page_away(page: Page) -> None:
    open_new_session(page, FAST)
    assert page.locator("main").evaluate(GIVE_FILE, ["dragover", ""])
    assert page.locator("main").evaluate(GIVE_FILE, ["drop", ""])
    expect(page.get_by_role("alert").filter(has_text="Only text can be sent")).to_be_visible()


def test_copied_text_that_comes_with_its_picture_is_pasted(page: Page) -> None:
    open_new_session(page, FAST)
    assert not prompt_field(page).evaluate(GIVE_FILE, ["paste", "a table's text"])
    expect(page.get_by_text("Only text can be sent")).to_be_hidden()


class LostAnswer:
    """The next prompt that the page sends reaches the server, and what the server answers is lost."""

    def __init__(self, page: Page) -> None:
        self.arrived = 0
        page.route("**/turns/", self._lose, times=1)

    def _lose(self, route: Route) -> None:
        answer = route.fetch()
        assert answer.ok
        self.arrived += 1
        route.abort("connectionreset")


@pytest.mark.parametrize("turns_before", [0, 1])
def test_a_prompt_whose_answer_was_lost_is_sent_again_and_asked_once(page: Page, turns_before: int) -> None:
    open_new_session(page, FAST)
    if turns_before:
        send(page, "The first")
        expect_state(lane(page), "completed")
    lost = LostAnswer(page)
    prompt_field(page).fill("Only once")
    prompt_field(page).press("Enter")
    expect(page.get_by_role("alert").filter(has_text="nothing is asked twice")).to_be_visible()
    expect(prompt_field(page)).to_have_value("Only once")
    if turns_before:
        expect(page.locator(".turn")).to_have_count(2)  # the room told that it had arrived
    prompt_field(page).press("Enter")
    expect(prompt_field(page)).to_have_value("")
    assert lost.arrived == 1
    expect(page.locator(".turn")).to_have_count(turns_before + 1)
    expect_state(lane(page, turns_before), "completed")
    page.reload()
    expect(page.locator(".turn")).to_have_count(turns_before + 1)
    prompt_field(page).fill("Only once")  # the same words, on purpose
    prompt_field(page).press("Enter")
    expect(page.locator(".turn")).to_have_count(turns_before + 2)
