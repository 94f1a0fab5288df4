"""A person who reads Chinese."""

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import NewPage
from tests.e2e.playground import expect_state, lane


def test_choosing_a_language_in_the_menu_lasts(page: Page) -> None:
    page.goto("/account/")
    page.locator("summary[aria-label=Language]").click()
    page.get_by_role("button", name="简体中文").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("账户")
    page.goto("/")
    expect(page.locator("html")).to_have_attribute("lang", "zh-hans")
    page.locator("summary[aria-label=语言]").click()
    expect(page.get_by_role("button", name="简体中文")).to_have_attribute("aria-current", "true")


def test_lanes_speak_the_language_of_the_browser(new_page: NewPage) -> None:
    page = new_page(locale="zh-CN")
    page.goto("/")
    page.locator(".lane-list input").first.fill("sim/sim-zh-n10-r0")
    page.get_by_role("button", name="添加模型").click()
    page.locator(".lane-list input").last.fill("sim/sim-e401")
    page.get_by_role("textbox", name="提示词", exact=True).fill("写一首四行小诗。")
    page.get_by_role("button", name="发送").click()
    expect_state(lane(page, 0), "completed")
    expect(lane(page, 0).locator(".state__text")).to_have_text("已完成")
    expect_state(lane(page, 1), "failed")
    problem = lane(page, 1).locator(".lane__problem")
    expect(problem).to_contain_text("服务商不接受该 API 密钥：请检查连接的密钥。")
    said = problem.inner_text()
    assert "(HTTP 401)" in said, "what was recorded is shown too"
    page.reload()
    expect(problem).to_have_text(said)


@pytest.mark.parametrize(
    "path", ["/", "/sessions/", "/connections/", "/connections/add/", "/account/", "/account/tokens/"]
)
def test_pages_fit_a_narrow_screen(new_page: NewPage, path: str) -> None:
    page = new_page(locale="zh-CN", viewport={"width": 360, "height": 740})
    page.goto(path)
    expect(page.locator("html")).to_have_attribute("lang", "zh-hans")
    assert page.evaluate("document.documentElement.scrollWidth") == 360
