"""A person at a browser: Chromium against a real server with data of its own, signed in by the link that it printed."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.server import ROOT, Client, Server, running_server
from tests.services import chromium

OWNER = "owner"
NewPage = Callable[..., Page]
HERE = Path(__file__).parent

expect.set_options(timeout=20_000)  # a wait ends when the page is there; only a failure takes this long


@pytest.hookimpl(tryfirst=True)  # before `-m` chooses
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker("browser")


@pytest.fixture(scope="session")
def static_files() -> None:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "playground.settings"}
    subprocess.run([sys.executable, "-m", "scripts.prepare", "--static-only"], cwd=ROOT, env=environment, check=True)


@pytest.fixture(scope="session")
def server(static_files: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    chains = "tests.providers.runnables.chains"
    runnables = ",".join(f"{chains}:{name}" for name in ("agent", "agent_with_a_failing_tool", "waiting_agent"))
    with running_server(tmp_path_factory.mktemp("browser"), PLAYGROUND_RUNNABLES=runnables) as server:
        yield server


@pytest.fixture(scope="session")
def api(server: Server, cookies: list[dict[str, str]]) -> Iterator[Client]:
    """REST as the person at the browser: what a page shows can be compared with what is recorded."""
    client = Client(server, OWNER)
    yield client
    client.close()


@pytest.fixture(scope="session")
def cookies(server: Server) -> list[dict[str, str]]:
    """Those of the person who opened the link that the server printed."""
    link = printed_link(server)
    with httpx.Client(follow_redirects=True) as client:
        page = client.get(link).text
        token = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[0]
        answer = client.post(link, data={"csrfmiddlewaretoken": token})
        assert answer.status_code == 200, answer.text
        return [{"name": name, "value": value, "url": server.base_url} for name, value in client.cookies.items()]


def printed_link(server: Server) -> str:
    """The server may answer before what it printed has been read."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if found := re.search(r"http://\S+/sign-in/link/\S+", "".join(server.output)):
            return found[0]
        time.sleep(0.02)
    raise AssertionError(f"no sign-in link in {server.output}")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A module's own, since Playwright's loop would be in the way of asyncio tests that come later."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium(), args=["--no-sandbox", "--disable-background-networking"]
        )
        yield browser
        browser.close()


@pytest.fixture
def new_page(browser: Browser, server: Server, cookies: list[dict[str, str]]) -> Iterator[NewPage]:
    """Makes signed-in pages, each in a browser context of its own; takes the options of `new_context`.

    `who` are the cookies of somebody else (see `people`), or none for who is not signed in.

    The test fails if a page had a script error or broke the content security policy.
    """
    contexts: list[BrowserContext] = []
    problems: list[str] = []

    def make(who: list[dict[str, str]] | None = None, **options: Any) -> Page:
        context = browser.new_context(**{"base_url": server.base_url, **options})
        context.set_default_timeout(15_000)
        context.add_cookies(cookies if who is None else who)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda m: problems.append(m.text) if "Content Security Policy" in m.text else None)
        return page

    yield make
    for context in contexts:
        context.close()
    assert not problems, problems


@pytest.fixture
def page(new_page: NewPage) -> Page:
    return new_page()
