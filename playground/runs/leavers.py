"""What becomes of the live runs and the open pages of who leaves a workspace, or has another role there."""

from typing import Any

from playground.runs.models import Run
from playground.runs.rooms import nudge
from playground.runs.stopping import request_stop
from playground.runs.store import LIVE
from playground.workspaces.models import Membership


def stop_runs(instance: Membership, **_kwargs: Any) -> None:
    """A `post_delete` receiver: they ran on the workspace's keys, and who left may not read them any more."""
    sessions = {"turn__session__owner_id": instance.user_id, "turn__session__workspace_id": instance.workspace_id}
    for run in Run.objects.filter(**sessions, status__in=LIVE):
        request_stop(run)


def tell_role(instance: Membership, *, created: bool, raw: bool = False, **kwargs: Any) -> None:
    """A `post_save` receiver: their open pages look what they may do now. What they began goes on."""
    fields = kwargs.get("update_fields")
    if not created and not raw and (fields is None or "role" in fields):
        nudge(f"user:{instance.user_id}", "role")
