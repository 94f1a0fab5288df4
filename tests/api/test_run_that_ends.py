"""A run that ends while it is being read."""

import pytest
from django.test import Client

from playground.api import views
from playground.recording.status import RunStatus
from playground.runs.models import Run
from playground.runs.reader import RecordedLog
from tests.factories import make_member, make_token
from tests.history.factories import make_run, make_session, make_turn, stream


@pytest.mark.django_db
def test_it_is_told_with_its_whole_end(monkeypatch: pytest.MonkeyPatch) -> None:
    owner = make_member()
    events = stream(["One"])
    run = make_run(make_turn(make_session(owner)), events, status=RunStatus.STREAMING)

    def ends_meanwhile(read: Run) -> RecordedLog:
        Run.objects.filter(pk=read.pk).update(
            status=RunStatus.FAILED.value, error_code="upstream_error", error_message="It broke.", finish_reason="error"
        )
        return RecordedLog(read.pk, RunStatus.FAILED, events)

    monkeypatch.setattr(views, "open_log", ends_meanwhile)
    told = Client().get(f"/api/v1/runs/{run.pk}", headers={"Authorization": f"Bearer {make_token(owner)}"}).json()

    assert told["status"] == "failed"
    assert told["error"] == {"code": "upstream_error", "message": "It broke."}
    assert told["finish_reason"] == "error"
