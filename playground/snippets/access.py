"""Whose questions are shown as code: those of every run that its reader may see and that is recorded."""

from uuid import UUID

from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from playground.accounts.models import User
from playground.errors import NotFound
from playground.runs.access import visible_runs
from playground.runs.models import Run


def asked_or_404(user: User, run_id: UUID) -> Run:
    """Raises NotFound for what the user cannot see, and for a question that was not kept."""
    run = get_object_or_404(visible_runs(user), pk=run_id)
    if not run.turn.is_recorded:
        raise NotFound(_("This prompt was not recorded, so there is no code that asks it again."))
    return run
