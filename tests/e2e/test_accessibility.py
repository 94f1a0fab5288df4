"""Every page, as its address opens it: WCAG 2.2 AA in both themes, wide and narrow; whole on a phone; its keys told.

What opens or changes on a page is in `test_accessible_states`.
"""

from collections.abc import Iterator
from typing import Any, Final

import httpx
import pytest
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from playwright.sync_api import Browser, Page, Response, expect

from playground.history.views.runs import TABS
from tests.e2e.axe import expect_accessible, expect_whole
from tests.e2e.people import cookies_of
from tests.e2e.world import World, make_world
from tests.server import Client, Server

PAGES: Final = {
    "account": "accounts:account",
    "audit log": "workspaces:audit",
    "audit log, filtered": "workspaces:audit ?by=owner",
    "batch": "library:batch",
    "batch, sorted": "library:batch ?sort=-lines",
    "capabilities": "connections:capabilities",
    "comparison": "replay:compare ?a={run_id}&b={other_run}",
    "comparison by chunk": "replay:compare ?a={run_id}&b={other_run}&by=chunks",
    "comparison, one to choose": "replay:compare ?a={run_id}",
    "comparison, both to choose": "replay:compare",
    "comparison's links": "sharing:comparison-links ?a={run_id}&b={other_run}",
    "connection to add": "connections:add",
    "connections": "connections:list",
    "event": "history:event",
    "export": "sharing:export",
    "export of a run": "sharing:export-run",
    "filter lab": "filters:lab",
    "filter lab, a rule tried": "filters:lab ?run={run_id}&part=text&pattern=[a-m]%2B&replacement=x&what=rule",
    "filter rule": "filters:edit",
    "filter rule to delete": "filters:delete",
    "filter rule to write": "filters:new",
    "filters": "filters:rules",
    "import": "history:import",
    "leaving a workspace": "workspaces:leave",
    "limits": "usage:limits",
    "links of a session": "sharing:links",
    "links of the workspace": "sharing:workspace-links",
    "members": "workspaces:members",
    "mentions": "review:mentions",
    "mock": "gateway:mock",
    "mock with a fault": "gateway:mock ?speed=2&fault=stall&chunk=3&amount=1.5",
    "mock with a wrong wish": "gateway:mock ?seek=soon&fault=cut&chunk=99999",
    "new session": "prompts:playground",
    "password reset of a member": "workspaces:reset",
    "preparing a show": "presenting:prepare",
    "prompt": "library:prompt",
    "prompt to edit": "library:edit",
    "prompt to write": "library:new",
    "prompt's batch": "library:new-batch",
    "prompt's versions": "library:diff ?from=1&to=2",
    "prompts": "library:prompts",
    "prompts, none found": "library:prompts ?q=nothing",
    "removal of a member": "workspaces:remove",
    "replay of a run": "replay:run",
    "replay of a run, its events": "replay:run ?view=events",
    "replay of a run, its timeline": "replay:run ?view=timeline&t=1",
    "replay of a run, its tokens": "replay:run ?view=tokens&t=1",
    "replay of a turn": "replay:turn",
    "review": "review:session",
    "review of a run": "review:session ?run={run_id}",
    "review queue": "review:queue",
    "review queue, all": "review:queue ?show=all",
    "run": "history:run",
    "run as code": "snippets:run",
    "run as code, in Python": "snippets:run ?language=python",
    "run by character": "history:run ?view=characters",
    "run by token": "history:run ?view=tokens",
    "run that failed": "history:run run_id={failed}",
    "run that was not recorded": "history:run run_id={unrecorded_run}",
    "run's bytes": "history:run ?view=bytes",
    "run's events": "history:run ?view=events",
    "run's inspector, of an answer": "history:run ?view=answer&seq=12",
    "run's inspector, of a token": "history:run ?view=tokens&seq=12",
    "run's timeline": "history:run ?view=timeline",
    "scales": "review:scales",
    "session": "prompts:session",
    "session of a teammate": "prompts:session session_id={theirs}",
    "session that was not recorded": "prompts:session session_id={unrecorded}",
    "session to rename": "history:rename",
    "sessions": "history:sessions",
    "sessions, deleted": "history:sessions ?scope=deleted",
    "sessions, filtered": "history:sessions ?q=question&has_notices=on",
    "sessions, none found": "history:sessions ?q=nothing+like+it",
    "speaker": "presenting:speaker",
    "stage": "presenting:stage",
    "tags": "review:tags",
    "token to revoke": "workspaces:revoke-token",
    "tokens": "workspaces:tokens",
    "transfer of a workspace": "workspaces:transfer",
    "usage": "usage:usage",
    "workspace, new": "workspaces:new",
    "workspace's settings": "workspaces:settings",
    "workspaces": "workspaces:workspaces",
}
WITHOUT_ACCOUNT: Final = {
    "audience": "presenting:watch",
    "audience without a show": "presenting:watch code=none",
    "invitation": "workspaces:join",
    "invitation that ended": "workspaces:join token=none",
    "password to set by mail": "accounts:reset-confirm",
    "password to set": "workspaces:set-password token={reset_token}",
    "password link that ended": "workspaces:set-password token=none",
    "password link sent": "accounts:reset-done",
    "shared comparison": "sharing:page token={compared}",
    "shared link that ended": "sharing:page token=none",
    "shared run": "sharing:run",
    "shared run's timeline": "sharing:run-view view=timeline",
    "shared session": "sharing:page",
    "shared session, locked": "sharing:page token={locked}",
    "shared turn's replay": "sharing:replay",
    "sign-in": "accounts:sign-in",
    "sign-in link that ended": "accounts:sign-in-link token=none",
}


