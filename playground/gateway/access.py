"""Whose recordings are served again: those of every run that is recorded, to who may see it."""

from uuid import UUID

from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from playground.accounts.models import User
from playground.errors import Conflict, NotFound
from playground.http import uuid_of
from playground.runs.access import visible_runs
from playground.runs.models import Run
from playground.workspaces.models import ApiToken


def run_or_404(user: User, run_id: UUID) -> Run:
    """For a page. Raises Conflict for a run that has no whole recording."""
    run = get_object_or_404(visible_runs(user), pk=run_id)
    hold_recorded(run)
    return run


def run_to_replay(token: ApiToken, name: str) -> Run:
    """The run that `replay/NAME` means, in the token's workspace.

    Raises:
        NotFound: there is none, or it is not shared with the token's user.
        Conflict: there is no whole recording of it.
    """
    run_id = uuid_of(name)
    if run_id is None:
        raise NotFound(_("Name a recording as replay/RUN_ID, with the id of a run."), field="model")
    seen = visible_runs(token.user).filter(pk=run_id, turn__session__workspace=token.workspace)
    run = seen.defer("messages", "text", "reasoning").first()
    if run is None:
        raise NotFound(_("There is no such recording, or it is not shared with you."), field="model")
    hold_recorded(run)
    return run


def hold_recorded(run: Run) -> None:
    """Raises Conflict."""
    if not run.is_final:
        raise Conflict(_("This run is still being recorded. Replay it when it has ended."), field="model")
    if not run.turn.is_recorded:
        raise Conflict(_("This run was not recorded, so there is nothing to replay."), field="model")
