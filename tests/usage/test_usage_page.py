"""The page of what is used, its limits and prices."""

import csv
import io
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from playground.accounts.models import User
from playground.connections.forms import ConnectionForm
from playground.runs.models import DailyUsage
from playground.usage.chart import HEIGHT, draw
from playground.usage.report import make_report, usage_rows
from playground.workspaces.models import AuditEntry, Role, Workspace
from tests.factories import make_connection, make_member
from tests.history.conftest import signed_in

pytestmark = pytest.mark.django_db


def use(member: User, model_id: str = "up/large", *, days_ago: int = 0, runs: int = 1, **counts: int) -> None:
    DailyUsage.objects.create(
        workspace=Workspace.objects.default(),
        member=member,
        model_id=model_id,
        day=timezone.localdate() - timedelta(days=days_ago),
        runs=runs,
        **counts,
    )


@pytest.fixture
def owner() -> User:
    return make_member(role=Role.OWNER, username="olga")


@pytest.fixture
def editor() -> User:
    return make_member(username="emil")


@pytest.fixture
def client(owner: User) -> Client:
    return signed_in(owner)


def test_it_adds_up_by_day_member_and_model(owner: User, editor: User) -> None:
    use(owner, prompt_tokens=100, completion_tokens=50)
    use(owner, "up/small", days_ago=2, prompt_tokens=10, completion_tokens=5, failed=1)
    use(editor, days_ago=2, prompt_tokens=1, completion_tokens=1)
    use(editor, days_ago=40, prompt_tokens=9999)
    workspace = Workspace.objects.default()
    report = make_report(workspace, usage_rows(workspace, 30), 30)
    assert (report.total.runs, report.total.tokens, report.total.failed) == (3, 167, 1)
    assert [(line.name, line.total.tokens) for line in report.models] == [("up/large", 152), ("up/small", 15)]
    assert [(line.name, line.total.tokens) for line in report.members] == [("olga", 165), ("emil", 2)]
    assert len(report.days) == 30
    assert [day.total.tokens for day in report.days[-3:]] == [17, 0, 150]


def test_cost_is_shown_where_a_price_is_set_and_nowhere_else(owner: User, client: Client) -> None:
    make_connection(name="up", prices={"large": {"input": 2.5, "output": 10}})
    use(owner, "up/large", prompt_tokens=1_000_000, completion_tokens=100_000)
    use(owner, "up/small", runs=3, prompt_tokens=1_000_000)
    workspace = Workspace.objects.default()
    report = make_report(workspace, usage_rows(workspace, 7), 7)
    assert report.total.cost == Decimal("3.5")
    assert report.total.unpriced == 3
    page = client.get("/usage/").content.decode()
    assert "$3.5000" in page
    assert "without 3 runs of models that have no price" in page


def test_the_price_of_any_model_is_a_star() -> None:
    make_connection(name="up", prices={"*": {"input": 1, "output": 1}})
    use(make_member(), "up/whatever", prompt_tokens=2_000_000)
    workspace = Workspace.objects.default()
    assert make_report(workspace, usage_rows(workspace, 7), 7).total.cost == 2


def test_owners_see_everybody_and_others_themselves(owner: User, editor: User, client: Client) -> None:
    use(owner, "up/olgas")
    use(editor, "up/emils")
    everything = client.get("/usage/").content.decode()
    assert "up/olgas" in everything
    assert "up/emils" in everything
    own = signed_in(editor).get("/usage/?member=olga").content.decode()
    assert "up/emils" in own
    assert "up/olgas" not in own
    assert "olga" not in signed_in(editor).get("/usage/").content.decode()
    one = client.get("/usage/?member=emil").content.decode()
    assert "up/olgas" not in one


def test_another_workspaces_usage_is_not_shown(client: Client) -> None:
    elsewhere = Workspace.objects.create(name="Elsewhere", slug="elsewhere")
    DailyUsage.objects.create(
        workspace=elsewhere, member=make_member(elsewhere), model_id="up/theirs", day=timezone.localdate(), runs=1
    )
    assert "up/theirs" not in client.get("/usage/").content.decode()


def test_the_download_has_a_line_for_each_and_no_formulas(owner: User, client: Client) -> None:
    use(owner, "=HYPERLINK()/x", prompt_tokens=3, completion_tokens=4)
    rows = list(csv.DictReader(io.StringIO(client.get("/usage/download/").content.decode("utf-8-sig"))))
    assert [(row["member"], row["model"], row["prompt_tokens"]) for row in rows] == [("olga", "'=HYPERLINK()/x", "3")]


def test_an_owner_sets_limits_and_the_audit_log_tells(client: Client) -> None:
    response = client.post("/usage/limits/", {"max_live_runs": "5", "member_max_tokens_per_day": "1000"})
    assert response["Location"] == "/usage/"
    workspace = Workspace.objects.default()
    assert (workspace.max_live_runs, workspace.member_max_tokens_per_day, workspace.max_tokens_per_day) == (
        5,
        1000,
        None,
    )
    entry = AuditEntry.objects.get(action="workspace.limits")
    assert entry.details == {"max_live_runs": 5, "member_max_tokens_per_day": 1000}, "what changed, and nothing else"


def test_a_limit_that_is_none_is_refused_at_its_field(client: Client) -> None:
    response = client.post("/usage/limits/", {"max_live_runs": "0", "max_tokens_per_day": "12"})
    page = response.content.decode()
    assert response.status_code == 422
    assert 'aria-invalid="true"' in page
    assert 'value="12"' in page
    assert "Not saved: 1 field needs a look." in page
    assert '<a href="#id_max_live_runs">' in page
    assert Workspace.objects.default().max_tokens_per_day is None


def test_prices_are_written_a_line_each() -> None:
    workspace = Workspace.objects.default()
    connection_ = make_connection(name="up", prices={"large": {"input": 2.5, "output": 10}})
    form = ConnectionForm(workspace, connection_)
    assert form.initial["prices"] == "large 2.5 10"


@pytest.mark.parametrize("line", ["large 2.5", "large cheap 10", "large -1 2", "large nan 2", "2.5 10"])
def test_a_price_that_is_none_is_refused_with_its_line(line: str) -> None:
    form = ConnectionForm(Workspace.objects.default(), None, {"prices": f"ok 1 2\n{line}"})
    assert "Line 2" in form.errors["prices"][0]


def test_bars_fill_the_plot(owner: User) -> None:
    use(owner, prompt_tokens=300, completion_tokens=700)
    workspace = Workspace.objects.default()
    chart = draw(make_report(workspace, usage_rows(workspace, 7), 7).days)
    assert chart.top == 1000
    assert (chart.bars[-1].top, chart.bars[-1].answer_height) == (0, 0.7 * HEIGHT)
    assert len(chart.bars) == 7
    assert chart.bars[-1].labelled


def test_queries_do_not_grow_with_the_usage(owner: User, client: Client) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as captured:
            client.get("/usage/?days=365")
        return len(captured)

    use(owner)
    few = count()
    for days_ago in range(1, 40):
        use(owner, f"up/{days_ago}", days_ago=days_ago)
    assert count() == few
