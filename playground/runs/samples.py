"""The sample sessions: recordings of real streams, shipped with the app, for a first visit to look at."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from playground.accounts.models import User
from playground.recording.session_file import RecordedSession, load
from playground.runs.models import Session, Visibility
from playground.runs.transfer import import_session
from playground.workspaces.models import Workspace

ORIGIN: Final = "sample"
_FILES: Final = Path(__file__).parent / "sample_sessions"


def add_samples(workspace: Workspace, owner: User) -> list[Session]:
    """Give a workspace the samples, visible to all of it, in the order of the files."""
    with transaction.atomic():
        sessions = [
            import_session(recorded, workspace, owner, origin=ORIGIN, visibility=Visibility.WORKSPACE)
            for recorded in _samples()
        ]
        now = timezone.now()
        for age, session in enumerate(sessions):
            Session.objects.filter(pk=session.pk).update(updated_at=now - timedelta(seconds=age))
    return sessions


def give_samples(workspace: Workspace, owner: User, **_kwargs: Any) -> None:
    """A `workspace_created` receiver: as `add_samples`, where the installation wants it."""
    if settings.PLAYGROUND_SAMPLES:
        add_samples(workspace, owner)


def _samples() -> Iterator[RecordedSession]:
    return (load(file.read_bytes()) for file in sorted(_FILES.glob("*.json")))
