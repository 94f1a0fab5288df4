"""Which thing of a review a request names, and who may do what to it.

Whoever sees a session reads, comments and rates. Editors of its workspace tag it and keep its place in the queue; who
may delete it may hide spans of it from links. What a user cannot see does not exist for them.
"""

from uuid import UUID

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from playground.accounts.models import User
from playground.errors import Forbidden
from playground.review.models import Comment, Redaction, Thread
from playground.runs.access import deletable_sessions, is_visible, visible_runs, visible_sessions
from playground.runs.models import Run, Session, Visibility
from playground.workspaces.access import current_workspace, has_role, require_role
from playground.workspaces.models import Role, Workspace


def session_or_404(user: User, session_id: UUID) -> Session:
    return get_object_or_404(visible_sessions(user).select_related("owner", "workspace"), pk=session_id)


def run_or_404(user: User, run_id: UUID) -> Run:
    return get_object_or_404(visible_runs(user).select_related("turn__session__workspace"), pk=run_id)


def session_to_manage(user: User, session_id: UUID) -> Session:
    """To tag it, to ask for its review, to assign that."""
    session = session_or_404(user, session_id)
    require_role(user, session.workspace, Role.EDITOR)
    return session


def may_redact(user: User, session: Session) -> bool:
    return deletable_sessions(user).filter(pk=session.pk, deleted_at=None).exists()


def session_to_redact(user: User, session_id: UUID) -> Session:
    session = session_or_404(user, session_id)
    if not may_redact(user, session):
        raise Forbidden(_("Only the person whose session this is, or an owner of the workspace, can hide text of it."))
    return session


def redaction_to_change(user: User, redaction_id: int) -> Redaction:
    redactions = Redaction.objects.filter(is_visible(user, "turn__session__")).select_related("turn")
    redaction = get_object_or_404(redactions, pk=redaction_id)
    session_to_redact(user, redaction.turn.session_id)
    return redaction


def thread_or_404(user: User, thread_id: UUID) -> Thread:
    threads = Thread.objects.filter(is_visible(user, "session__"))
    return get_object_or_404(threads.select_related("session__workspace", "turn", "run"), pk=thread_id)


def comment_to_edit(user: User, comment_id: int) -> Comment:
    comment = _comment_or_404(user, comment_id)
    if comment.author_id != user.pk:
        raise Forbidden(_("Only the person who wrote this comment can change it."))
    return comment


def comment_to_delete(user: User, comment_id: int) -> Comment:
    comment = _comment_or_404(user, comment_id)
    if comment.author_id != user.pk and not has_role(user, comment.thread.session.workspace, Role.OWNER):
        raise Forbidden(_("Only the person who wrote this comment, or an owner of the workspace, can delete it."))
    return comment


def workspace_to_manage(user: User, least: Role = Role.OWNER) -> Workspace:
    """The user's current workspace, whose tags and scales they may manage."""
    workspace = current_workspace(user)
    require_role(user, workspace, least)
    return workspace


def people_who_see(session: Session) -> QuerySet[User]:
    """Who can be named in a comment on it, or be asked to review it."""
    members = User.objects.filter(memberships__workspace=session.workspace_id, is_active=True)
    if session.visibility == Visibility.PRIVATE:
        members = members.filter(pk=session.owner_id)
    return members.order_by("username")


def _comment_or_404(user: User, comment_id: int) -> Comment:
    comments = Comment.objects.filter(is_visible(user, "thread__session__"), deleted_at=None)
    return get_object_or_404(comments.select_related("thread__session__workspace", "author"), pk=comment_id)
