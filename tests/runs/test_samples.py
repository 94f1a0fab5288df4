"""The sample sessions that a new workspace is given."""

import pytest
from pytest_django import Settings

from playground.recording.status import RunStatus
from playground.runs.models import Run, Session, Visibility
from playground.runs.reader import open_log
from playground.runs.samples import add_samples
from playground.runs.welcome import greeting
from playground.workspaces.models import Workspace
from playground.workspaces.signals import workspace_created
from tests.factories import make_member, make_workspace

pytestmark = pytest.mark.django_db


def test_there_are_a_retry_a_stall_and_a_comparison_in_two_languages() -> None:
    retry, stall, comparison = add_samples(Workspace.objects.default(), make_member())

    (refused,) = Run.objects.filter(turn__session=retry)
    (stalled,) = Run.objects.filter(turn__session=stall)
    lanes = Run.objects.filter(turn__session=comparison)
    assert refused.attempts == 3
    assert stalled.metrics["gap_max_ms"] > 4000
    assert "气泡" in stalled.text
    assert [run.lane for run in lanes] == [0, 1, 2]
    assert {run.model_id.partition("/")[0] for run in lanes} == {"local", "sim"}
    for run in (refused, stalled, *lanes):
        assert run.status == RunStatus.COMPLETED
        assert open_log(run).text == run.text
        assert open_log(run).reads()


def test_everyone_in_the_workspace_sees_them_and_they_are_marked() -> None:
    samples = add_samples(Workspace.objects.default(), make_member())
    assert {(s.origin, s.visibility) for s in samples} == {("sample", Visibility.WORKSPACE)}


def test_a_new_installation_has_them_once() -> None:
    greeting("127.0.0.1", 8000)
    greeting("127.0.0.1", 8000)
    assert Session.objects.filter(origin="sample").count() == 3


def test_a_new_workspace_has_them() -> None:
    workspace = make_workspace()
    workspace_created.send(sender=Workspace, workspace=workspace, owner=make_member(workspace))
    assert workspace.sessions.count() == 3


def test_an_installation_can_do_without(settings: Settings) -> None:
    settings.PLAYGROUND_SAMPLES = False
    greeting("127.0.0.1", 8000)
    assert not Session.objects.exists()
