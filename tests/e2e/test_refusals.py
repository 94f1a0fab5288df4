"""What a person asks for and the server cannot do: one clear sentence, what to do next, and nothing typed is lost."""

import re
from typing import Any

import orjson
import pytest
from playwright.sync_api import Page, Route, expect

from tests.e2e.playground import expect_state, lane, open_new_session, prompt_field, run_of, send, wait_for_chunks
from tests.server import Client

FAST, SLOW = "sim/sim-n20-r0-d0", "sim/sim-n4000-r30-d50"
PROXY_PAGE = "<html><body><h1>503 Service Temporarily Unavailable</h1></body></html>"
SENTENCE = "The database does not answer. Try again in a few seconds."
NOTICE = {"HX-Trigger": orjson.dumps({"playground:notice": {"level": "error", "message": SENTENCE}}).decode()}
ANSWERS: list[tuple[dict[str, Any], str]] = [
    ({"status": 500, "body": "<h1>broken</h1>"}, "Not sent. The server had an error. Try again."),
    ({"status": 502, "body": PROXY_PAGE}, "Not sent. The server is not available now. Try again in a moment."),
    ({"status": 503, "body": PROXY_PAGE, "headers": {"Retry-After": "7"}}, "Not sent. The server cannot do this now."),
    ({"status": 503, "body": "<p>no</p>", "headers": NOTICE}, f"Not sent. {SENTENCE}"),
    ({"status": 403, "body": "<h1>Forbidden</h1>"}, "Not sent: you are signed out."),
]


@pytest.mark.parametrize(("answer", "sentence"), ANSWERS)
def test_a_prompt_that_is_not_taken_stays(page: Page, answer: dict[str, Any], sentence: str) -> None:
    """Nor does the page of a proxy take the composer's place."""
    page.route("**/turns/", lambda route: route.fulfill(**answer))
    open_new_session(page, FAST)
    prompt_field(page).fill("Keep me")
    prompt_field(page).press("Enter")
    expect(page.locator("[data-not-sent]")).to_contain_text(sentence)
    expect(page.locator("#toasts")).to_be_empty()
    expect(prompt_field(page)).to_have_value("Keep me")
    page.unroute("**/turns/")
    prompt_field(page).press("Enter")
    expect_state(lane(page), "completed")
    expect(page.locator("[data-not-sent]")).to_be_hidden()
    expect(prompt_field(page)).to_have_value("")


@pytest.mark.parametrize("over", ["typing", "playground:connection", "playground:health"])
def test_why_a_prompt_was_not_taken_is_forgotten_once_it_is_over(page: Page, over: str) -> None:
    """Also what stands in the composer that the server sent back."""
    open_new_session(page, FAST)
    page.route("**/turns/", lambda route: route.fulfill(status=503, headers=NOTICE, body="<p>no</p>"))
    prompt_field(page).fill("Keep me")
    prompt_field(page).press("Enter")
    refused = page.locator("#composer-state .notice--error").filter(visible=True)
    expect(refused).to_have_count(1)
    page.locator("#composer-state").evaluate(
        "(state) => state.insertAdjacentHTML('beforeend', '<p class=\"notice notice--error\" data-refused>No</p>')"
    )
    expect(refused).to_have_count(2)
    if over == "typing":
        prompt_field(page).press("End")
        prompt_field(page).type("!")
    else:
        page.evaluate(
            "(name) => document.dispatchEvent(new CustomEvent(name, { detail: { isBack: true, problems: [] } }))", over
        )
    expect(refused).to_have_count(0)
    expect(prompt_field(page)).to_have_value("Keep me!" if over == "typing" else "Keep me")


def test_when_to_try_again_is_said_in_seconds(page: Page) -> None:
    page.route("**/turns/", lambda route: route.fulfill(status=503, headers={"Retry-After": "7"}))
    open_new_session(page, FAST)
    prompt_field(page).fill("Keep me")
    prompt_field(page).press("Enter")
    expect(page.locator("[data-not-sent]")).to_contain_text("Try again in 7 s. Your text is still here.")


