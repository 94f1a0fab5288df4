"""Requests that would begin a run while the database is away: refused before they wait for it, and counted."""

from typing import Final

from django.http import HttpRequest

from playground.errors import Busy
from playground.runs.admission import RETRY_AFTER_S
from playground.runs.apps import running_engine
from playground.runs.health import SENTENCES, Trouble
from playground.runs.metrics import RUNS_REFUSED

_BEGIN_A_RUN: Final = frozenset(
    {
        "prompts:turns",
        "prompts:retry",
        "prompts:continue",
        "presenting:do",
        "api:create_run",
        "api:retry",
        "api:go_on",
    }
)


def refuse_run(request: HttpRequest) -> None:
    """Raises Busy for a request that begins a run, if the database is known to be away.

    Who asks, and for what, is only found out in the database, which may let everybody wait.
    """
    if _begins_a_run(request):
        refuse_while_away()


def refuse_while_away() -> None:
    """Raises Busy if the database is known to be away, and counts that as a run that was refused."""
    engine = running_engine()
    if engine is not None and engine.health.has(Trouble.DATABASE):
        RUNS_REFUSED.labels("trouble").inc()
        raise Busy(str(SENTENCES[Trouble.DATABASE]), retry_after=RETRY_AFTER_S)


def count_refused(request: HttpRequest) -> None:
    """The database was away for `request`, whatever that asked for."""
    if _begins_a_run(request):
        RUNS_REFUSED.labels("trouble").inc()


def _begins_a_run(request: HttpRequest) -> bool:
    match = request.resolver_match
    return request.method == "POST" and match is not None and match.view_name in _BEGIN_A_RUN
