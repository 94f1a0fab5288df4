"""A recorded answer plays again: at its pace, in every view, by mouse, keyboard and link."""

import itertools
import re
import statistics
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.server import Client, Follower

PLAYED: str = """async () => {
    const { player } = document.querySelector("replay-player");
    const [lane] = player.lanes;
    const frames = [];
    player.seek(0);
    player.addEventListener("time", () => frames.push([performance.now(), player.t, lane.index]));
    const ended = new Promise((resolve) => player.addEventListener("end", resolve));
    const began = performance.now();
    player.play();
    await ended;
    return { began, frames, times: lane.events.map(([t]) => t) };
}"""


@pytest.fixture(scope="module")
def recorded(api: Client) -> dict[str, Any]:
    """A refusal, a retry, 20 tokens, nothing for 2.6 s, and 20 tokens more."""
    run = api.post_run("sim/sim-en-e429x1a0-n40-r50-p2600x20", "A question")
    with api.socket() as socket:
        Follower(socket, run["id"]).finish()
    return {**run, "events": api.events(run["id"])}


def open_replay(page: Page, run: dict[str, Any], query: str = "") -> None:
    page.goto(f"/runs/{run['id']}/replay/{query}")
    page.wait_for_selector("replay-player[data-ready]")


def text_until(run: dict[str, Any], t: int) -> str:
    data = [event["data"] for event in run["events"] if event["kind"] == "chunk" and event["t"] <= t]
    return "".join(each if isinstance(each, str) else each.get("text", "") for each in data)


def time_of(run: dict[str, Any], chunk: int) -> int:
    return [event["t"] for event in run["events"] if event["kind"] == "chunk"][chunk]


def answer(page: Page) -> str:
    return "".join((page.locator(".replay__panel[data-panel=characters]").text_content() or "").split())


def test_every_event_happens_in_the_first_frame_after_its_time(page: Page, recorded: dict[str, Any]) -> None:
    open_replay(page, recorded)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    played = page.evaluate(PLAYED)

    late = []  # ms from when the playhead should have been there until the frame in which it was
    for (_wall, before, _index), (wall, t, index) in itertools.pairwise(played["frames"]):
        assert before <= t
        assert index == sum(time <= t for time in played["times"])
        if index < len(played["times"]):
            late.append(wall - played["began"] - t / 1000)
    assert min(late) > -1
    assert statistics.median(late) < 17
    assert played["frames"][-1][2] == len(recorded["events"])
    assert asked == []  # neither an upstream nor the server has a part in it
    expect(page.locator(".replay__lane")).to_have_attribute("data-state", "completed")
    expect(page.locator("#announcer")).to_have_text("The end")


def test_a_wait_is_skipped_where_the_reader_wants_that(page: Page, recorded: dict[str, Any]) -> None:
    open_replay(page, recorded, "?skip=1&rate=4")
    played = page.evaluate(PLAYED)

    assert played["frames"][-1][1] == recorded["events"][-1]["t"]
    walls = [t / 1000 - (wall - played["began"]) * 4 for wall, t, _index in played["frames"]]
    assert walls[-1] > 1_500  # ms of the recording that took no time
    expect(page.locator(".transport__saved")).to_contain_text("1")


def test_keys_move_every_view_and_the_link(page: Page, recorded: dict[str, Any]) -> None:
    open_replay(page, recorded, "?view=characters")
    page.keyboard.press("End")
    assert answer(page) == "".join(text_until(recorded, recorded["events"][-1]["t"]).split())
    page.keyboard.press("Home")
    assert answer(page) == ""
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    third = time_of(recorded, 2)
    assert answer(page) == "".join(text_until(recorded, third).split())
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".waveform")).to_have_attribute("aria-valuetext", re.compile("chunk 3 of 40"))
    page.get_by_role("link", name="Tokens").click()
    expect(page.locator(".tokens__list .token")).to_have_count(3)
    page.get_by_role("link", name="Events").click()
    until = [event for event in recorded["events"] if event["t"] <= third]
    expect(page.locator(".replay-events tbody tr")).to_have_count(len(until))
    page.get_by_role("link", name="Timeline").click()
    end = recorded["events"][-1]["t"]
    line = page.locator(".tl-playhead")
    assert float((line.get_attribute("x1") or "").rstrip("%")) == pytest.approx(100 * third / end, abs=0.01)
    page.wait_for_url(f"**/replay/?view=timeline&t={third / 1e6:g}")

    page.reload()
    page.wait_for_selector("replay-player[data-ready]")
    page.get_by_role("link", name="Tokens").click()
    expect(page.locator(".tokens__list .token")).to_have_count(3)


def test_the_waveform_is_dragged(page: Page, recorded: dict[str, Any]) -> None:
    open_replay(page, recorded)
    box = page.locator(".waveform").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 2, box["y"] + 10)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 10, steps=4)
    page.mouse.up()
    middle = recorded["events"][-1]["t"] / 2
    t = page.evaluate("document.querySelector('replay-player').player.t")
    assert t == pytest.approx(middle, rel=0.02)
    expect(page.locator(".waveform__tip")).to_contain_text("Δ 2.6")
