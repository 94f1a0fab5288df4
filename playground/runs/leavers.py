"""What happens to the live runs of who leaves a workspace."""

from typing import Any

from playground.runs.models import Run
from playground.runs.store import LIVE
from playground.runs.turns import request_stop
from playground.workspaces.models import Membership


def stop_runs(instance: Membership, **_kwargs: Any) -> None:
    """A `post_delete` receiver: they ran on the workspace's keys, and who left may not read them any more."""
    sessions = {"turn__session__owner_id": instance.user_id, "turn__session__workspace_id": instance.workspace_id}
    for run in Run.objects.filter(**sessions, status__in=LIVE):
        request_stop(run)
