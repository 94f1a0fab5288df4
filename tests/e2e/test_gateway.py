"""A program asks through the gateway, and its owner watches the answer on the page while it streams."""

import re
from uuid import uuid4

import httpx
from playwright.sync_api import Page, expect

from tests.e2e.playground import chunks, expect_state, lane, run_of, wait_for_chunks
from tests.server import Client


def test_a_call_of_the_gateway_is_watched_live(page: Page, api: Client) -> None:
    prompt = f"Tell a tale {uuid4().hex[:6]}"
    page.goto("/")
    body = {"model": "sim/sim-n3000-r20-d0", "messages": [{"role": "user", "content": prompt}], "stream": True}
    with (
        httpx.Client(base_url=f"{api.server.base_url}/v1", headers=api.headers, timeout=30) as http,
        http.stream("POST", "/chat/completions", json=body) as answer,
    ):
        pieces = answer.iter_bytes()
        next(pieces)
        run = answer.headers["x-playground-run"]
        page.locator("#sidebar-live a", has_text=prompt).click()
        expect(page).to_have_url(re.compile(answer.headers["x-playground-session"]))
        expect_state(lane(page), "streaming")
        assert run_of(lane(page)) == run
        seen = chunks(lane(page))
        wait_for_chunks(lane(page), seen + 10)
    expect_state(lane(page), "cancelled")  # the client has gone, and with it the run
    expect(page.locator("#sidebar-sessions a", has_text=prompt)).to_be_visible()
    expect(page.locator("#sidebar-live a", has_text=prompt)).to_have_count(0)


def test_an_answer_of_the_gateway_is_whole_on_the_page(page: Page, api: Client) -> None:
    body = {"model": "sim/sim-n30-r0", "messages": [{"role": "user", "content": f"Hi {uuid4().hex[:6]}"}]}
    url = f"{api.server.base_url}/v1/chat/completions"
    answer = httpx.post(url, json=body, headers={**api.headers, "x-playground-title": "By a program"})
    page.goto(f"/sessions/{answer.headers['x-playground-session']}/")
    expect(page.get_by_role("heading", name="By a program")).to_be_visible()
    expect_state(lane(page), "completed")
    text = answer.json()["choices"][0]["message"]["content"]
    assert text == api.run(run_of(lane(page)))["text"]
    expect(lane(page)).to_contain_text(text.splitlines()[0].lstrip("# "))
