"""Telling open pages that something of a review changed, once it is stored."""

from uuid import UUID

from django.db import transaction

from playground.runs.apps import running_engine
from playground.runs.models import Session
from playground.runs.rooms import nudge

CHANGED = "review-changed"
"""The DOM event on the page of who changed something."""
NOTICE = "playground:notice"
"""The DOM event that says something to who did it."""


def session_changed(session: Session) -> None:
    """Its threads, ratings, tags, redactions or its place in the queue."""
    transaction.on_commit(lambda: _tell(session.pk, session.workspace_id))


def hidden_changed(session: Session) -> None:
    """What is hidden from links, too: who follows one from now on sees it as it is now."""
    session_changed(session)
    transaction.on_commit(_forget_lenses)


def _tell(session_id: UUID, workspace_id: int) -> None:
    nudge(f"session:{session_id}", "threads")
    nudge(f"workspace:{workspace_id}", "reviews")


def _forget_lenses() -> None:
    engine = running_engine()
    if engine is not None:
        engine.forget_lenses()