@pytest.fixture(scope="module")
def world(server: Server, api: Client) -> World:
    return make_world(server, api)


def open_page(browser: Browser, server: Server, cookies: list[dict[str, str]]) -> Iterator[Page]:
    context = browser.new_context(base_url=server.base_url)
    context.set_default_timeout(15_000)
    context.add_cookies(cookies)  # type: ignore[arg-type]
    yield context.new_page()
    context.close()


@pytest.fixture(scope="module")
def reader(browser: Browser, server: Server, cookies: list[dict[str, str]]) -> Iterator[Page]:
    """One window for all pages."""
    yield from open_page(browser, server, cookies)


@pytest.fixture(scope="module")
def guest(browser: Browser, server: Server) -> Iterator[Page]:
    yield from open_page(browser, server, [])


def path_of(world: World, page: str) -> str:
    """The address of "app:route name=value ?query", where what is not given is the world's."""
    route, *details = page.split()
    given = dict(each.split("=", 1) for each in details if not each.startswith("?"))
    query = "".join(each for each in details if each.startswith("?"))
    app = route.partition(":")[0]
    names = parameters(route)
    values = {n: given[n].format(**world) if n in given else world.get(f"{app}:{n}", world.get(n)) for n in names}
    return reverse(route, kwargs=values) + query.format(**world)


def routes(resolver: URLResolver | None = None, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    """All pages' routes by name; the administration's and the API's are not ours to draw."""
    for each in (resolver or get_resolver()).url_patterns:
        if isinstance(each, URLPattern):
            if each.name:
                yield prefix + each.name, each
        elif str(each.pattern) not in ("admin/", "api/v1/"):
            yield from routes(each, f"{each.namespace}:" if each.namespace else prefix)


def parameters(route: str) -> set[str]:
    return set(dict(routes())[route].pattern.regex.groupindex)


def expect_keys(page: Page) -> None:
    page.evaluate("document.activeElement?.blur()")
    page.keyboard.press("?")
    dialog = page.locator("dialog[open]")
    expect(dialog.get_by_role("heading", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)


def visit(page: Page, path: str) -> Response:
    response = page.goto(path)
    assert response is not None
    page.wait_for_function("() => !document.querySelector('.htmx-request')")
    return response


@pytest.mark.parametrize("name", PAGES)
def test_a_page(reader: Page, world: World, name: str) -> None:
    assert visit(reader, path_of(world, PAGES[name])).status == 200
    expect_accessible(reader)
    expect_whole(reader)
    expect_keys(reader)


@pytest.mark.parametrize("name", WITHOUT_ACCOUNT)
def test_a_page_without_an_account(guest: Page, world: World, name: str) -> None:
    visit(guest, path_of(world, WITHOUT_ACCOUNT[name]))
    expect_accessible(guest)
    expect_whole(guest)


def test_no_page_is_left_out(server: Server, world: World, cookies: list[dict[str, str]]) -> None:
    looked_at = {page.split()[0] for page in (*PAGES.values(), *WITHOUT_ACCOUNT.values())}
    looked_at |= {f"history:{view}" for view in TABS}  # without scripts each opens the run's page
    left_out = []
    with httpx.Client(base_url=server.base_url, cookies={c["name"]: c["value"] for c in cookies}) as client:
        for route, _pattern in routes():
            values: dict[str, Any] = {
                n: world.get(f"{route.partition(':')[0]}:{n}", world.get(n)) for n in parameters(route)
            }
            if route in looked_at or None in values.values():
                continue
            answer = client.get(reverse(route, kwargs=values))
            if answer.status_code == 200 and "<!DOCTYPE html>" in answer.text:
                left_out.append(route)
    assert not left_out, " ".join(left_out)


@pytest.fixture
def outsider(browser: Browser, server: Server) -> Iterator[Page]:
    """Who has an account, and is in no workspace."""
    yield from open_page(browser, server, cookies_of(server, "newcomer", ""))


def test_who_is_in_no_workspace(outsider: Page, world: World) -> None:
    visit(outsider, "/")
    expect_accessible(outsider)
    expect_whole(outsider)


@pytest.mark.parametrize("path", ["/nothing/", "/connections/nothing/edit/"])
def test_an_error(reader: Page, path: str) -> None:
    assert visit(reader, path).status == 404
    expect_accessible(reader)
    expect_whole(reader)
