"""Which run or turn a request names. What the user cannot see does not exist for them: 404."""

from uuid import UUID

from django.shortcuts import get_object_or_404

from playground.accounts.models import User
from playground.runs.access import visible_runs, visible_turns
from playground.runs.models import Run, Turn


def run_or_404(user: User, run_id: UUID) -> Run:
    return get_object_or_404(visible_runs(user), pk=run_id)


def turn_or_404(user: User, turn_id: UUID) -> Turn:
    return get_object_or_404(visible_turns(user).select_related("session"), pk=turn_id)
