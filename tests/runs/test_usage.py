"""What is used is added up as runs end, and held against the limits of a workspace."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from playground import rows
from playground.accounts.models import User
from playground.errors import TooManyRuns
from playground.runs.limits import AT_ONCE, hold_limits
from playground.runs.metrics import RUNS_REFUSED
from playground.runs.models import DailyUsage, Run, Turn
from playground.runs.usage import count_usage, tokens_today
from playground.workspaces.models import Workspace
from tests.factories import make_member, make_user, make_workspace
from tests.runs.factories import make_live_run, make_run, make_session, make_turn

pytestmark = pytest.mark.django_db


@pytest.fixture
def workspace() -> Workspace:
    return Workspace.objects.default()


@pytest.fixture
def ada() -> User:
    return make_member(username="ada")


def ended_run(owner: User, **fields: object) -> Run:
    run = make_run(make_turn(make_session(owner)), **{"status": "completed", **fields})
    count_usage([run.pk])
    return run


def test_runs_and_tokens_are_added_up_by_member_model_and_day(workspace: Workspace, ada: User) -> None:
    for status in ("completed", "failed"):
        ended_run(ada, prompt_tokens=10, completion_tokens=5, status=status, model_id="a/b")
    ended_run(make_member(username="ben"), prompt_tokens=1, completion_tokens=1, model_id="a/b")
    row = DailyUsage.objects.get(member=ada)
    assert (row.workspace, row.day, row.model_id) == (workspace, timezone.localdate(), "a/b")
    assert (row.runs, row.failed, row.prompt_tokens, row.completion_tokens) == (2, 1, 20, 10)
    assert tokens_today(workspace, ada) == 30
    assert tokens_today(workspace) == 32


def test_chunks_are_counted_where_a_provider_reports_no_tokens(ada: User) -> None:
    ended_run(ada, metrics={"chunks": 7})
    row = DailyUsage.objects.get()
    assert (row.completion_tokens, row.estimated_tokens) == (7, 7)


def test_what_is_estimated_of_a_run_is_told_apart(ada: User) -> None:
    ended_run(ada, completion_tokens=40, usage={"completion_tokens": 40, "estimated": True}, metrics={"chunks": 2})
    ended_run(ada, completion_tokens=2, usage={"completion_tokens": 2}, metrics={"chunks": 2})
    row = DailyUsage.objects.get()
    assert (row.completion_tokens, row.estimated_tokens) == (42, 40)


def test_usage_outlives_the_session(ada: User, workspace: Workspace) -> None:
    ended_run(ada, completion_tokens=5).turn.session.delete()
    assert tokens_today(workspace) == 5


@pytest.mark.parametrize(
    ("field", "says"),
    [("member_max_tokens_per_day", "You have used"), ("max_tokens_per_day", "This workspace has used")],
)
def test_who_has_used_the_tokens_of_the_day_is_refused(workspace: Workspace, ada: User, field: str, says: str) -> None:
    setattr(workspace, field, 100)
    ended_run(ada, completion_tokens=99)
    hold_limits(ada, workspace, [Run()])
    ended_run(ada, completion_tokens=1)
    with pytest.raises(TooManyRuns, match=says):
        hold_limits(ada, workspace, [Run()])


def test_a_members_limit_of_live_runs_counts_their_own(workspace: Workspace, ada: User) -> None:
    workspace.member_max_live_runs = 2
    make_live_run(turn=make_turn(make_session(ada)))
    make_live_run()
    hold_limits(ada, workspace, [Run()])
    refused = RUNS_REFUSED.labels("too_many_runs")._value.get()
    with pytest.raises(TooManyRuns, match="Answers of yours that stream: 1 of at most 2"):
        hold_limits(ada, workspace, [Run(), Run()])
    assert RUNS_REFUSED.labels("too_many_runs")._value.get() == refused + 2, "each run is counted"


def test_a_workspaces_limit_of_live_runs_counts_everybodys(workspace: Workspace, ada: User) -> None:
    workspace.max_live_runs = 2
    make_live_run()
    hold_limits(ada, workspace, [Run()])
    make_live_run()
    with pytest.raises(TooManyRuns, match="Answers that stream in this workspace: 2"):
        hold_limits(ada, workspace, [Run()])


@pytest.mark.django_db(transaction=True)
def test_of_many_who_begin_at_once_no_more_get_in_than_may(settings: Settings) -> None:
    settings.PLAYGROUND_MAX_RUNS_PER_USER = 3
    user, workspace = make_user(), make_workspace()
    turns = [make_turn(make_session(user)) for _ in range(8)]
    together = threading.Barrier(len(turns))

    def begin(turn: Turn) -> bool:
        together.wait()
        try:
            with rows.writing():
                hold_limits(user, workspace, [make_live_run(turn=turn)])
        except TooManyRuns:
            return False
        finally:
            connections.close_all()
        return True

    with ThreadPoolExecutor(len(turns)) as threads:
        assert sum(threads.map(begin, turns)) == 3
    assert Run.objects.count() == 3


@pytest.mark.postgresql
@pytest.mark.parametrize(("limit", "locks"), [(AT_ONCE + 1, 0), (AT_ONCE, 1)])
def test_far_from_the_limit_nobody_waits(
    workspace: Workspace, ada: User, settings: Settings, limit: int, locks: int
) -> None:
    if not connection.features.has_select_for_update:
        pytest.skip("of PostgreSQL alone")
    settings.PLAYGROUND_MAX_RUNS_PER_USER = limit
    with CaptureQueriesContext(connection) as queries:
        hold_limits(ada, workspace, [Run()])
    assert sum("FOR NO KEY UPDATE" in query["sql"] for query in queries) == locks
