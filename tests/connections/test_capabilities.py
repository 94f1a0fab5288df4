"""The capability table: what was measured of each model, for all members; measured by owners."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async
from django.core.management import call_command
from django.test import AsyncClient, Client
from django.utils import timezone

from playground.connections.capabilities import cells_of, columns
from playground.connections.measurements import Row, keep, table_of
from playground.connections.measuring import Measured
from playground.connections.models import Connection, Measurement
from playground.providers.simulator import Simulator
from playground.workspaces.models import Role, Workspace
from tests.factories import make_connection, make_member, make_workspace

pytestmark = pytest.mark.django_db
URL = "/connections/capabilities/"


@pytest.fixture
def workspace() -> Workspace:
    return make_workspace()


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    async with Simulator() as simulator:
        yield simulator


def words_of(measured: Measured | None) -> dict[str, str]:
    return {cell.column: cell.words for cell in cells_of(Row("c", "m", "openai-chat", measured=measured))}


def test_every_member_sees_the_table_and_owners_measure(client: Client, workspace: Workspace) -> None:
    make_connection(workspace, "up", model_names=["m"])
    for role, buttons in ((Role.VIEWER, 0), (Role.EDITOR, 0), (Role.OWNER, 8)):
        client.force_login(make_member(workspace, role))
        page = client.get(URL).content.decode()
        assert "up/m" in page
        assert "local/smollm2-135m" in page
        assert page.count(f'action="{URL}measure/"') == buttons


def test_each_model_has_a_row_and_what_was_measured_last(workspace: Workspace) -> None:
    make_connection(workspace, "up", model_names=["a", "b"])
    make_connection(workspace, "open")
    keep(workspace, "up", "a", Measured(stream="tokens"))
    keep(workspace, "up", "a", Measured(stream="buffered"))
    rows = {row.name: row for row in table_of(workspace)}
    assert list(rows)[:4] == ["open/…", "up/a", "up/b", "local/smollm2-135m"]
    assert rows["up/a"].measured == Measured(stream="buffered")
    assert rows["up/b"].measured is None
    keep(workspace, "open", "found", Measured(stream="tokens"))
    assert "open/found" in {row.name for row in table_of(workspace)}
    assert {row.name for row in table_of(make_workspace())}.isdisjoint({"up/a", "open/found"})


def test_a_connection_that_was_changed_since_is_marked(client: Client, workspace: Workspace) -> None:
    make_connection(workspace, "up", model_names=["a"])
    keep(workspace, "up", "a", Measured(stream="tokens"))
    client.force_login(make_member(workspace))
    assert "changed since" not in client.get(URL).content.decode()
    Measurement.objects.update(measured_at=timezone.now() - timedelta(hours=1))
    assert "changed since" in client.get(URL).content.decode()


def test_the_words_say_what_was_seen() -> None:
    assert set(words_of(None).values()) == {"–", "all 7"}
    assert list(words_of(None)) == columns()
    seen = Measured(
        stream="tokens", usage=True, logprobs="ignored", tools="unused", reasoning=False, cancel="seen", cancel_ms=4.2
    )
    words = words_of(seen)
    assert (words["Streams"], words["Usage"], words["Logprobs"]) == ("token by token", "yes", "no: ignored")
    assert (words["Tools"], words["Cancel"]) == ("accepted", "stops in 4.2 ms")
    assert words["Methods"] == "all 7, native"
    assert words_of(Measured(stream="one_chunk"))["Methods"] == "all 7, by fallback"
    assert words_of(Measured(stream="tokens", cancel="unobservable"))["Cancel"] == "not observable"


def test_the_pace_is_one_cell_that_wraps_between_its_parts() -> None:
    seen = Measured(
        stream="tokens", ttft_ms=212.0, tokens_per_s=48.14, gap_p50_ms=20.0, gap_p99_ms=30.0, gap_max_ms=34.0
    )
    assert words_of(seen)["Pace"].replace("\xa0", " ") == "first after 212 ms, 48.1 chunks/s, gaps 20 ms … 34 ms"
    assert words_of(seen)["Pace"].split() != words_of(seen)["Pace"].split(" ")
    unclear = replace(seen, stream="unclear", ttft_ms=2.0)
    assert words_of(unclear)["Pace"].replace("\xa0", " ") == "first after 2 ms"


def test_what_was_not_read_to_its_end_is_not_said_to_report_no_usage() -> None:
    assert words_of(Measured(stream="tokens", usage=None))["Usage"] == "not known"
    assert words_of(Measured(stream="failed"))["Usage"] == "–"


def test_a_failure_is_shown_with_its_reason(client: Client, workspace: Workspace) -> None:
    make_connection(workspace, "up", model_names=["a"])
    keep(workspace, "up", "a", Measured(stream="failed", error_code="refused", error="<b>no</b>\0"))
    client.force_login(make_member(workspace))
    page = client.get(URL).content.decode()
    assert "failed" in page
    assert "&lt;b&gt;no&lt;/b&gt;" in page


def test_a_deleted_connection_takes_its_measurements_along(client: Client, workspace: Workspace) -> None:
    client.force_login(make_member(workspace, Role.OWNER))
    make_connection(workspace, "up")
    keep(workspace, "up", "a", Measured(stream="tokens"))
    client.post("/connections/up/delete/")
    assert not Measurement.objects.exists()
    connection = make_connection(name="up")
    keep(connection.workspace, "up", "a", Measured(stream="tokens"))
    call_command("connection", "remove", "up")
    assert not Connection.objects.exists()
    assert not Measurement.objects.exists()


def test_the_list_of_connections_names_the_last_result(client: Client, workspace: Workspace) -> None:
    client.force_login(make_member(workspace))
    make_connection(workspace, "up", model_names=["a"])
    assert "not measured" in client.get("/connections/").content.decode()
    keep(workspace, "up", "a", Measured(stream="buffered"))
    assert "buffered upstream" in client.get("/connections/").content.decode()


@pytest.mark.django_db(transaction=True)
class TestMeasuring:
    async def test_a_row_is_measured_and_kept(self, async_client: AsyncClient, simulator: Simulator) -> None:
        workspace = await sync_to_async(self._set_up)(async_client, simulator, ["sim-n64-r50-d0"])
        sent = {"connection": "up", "model": "sim-n64-r50-d0"}
        row = await async_client.post(f"{URL}measure/", sent, headers={"HX-Request": "true"})
        assert row.status_code == 200
        assert row.content.decode().strip().startswith("<tr")
        assert "token by token" in row.content.decode()
        whole = await async_client.post(f"{URL}measure/", sent)
        assert re.fullmatch(rf"{URL}#model-\w+", whole["Location"])
        kept = await Measurement.objects.aget()
        assert (kept.workspace_id, kept.connection, kept.model) == (workspace.pk, "up", "sim-n64-r50-d0")
        assert kept.results["cancel"] in ("seen", "ended_first")

    async def test_of_a_connection_without_models_the_first_is_asked(
        self, async_client: AsyncClient, simulator: Simulator
    ) -> None:
        await sync_to_async(self._set_up)(async_client, simulator, [])
        await async_client.post(f"{URL}measure/", {"connection": "up", "model": ""})
        assert (await Measurement.objects.aget()).model == "sim-n256-r50-d100"

    async def test_built_in_models_are_measured_too(self, async_client: AsyncClient, simulator: Simulator) -> None:
        await sync_to_async(self._set_up)(async_client, simulator, [])
        sent = {"connection": "sim", "model": "sim-whole-n2-r0-d0"}
        assert (await async_client.post(f"{URL}measure/", sent)).status_code == 302
        assert (await Measurement.objects.aget()).results["stream"] == "one_chunk"

    async def test_all_that_the_page_shows_are_measured_without_scripts(
        self, async_client: AsyncClient, simulator: Simulator
    ) -> None:
        await sync_to_async(self._set_up)(async_client, simulator, ["sim-n1-r0-d0", "sim-n2-r0-d0", "nonsense"])
        posted = {"model": ["up/sim-n1-r0-d0", "up/nonsense", "elsewhere/x"]}
        page = await async_client.post(f"{URL}measure-all/", posted, follow=True)
        assert "2 models are measured." in page.content.decode()
        kept = {each.model: each.results["stream"] async for each in Measurement.objects.all()}
        assert kept == {"sim-n1-r0-d0": "unclear", "nonsense": "failed"}

    @pytest.mark.parametrize("sent", [{}, {"connection": "nowhere", "model": "m"}, {"connection": "up", "model": "x"}])
    async def test_what_does_not_exist_is_refused(
        self, async_client: AsyncClient, simulator: Simulator, sent: dict[str, str]
    ) -> None:
        await sync_to_async(self._set_up)(async_client, simulator, ["a"])
        assert (await async_client.post(f"{URL}measure/", sent)).status_code == 422

    @staticmethod
    def _set_up(client: AsyncClient, simulator: Simulator, models: list[str]) -> Workspace:
        workspace = make_workspace()
        make_connection(workspace, "up", base_url=simulator.base_url, model_names=models)
        client.force_login(make_member(workspace, Role.OWNER))
        return workspace
