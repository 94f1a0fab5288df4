"""Who sees a session: changed here, so that it is noted, and that open pages learn of it."""

from django.db import transaction

from playground.accounts.models import User
from playground.runs.models import Session, Visibility
from playground.runs.rooms import nudge
from playground.workspaces import audit


@transaction.atomic
def set_visibility(session: Session, actor: User, visibility: Visibility) -> None:
    """Pages of people who lose the session are told so by their sockets, within seconds."""
    if visibility == session.visibility:
        return
    session.visibility = visibility
    session.save(update_fields=["visibility"])
    audit.record(
        session.workspace, actor, "session.visibility", session, subject_id=session.pk, visibility=visibility.value
    )
    nudge(f"session:{session.pk}", "visibility")
    nudge(f"user:{session.owner_id}", "sessions")
    nudge(f"workspace:{session.workspace_id}", "sessions")
