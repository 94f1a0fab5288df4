"""The main job, as a newcomer does it: one command, a real model, an answer that is stopped, one that survives reloads,
and both found again."""

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.playground import (
    expect_state,
    expect_whole_answer,
    lane,
    open_tab,
    run_of,
    send,
    wait_for_chunks,
)
from tests.server import ROOT, Client, Server

pytestmark = [pytest.mark.browser, pytest.mark.model]

STOP_WITHIN_S = 5.0
LONG = "Write a long story about goldfish on the moon."  # about 500 tokens at temperature 0


class MakeRun(Server):
    """`make run`, as typed. `link` is the line that it prints."""

    link = ""

    def start(self) -> None:
        command = ["make", "--no-print-directory", "run", f"PORT={self.port}"]
        self._make = subprocess.Popen(
            command, cwd=ROOT, env=self.environment, stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        assert self._make.stdout is not None
        for line in self._make.stdout:
            self.output.append(line)
            if found := re.search(r"http://\S+", line):
                self.link = found[0]
                return
        raise AssertionError("".join(self.output))

    def interrupt(self) -> float:
        """Ctrl-C; how long it took to end, in s."""
        began = time.monotonic()
        os.killpg(self._make.pid, signal.SIGINT)
        self._make.wait(30)
        took = time.monotonic() - began
        self._close()
        return took

    def kill(self) -> None:
        if self._make.poll() is None:
            os.killpg(self._make.pid, signal.SIGKILL)
            self._make.wait(30)
        self._close()

    def _close(self) -> None:
        assert self._make.stdout is not None
        self._make.stdout.close()


@pytest.fixture
def app(tmp_path: Path) -> Iterator[MakeRun]:
    app = MakeRun(tmp_path / "data")
    app.start()
    yield app
    app.kill()


@pytest.fixture
def newcomer(browser: Browser, app: MakeRun) -> Iterator[Page]:
    context = browser.new_context(base_url=app.base_url)
    context.set_default_timeout(90_000)  # a real model, on a machine that does other things too
    page = context.new_page()
    page.goto(app.link)
    page.get_by_role("button", name="Sign in").click()
    yield page
    context.close()


def ask(page: Page, prompt: str) -> None:
    """In a session of its own, at temperature 0: so the answer is as long today as it was yesterday."""
    page.goto("/")
    page.get_by_label("Temperature").fill("0")
    send(page, prompt)


def test_from_one_command_to_a_timeline(newcomer: Page, app: MakeRun) -> None:
    page = newcomer
    expect(page.get_by_role("heading", name="See how a model really streams")).to_be_visible()

    # The model that is chosen already answers, token by token; its first answer is stopped.
    ask(page, LONG)
    expect(lane(page)).to_contain_text("tiny demo model")
    wait_for_chunks(lane(page), 10)
    lane(page).get_by_role("button", name="Stop").click()
    expect_state(lane(page), "cancelled")

    # The second survives two reloads in mid-stream without a lost or doubled token.
    ask(page, LONG)
    for chunks in (10, 30):
        wait_for_chunks(lane(page), chunks)
        page.reload()
    expect_state(lane(page), "completed", timeout=120_000)
    open_tab(lane(page), "Characters")
    api = Client(app, "owner")
    expect_whole_answer(lane(page), api)
    run = run_of(lane(page))

    # It is found by a word of its prompt, and its timeline can be read.
    page.goto("/sessions/")
    page.get_by_role("searchbox").last.fill("goldfish")
    page.get_by_role("searchbox").last.press("Enter")
    page.locator(".history__title", has_text="goldfish").first.click()
    open_tab(lane(page), "Timeline")
    expect(lane(page).get_by_role("img").first).to_be_visible()
    expect(lane(page).locator("[data-panel=timeline]")).to_contain_text("first token")

    # Ctrl-C ends everything soon; a live answer is saved as what it is.
    ask(page, LONG)
    wait_for_chunks(lane(page), 3)
    live = run_of(lane(page))
    assert app.interrupt() < STOP_WITHIN_S
    app.start()
    assert api.run(live)["status"] == "interrupted"
    assert api.run(live)["text"]
    assert api.run(run)["status"] == "completed"
    api.close()