def test_a_server_out_of_reach_loses_nothing(page: Page) -> None:
    """Whether the prompt arrived is not known then, and the sentence does not say that it did not."""
    open_new_session(page, FAST)
    prompt_field(page).fill("Keep me")
    page.route("**/turns/", lambda route: route.abort())
    prompt_field(page).press("Enter")
    expect(page.locator("[data-not-sent]")).to_contain_text("The server could not be reached. Your text is still here.")
    expect(prompt_field(page)).to_have_value("Keep me")
    page.reload()
    expect(prompt_field(page)).to_have_value("Keep me")


@pytest.mark.parametrize(
    ("failure", "sentence"),
    [
        (None, "The server could not be reached. Try again."),
        ({"status": 503, "headers": {"Retry-After": "3"}}, "The server cannot do this now. Try again in 3 s."),
        ({"status": 503, "headers": NOTICE}, SENTENCE),
    ],
)
def test_a_stop_that_fails_can_be_pressed_again(
    page: Page, api: Client, failure: dict[str, Any] | None, sentence: str
) -> None:
    """The lane does not go on to say that it is stopping."""
    pattern = re.compile("/stop/$")
    open_new_session(page, SLOW)
    send(page)
    wait_for_chunks(lane(page), 3)

    def fail(route: Route) -> None:
        if failure is None:
            route.abort()
        else:
            route.fulfill(**failure)

    page.route(pattern, fail)
    lane(page).get_by_role("button", name="Stop").click()
    expect(page.locator("#toasts")).to_have_text(sentence)
    expect_state(lane(page), "streaming")
    page.unroute(pattern)
    lane(page).get_by_role("button", name="Stop").click()
    expect_state(lane(page), "cancelled")
    assert api.run(run_of(lane(page)))["status"] == "cancelled"


def test_a_retry_that_fails_leaves_the_answer(page: Page) -> None:
    open_new_session(page, FAST)
    send(page)
    expect_state(lane(page), "completed")
    run = run_of(lane(page))
    page.route("**/retry/", lambda route: route.fulfill(status=503, body=PROXY_PAGE, headers={"Retry-After": "3"}))
    lane(page).get_by_role("button", name="Retry").click()
    expect(page.locator("#toasts")).to_have_text("The server cannot do this now. Try again in 3 s.")
    assert run_of(lane(page)) == run
    expect(lane(page)).to_contain_text("goldfish")


@pytest.mark.parametrize(("button", "words"), [("Continue", "going on…"), ("Retry", "asking again…")])
def test_what_takes_long_says_at_once_that_it_is_under_way(page: Page, api: Client, button: str, words: str) -> None:
    """As while the database is locked. Pressed once more meanwhile, it asks nothing twice."""
    open_new_session(page, "sim/sim-en-n60-r0-d0-fault-cutx25")
    send(page)
    expect_state(lane(page), "truncated")
    first = run_of(lane(page))
    held: list[Route] = []
    page.route(re.compile("/(retry|continue)/$"), lambda route: held.append(route))  # noqa: PLW0108  (it marks its handler)
    lane(page).get_by_role("button", name=button).click()
    pressed = lane(page).get_by_role("button", name=words)
    expect(pressed).to_be_disabled(timeout=1_000)
    expect(pressed).to_be_focused()
    expect(page.locator("#announcer")).to_have_text(words)
    pressed.click(force=True)
    page.wait_for_timeout(300)
    assert len(held) == 1
    held.pop().fulfill(status=503, headers=NOTICE)
    expect(page.locator("#toasts")).to_have_text(SENTENCE)
    again = lane(page).get_by_role("button", name=button)
    expect(again).to_be_enabled()
    page.unroute_all()
    again.click()
    expect(lane(page)).not_to_have_attribute("data-run", first)
