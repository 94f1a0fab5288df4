"""What the views make of chunks that a provider may send: the socket is scripted, the page is real."""

import re
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from playwright.sync_api import Locator, Page, WebSocketRoute, expect

from tests.e2e.playground import expect_state, lane, open_new_session, open_tab, run_of, send
from tests.server import Client

MS = 1_000


def show(page: Page, *chunks: Any, view: str = "Answer", ended: bool = False, gap: int = 10 * MS) -> None:
    """A lane that is sent these chunks, `gap` µs apart."""
    events: list[list[Any]] = [[0, "run.started", {}], [1, "attempt.started", {"attempt": 1}]]
    events += [[100 * MS + gap * index, "chunk", chunk] for index, chunk in enumerate(chunks)]
    if ended:
        data = {"status": "completed", "finish_reason": "stop", "error": None, "attempts": 1}
        events.append([events[-1][0], "run.ended", data])

    def answer(socket: WebSocketRoute, message: str | bytes) -> None:
        asked = orjson.loads(message)
        if asked["op"] != "subscribe":
            return
        common = {"run": asked["run"], "epoch": "e"}
        tell(socket, {"op": "subscribed", "status": "streaming", "recovered": True, "after": -1, **common})
        tell(socket, {"op": "frame", "seq": 0, "events": events, **common})
        if ended:
            tell(socket, {"op": "ended", "run": asked["run"], "seq": len(events) - 1, "status": "completed"})

    page.route_web_socket(
        re.compile("/ws/v1"), lambda socket: socket.on_message(lambda message: answer(socket, message))
    )
    open_new_session(page, "sim/sim-n4000-r20-d60000")
    send(page)
    open_tab(lane(page), view)


def tell(socket: WebSocketRoute, message: dict[str, Any]) -> None:
    socket.send(orjson.dumps(message).decode())


@pytest.fixture(autouse=True)
def _stop_what_was_started(page: Page, api: Client) -> Iterator[None]:
    yield
    assert api.http.post(f"/runs/{run_of(lane(page))}/cancel").is_success


def test_markup_of_a_model_stays_text(page: Page) -> None:
    show(page, "<img src=x onerror=alert(1)>\n\n", "**<b>bold</b>** [a](javascript:alert(1))\n\n")
    answer = lane(page).locator("[data-panel=answer]")
    expect(answer).to_contain_text("<img src=x onerror=alert(1)>")
    expect(answer.locator("strong")).to_have_text("<b>bold</b>")
    expect(answer.locator("img, b, a")).to_have_count(0)


def test_blocks_are_set_when_they_close(page: Page) -> None:
    blocks = [
        "# Title",
        "- one\n- *two*",
        "| a | b |\n|---|---|\n| 1 | 2 |",
        "```py\nx = 1\n\n**not bold**\n```\nOpen **block",
    ]
    show(page, *"\n\n".join(blocks))
    answer = lane(page).locator("[data-panel=answer]")
    expect(answer.locator("h1")).to_have_text("Title")
    expect(answer.locator("li")).to_have_text(["one", "two"])
    expect(answer.locator("li em")).to_have_text("two")
    expect(answer.locator("td")).to_have_text(["1", "2"])
    expect(answer.locator("pre code")).to_have_text("x = 1\n\n**not bold**\n", use_inner_text=False)
    expect(answer.locator(".prose__open")).to_have_text("Open **block")


@pytest.mark.parametrize("chunks", [("Before.\n", "```"), ("Before.\n", "```py\n", "x = 1\n", "```"), ("```",)])
def test_an_answer_may_end_in_a_fence(page: Page, chunks: tuple[str, ...]) -> None:
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    show(page, *chunks, ended=True)
    expect_state(lane(page), "completed")
    expect(lane(page).locator("[data-panel=answer]")).not_to_contain_text("```")
    assert not problems


def test_reasoning_has_a_block_of_its_own(page: Page) -> None:
    show(page, {"reasoning": "Let me "}, {"reasoning": "think."}, "The answer.")
    expect(lane(page).locator(".reasoning__text")).to_have_text("Let me think.")
    expect(lane(page).locator(".prose")).to_have_text("The answer.")
    lane(page).locator(".reasoning summary").click()
    expect(lane(page).locator(".reasoning__text")).to_be_hidden()


def test_characters_of_several_code_points_are_whole_whatever_the_cut(page: Page) -> None:
    show(page, "👩", "\u200d🚀 e", "\u0301", "\r", "\n北", "京", view="Characters", ended=True)
    expect(lane(page).locator(".characters__line")).to_have_text(["👩\u200d🚀 e\u0301", "北京"])


def test_tokens_are_tinted_by_the_gap_and_by_probability(page: Page) -> None:
    sure, unsure = ({"text": text, "logprobs": [{"token": text, "logprob": lp}]} for text, lp in (("a", 0), ("b", -4)))
    show(page, sure, unsure, "\n", "", view="Tokens", gap=100 * MS)
    tokens = lane(page).locator(".tokens__list .token")
    expect(tokens).to_have_count(4)
    expect(tokens.nth(0)).to_have_class("token token--gap-0 token--lp-0")
    expect(tokens.nth(1)).to_have_class("token token--gap-2 token--lp-4")
    expect(tokens.nth(2)).to_have_text("↵\n", use_inner_text=False)
    expect(tokens.nth(3)).to_have_class("token token--gap-2 token--empty")
    before = tokens.nth(1).evaluate("token => getComputedStyle(token).backgroundColor")
    lane(page).get_by_label("tint by probability").check()
    assert tokens.nth(1).evaluate("token => getComputedStyle(token).backgroundColor") != before
    tokens.nth(1).hover()
    expect(lane(page).locator(".tokens__readout")).to_have_text("#1 · 200 ms · +100 ms · 1.8 %")


def test_the_end_is_announced_once_and_no_token_is(page: Page) -> None:
    show(page, "Hello", ended=True)
    expect_state(lane(page), "completed")
    expect(page.locator("#announcer")).to_have_text(re.compile(r"completed, 1 chunks"))
    live_regions = "[aria-live], [role=status], [role=log], output"
    assert lane(page).locator("[data-panel=tokens], [data-panel=characters], .state").locator(live_regions).count() == 0


def test_tokens_are_tinted_by_probability(page: Page) -> None:
    sure, hardly = (
        {"text": text, "logprobs": [{"token": text, "logprob": lp}]} for text, lp in (("a", -0.01), ("b", -4))
    )
    show(page, sure, hardly, view="Tokens", gap=100 * MS)
    panel = lane(page).locator("[data-panel=tokens]")
    tokens = panel.locator(".tokens__list .token")
    expect(tokens).to_have_count(2)
    untinted = tint(tokens.nth(1))
    expect(panel.get_by_text("gap before")).to_be_visible()
    panel.get_by_label("tint by probability").check()
    assert tint(tokens.nth(1)) not in {tint(tokens.nth(0)), untinted}
    expect(panel.get_by_text("gap before")).to_be_hidden()
    expect(panel.get_by_text("≥ 90%")).to_be_visible()
    assert tint(panel.locator(".tokens__legend .token--lp-4")) == tint(tokens.nth(1))


def tint(token: Locator) -> str:
    return str(token.evaluate("token => getComputedStyle(token).backgroundColor"))
