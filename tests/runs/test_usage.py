"""What is used is added up as runs end, and held against the limits of a workspace."""

import pytest
from django.utils import timezone

from playground.accounts.models import User
from playground.errors import TooManyRuns
from playground.runs.limits import hold_limits
from playground.runs.models import DailyUsage, Run
from playground.runs.usage import count_usage, tokens_today
from playground.workspaces.models import Workspace
from tests.factories import make_member
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
    hold_limits(ada, workspace, 1)
    ended_run(ada, completion_tokens=1)
    with pytest.raises(TooManyRuns, match=says):
        hold_limits(ada, workspace, 1)


def test_a_members_limit_of_live_runs_counts_their_own(workspace: Workspace, ada: User) -> None:
    workspace.member_max_live_runs = 2
    make_live_run(turn=make_turn(make_session(ada)))
    make_live_run()
    hold_limits(ada, workspace, 1)
    with pytest.raises(TooManyRuns, match="Answers of yours that stream: 1 of at most 2"):
        hold_limits(ada, workspace, 2)


def test_a_workspaces_limit_of_live_runs_counts_everybodys(workspace: Workspace, ada: User) -> None:
    workspace.max_live_runs = 2
    make_live_run()
    hold_limits(ada, workspace, 1)
    make_live_run()
    with pytest.raises(TooManyRuns, match="Answers that stream in this workspace: 2"):
        hold_limits(ada, workspace, 1)
