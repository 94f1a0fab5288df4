import re
from collections.abc import AsyncIterator

import pytest
from asgiref.sync import sync_to_async
from django.test import AsyncClient, Client

from playground.connections.models import Connection
from playground.providers.simulator import Simulator
from playground.workspaces.models import Role, Workspace
from tests.connections.test_form import VALID
from tests.factories import make_connection, make_member, make_user, make_workspace

pytestmark = pytest.mark.django_db

URLS = ["/connections/", "/connections/add/", "/connections/up/edit/", "/connections/up/delete/"]


@pytest.fixture
def workspace() -> Workspace:
    return make_workspace()


@pytest.fixture
def owner(client: Client, workspace: Workspace) -> Client:
    client.force_login(make_member(workspace, Role.OWNER))
    return client


def test_an_owner_adds_edits_and_deletes(owner: Client, workspace: Workspace) -> None:
    assert owner.post("/connections/add/", VALID)["Location"] == "/connections/"
    page = owner.get("/connections/").content.decode()
    assert "https://api.example.com/v1" in page
    assert "canary-key" not in page
    page = owner.get("/connections/upstream/edit/").content.decode()
    assert "Stored: a key" in page
    assert "canary-key" not in page
    owner.post("/connections/upstream/edit/", {**VALID, "api_key": "", "models": "tiny"})
    connection = Connection.objects.get(workspace=workspace)
    assert connection.model_names == ["tiny"]
    assert connection.read_secrets().api_key == "canary-key"
    assert "Delete the connection “upstream”?" in owner.get("/connections/upstream/delete/").content.decode()
    owner.post("/connections/upstream/delete/")
    assert not Connection.objects.exists()


def test_a_wrong_field_is_shown_and_nothing_typed_is_lost(owner: Client) -> None:
    response = owner.post("/connections/add/", {**VALID, "base_url": "nowhere"})
    page = response.content.decode()
    assert response.status_code == 422
    assert "Write a whole URL" in page
    assert 'value="nowhere"' in page
    assert "X-Org: o-1" in page
    assert 'value="canary-key"' in page
    assert "no-store" in response["Cache-Control"]


def test_a_refused_form_says_so_on_top_and_leads_to_its_fields(owner: Client) -> None:
    page = owner.post("/connections/add/", {**VALID, "retry_after_cap": "121", "headers": "no colon"}).content.decode()
    assert "Not saved: 2 fields need a look." in page
    first, second = page.index('<a href="#id_headers">'), page.index('<a href="#id_retry_after_cap">')
    assert first < second < page.index('id="id_name"')
    assert page.count(" autofocus") == 1
    focused = next(tag for tag in re.findall(r"<[^>]*>", page) if " autofocus" in tag)
    assert 'id="id_headers"' in focused
    assert len(re.findall(r'<details class="card[^"]*" open>', page)) == 2


def test_a_form_that_nobody_refused_says_nothing(owner: Client) -> None:
    page = owner.get("/connections/add/").content.decode()
    assert "Not saved" not in page
    assert " autofocus" not in page


def test_what_is_stored_is_shown_escaped(owner: Client) -> None:
    owner.post("/connections/add/", {**VALID, "headers": "X-A&lt: 1"})
    page = owner.get("/connections/upstream/edit/").content.decode()
    assert "Stored: X-A&amp;lt." in page


def test_the_list_names_the_built_in_models(owner: Client) -> None:
    page = owner.get("/connections/").content.decode()
    assert "local/smollm2-135m" in page
    assert "simulated" in page


@pytest.mark.parametrize(("role", "sees"), [(Role.OWNER, 4), (Role.EDITOR, 1), (Role.VIEWER, 0)])
def test_who_may_do_what(client: Client, workspace: Workspace, role: Role, sees: int) -> None:
    make_connection(workspace, "up")
    client.force_login(make_member(workspace, role))
    assert [client.get(url).status_code for url in URLS] == [200] * sees + [403] * (4 - sees)


def test_a_stranger_finds_nothing(client: Client, workspace: Workspace) -> None:
    make_connection(workspace, "up")
    assert [client.get(url).status_code for url in URLS] == [302] * 4
    client.force_login(make_member(make_workspace(), Role.OWNER))
    assert [client.get(url).status_code for url in URLS] == [200, 200, 404, 404]
    for action in ("edit", "delete", "test"):
        assert client.post(f"/connections/up/{action}/", VALID).status_code == 404
    client.force_login(make_user())
    assert [client.get(url).status_code for url in URLS] == [404] * 4


class TestTest:
    @pytest.fixture
    async def simulator(self) -> AsyncIterator[Simulator]:
        async with Simulator(api_key="canary-key") as simulator:
            yield simulator

    @pytest.mark.django_db(transaction=True)
    async def test_it_shows_how_the_upstream_streams(self, async_client: AsyncClient, simulator: Simulator) -> None:
        await sync_to_async(self._set_up)(async_client, simulator, "canary-key")
        page = await async_client.post("/connections/up/test/")
        assert "sim-n16-r20-d0 streams:" in page.content.decode()
        part = await async_client.post("/connections/up/test/", headers={"HX-Request": "true"})
        assert part.content.decode().startswith("<section")
        assert "canary-key" not in page.content.decode() + part.content.decode()

    @pytest.mark.django_db(transaction=True)
    @pytest.mark.parametrize(
        ("model", "words"),
        [("sim-n1-r0-d0", "too short to tell whether it streams"), ("sim-whole-n1-r0-d0", "it does not stream")],
    )
    async def test_one_chunk_alone_does_not_mean_that_it_does_not_stream(
        self, async_client: AsyncClient, simulator: Simulator, model: str, words: str
    ) -> None:
        await sync_to_async(self._set_up)(async_client, simulator, "canary-key", model)
        assert words in (await async_client.post("/connections/up/test/")).content.decode()

    @pytest.mark.django_db(transaction=True)
    async def test_it_shows_what_is_wrong(self, async_client: AsyncClient, simulator: Simulator) -> None:
        await sync_to_async(self._set_up)(async_client, simulator, "canary-wrong")
        page = (await async_client.post("/connections/up/test/")).content.decode()
        assert "did not accept the API key" in page
        assert "canary" not in page

    @staticmethod
    def _set_up(client: AsyncClient, simulator: Simulator, key: str, model: str = "sim-n16-r20-d0") -> None:
        workspace = make_workspace()
        make_connection(workspace, "up", base_url=simulator.base_url, api_key=key, model_names=[model])
        client.force_login(make_member(workspace, Role.OWNER))
