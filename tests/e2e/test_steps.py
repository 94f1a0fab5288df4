"""An agent of LangChain on the page: its steps one inside the other, while it works and afterwards."""

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.axe import expect_accessible, expect_whole
from tests.e2e.playground import expect_state, lane, open_new_session, open_tab, run_of, send
from tests.server import Server

CHAINS = "tests.providers.runnables.chains"


@pytest.fixture(scope="module", autouse=True)
def _connections(server: Server) -> None:
    for name, runnable in (("agent", "agent"), ("broken", "agent_with_a_failing_tool"), ("waiting", "waiting_agent")):
        base_url = f"{CHAINS}:{runnable}"
        server.manage(
            "connection", "add", f"lc-{name}", "--dialect", "langchain", "--base-url", base_url, "--model", "helper"
        )


def step(place: Page | Locator, name: str) -> Locator:
    return place.locator(f".step:has(.step__name:text-is('{name}'))")


def indent(step: Locator) -> float:
    left = step.locator(".step__type").evaluate("(label) => label.getBoundingClientRect().left")
    return float(left)


def test_an_agent_s_steps_nest_and_open(page: Page) -> None:
    open_new_session(page, "lc-agent/helper")
    send(page, "How is the weather in Oslo?")
    expect_state(lane(page), "completed")
    expect(lane(page).locator(".lane__panels")).to_contain_text("It is sunny")
    page.goto(f"/runs/{run_of(lane(page))}/?view=timeline")

    agent, tools, weather = (step(page, name) for name in ("helper", "tools", "weather"))
    assert indent(agent) < indent(tools) < indent(weather)
    expect(page.locator(".step")).to_have_count(7)
    weather.locator("summary").click()
    expect(weather.locator(".step__body")).to_contain_text("Sunny in Oslo")
    page.get_by_text("Filter steps").first.click()
    expect_accessible(page)
    expect_whole(page)


def test_the_filter_leaves_steps_out_and_is_an_address(page: Page) -> None:
    open_new_session(page, "lc-broken/helper")
    send(page, "How is the weather in Oslo?")
    expect_state(lane(page), "failed")
    page.goto(f"/runs/{run_of(lane(page))}/?view=timeline")
    page.get_by_text("Filter steps").first.click()
    page.get_by_role("group", name="Show only").get_by_role("checkbox", name="tool", exact=True).check()
    page.get_by_role("button", name="Filter", exact=True).click()

    expect(page.locator(".step")).to_have_count(1)
    expect(step(page, "weather").locator("summary")).to_contain_text("failed")
    page.wait_for_url("**include_types=tool**")
    page.reload()
    expect(page.locator(".step")).to_have_count(1)
    page.goto(page.url.replace("view=timeline", "view=events"))
    expect(page.locator(".events__table tbody tr")).to_have_count(2)


def test_steps_appear_while_the_agent_works(page: Page) -> None:
    open_new_session(page, "lc-waiting/helper")
    send(page, "How is the weather in Oslo?")
    open_tab(lane(page), "Timeline")

    weather = step(lane(page), "weather")
    expect(weather).to_contain_text("at work")
    lane(page).get_by_role("button", name="Stop").click()
    expect_state(lane(page), "cancelled")
    expect(weather.locator("summary")).to_contain_text("stopped")
