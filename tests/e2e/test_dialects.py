"""Every dialect streams in the page: a connection to a server that speaks it, a prompt, and the answer in its lane."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from playground.connections.models import Connection
from playground.providers.dialects import DIALECTS, dialect
from playground.workspaces.models import Workspace
from tests.e2e.playground import expect_state, expect_whole_answer, lane, open_new_session, open_tab, run_of, send
from tests.providers.dialect_fixtures import fixture, fixtures
from tests.providers.fixture_server import FixtureServer, running_fixture_server
from tests.server import Client, Server

every_dialect = pytest.mark.parametrize("name", list(DIALECTS))


@pytest.fixture(scope="module")
def upstream() -> Iterator[FixtureServer]:
    with running_fixture_server() as served:
        yield served


@pytest.fixture(scope="module")
def connected(server: Server, upstream: FixtureServer) -> Iterator[None]:
    """A connection for each dialect."""
    addresses = {name: upstream.base_url(name) for name in DIALECTS}
    _on(server, f"connect({addresses!r})")
    yield
    _on(server, "disconnect()")


def _on(server: Server, call: str) -> None:
    """Runs on the server's data, in a process of its own."""
    server.manage("shell", "-v0", "-c", f"from tests.e2e.test_dialects import connect, disconnect; {call}")


def connect(addresses: dict[str, str]) -> None:
    workspace = Workspace.objects.default()
    for name, address in addresses.items():
        Connection.objects.create(
            workspace=workspace, name=f"fixture-{name}", dialect=name, base_url=address, allow_private=True
        )


def disconnect() -> None:
    Connection.objects.filter(name__startswith="fixture-").delete()


@pytest.mark.usefixtures("connected")
@every_dialect
def test_an_answer_streams(page: Page, api: Client, name: str) -> None:
    expected = fixture(name, "text")
    open_new_session(page, f"fixture-{name}/m")
    send(page, f"Say it in {name}")
    expect_state(lane(page), "completed")
    open_tab(lane(page), "Characters")
    expect_whole_answer(lane(page), api)
    run = api.run(run_of(lane(page)))
    assert run["text"] == expected.text
    assert run["finish_reason"] == expected.finish_reason
    assert run["metrics"]["chunks"] == sum(kind == "chunk" for kind, _ in expected.parts)
    if usage := [data for kind, data in expected.parts if kind == "usage"]:
        assert run["usage"] == usage[-1]


@pytest.mark.usefixtures("connected")
@every_dialect
def test_an_error_in_the_stream_is_shown_with_the_text_before_it(page: Page, api: Client, name: str) -> None:
    expected = fixture(name, "error")
    open_new_session(page, f"fixture-{name}/m")
    send(page, f"Break it in {name}: fixture=error")
    expect_state(lane(page), "failed")
    expect(lane(page).locator("[data-panel=answer]")).to_contain_text(expected.text.strip())
    run = api.run(run_of(lane(page)))
    assert (run["text"], run["error"]["code"]) == (expected.text, expected.error)


@pytest.mark.usefixtures("connected")
@every_dialect
def test_a_tool_call_is_shown(page: Page, name: str) -> None:
    calls = [found for found in fixtures(name) if not found.is_whole and found.error is None and _called(found.parts)]
    if not calls:
        return  # its manifest says why
    open_new_session(page, f"fixture-{name}/m")
    send(page, f"Call it in {name}: fixture={calls[0].name}")
    expect_state(lane(page), "completed")
    called = _called(calls[0].parts)[0]
    expect(lane(page).locator("[data-panel=answer]")).to_contain_text(called)
    page.reload()
    expect(lane(page).locator("[data-panel=answer] .tool-call").first).to_contain_text(called)


@pytest.mark.usefixtures("connected")
def test_a_connection_is_made_on_the_page(page: Page, upstream: FixtureServer) -> None:
    page.goto("/connections/add/")
    page.get_by_label("Name").fill("fixture-by-hand")
    page.get_by_label("Dialect").select_option(label=f"{dialect('anthropic').label} — anthropic")
    page.get_by_label("Base URL").fill(upstream.base_url("anthropic"))
    page.get_by_label("May be at a private address").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("fixture-by-hand").first).to_be_visible()
    open_new_session(page, "fixture-by-hand/m")
    send(page, "Hi")
    expect_state(lane(page), "completed")
    expect(lane(page).locator("[data-panel=answer]")).to_contain_text(fixture("anthropic", "text").text)


def _called(parts: list[tuple[str, object]]) -> list[str]:
    """The names of the functions that are called."""
    data = [one for kind, one in parts if kind == "chunk" and isinstance(one, dict)]
    return [one["tool_call"]["name"] for one in data if one.get("tool_call", {}).get("name")]
