"""What a run may be compared with, and which run a person means who pastes a link."""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple
from uuid import UUID

from django.utils.translation import gettext as _

from playground.accounts.models import User
from playground.errors import InvalidField
from playground.history.listing import Selection, find
from playground.history.scopes import Scope
from playground.history.search import occurs, sessions_with, terms_of
from playground.runs.access import visible_runs, visible_sessions
from playground.runs.models import Run

_SESSIONS: Final = 15
_RECENT: Final = 20
_UUID: Final = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_RUN_IN_LINK: Final = re.compile(rf"(?:/runs/|#run-|^)({_UUID})(?![0-9a-f-])", re.IGNORECASE)
_UNSHOWN: Final = ("messages", "text", "reasoning")


class Group(NamedTuple):
    heading: str
    runs: Sequence[Run]


def candidates(user: User, run: Run | None, query: str = "") -> list[Group]:
    """Those beside `run` first: other lanes, other tries of its lane, then runs of the sessions that changed last.

    With a query, only runs of the sessions in which the history finds it.
    """
    if query:
        found = _recent(user, query, but=run)
        return [Group(_("Found"), found)] if found else []
    beside = _beside(user, run) if run else []
    groups = [
        Group(_("Other lanes of this turn"), [other for other in beside if run and other.lane != run.lane]),
        Group(_("Other tries of this lane"), [other for other in beside if run and other.lane == run.lane]),
        Group(_("From recent sessions"), _recent(user, "", but=run)),
    ]
    return [group for group in groups if group.runs]


def _beside(user: User, run: Run) -> list[Run]:
    others = visible_runs(user).filter(turn=run.turn_id).exclude(pk=run.pk)
    return list(others.defer(*_UNSHOWN).order_by("lane", "pk"))


def _recent(user: User, query: str, *, but: Run | None) -> list[Run]:
    sessions = [place.id for place in find(_searched(user, query), None, _SESSIONS).places]
    found = visible_runs(user).filter(turn__session__in=sessions).defer(*_UNSHOWN).order_by("-pk")
    return list((found.exclude(turn=but.turn_id) if but else found)[:_RECENT])


def _searched(user: User, query: str) -> Selection:
    """What the user sees of all workspaces, the newest first."""
    terms = terms_of(query)
    known = {term: sessions_with(term) for term in terms}
    tests = [occurs(term) for term, ids in known.items() if ids is None]
    indexed = [ids for ids in known.values() if ids is not None]
    candidates = frozenset(set.intersection(*indexed)) if indexed else None
    return Selection(visible_sessions(user), Scope.WORKSPACE, tests, candidates, terms)


def run_meant(user: User, written: str) -> Run:
    """By the address of its page or its lane, or by its id.

    Raises:
        InvalidField: no run is named, or none that the user can see.
    """
    match = _RUN_IN_LINK.search(written.strip())
    if match is None:
        raise InvalidField("other", _("This names no run. Paste the address of a run's page, or its id."))
    run = visible_runs(user).filter(pk=UUID(match[1])).first()
    if run is None:
        raise InvalidField("other", _("There is no such run, or it is not shared with you."))
    return run
