"""The audit log of a workspace: who shared, invited, exported, deleted, or changed a connection."""

from typing import Any, Final, Protocol, runtime_checkable

from django.contrib.auth.models import AnonymousUser

from playground.accounts.models import User
from playground.workspaces.models import AuditEntry, Workspace

_SUBJECT_LENGTH: Final = 200


@runtime_checkable
class Named(Protocol):
    """What has a name for the audit log that differs from its own: "" where its readers need not know of it."""

    @property
    def audit_name(self) -> str: ...


def record(
    workspace: Workspace,
    actor: User | AnonymousUser | None,
    action: str,
    subject: object = "",
    *,
    subject_id: object = "",
    **details: Any,
) -> AuditEntry:
    """Add an entry, in the transaction of what it tells of.

    `action` is `noun.verb`, as in "session.share"; the words that people read for it are in `audit_words`. `subject` is
    what it was done to, by the name that people know; `details` are JSON values, and never hold a secret.
    """
    name = subject.audit_name if isinstance(subject, Named) else str(subject)
    return AuditEntry.objects.create(
        workspace=workspace,
        actor=actor if isinstance(actor, User) else None,
        actor_name=actor.get_username() if isinstance(actor, User) else "",
        action=action,
        subject=name[:_SUBJECT_LENGTH],
        subject_id=str(subject_id),
        details=details,
    )
