"""Which session, comparison or link a request names. What is not the user's does not exist for them: 404."""

from uuid import UUID

from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from playground.accounts.models import User
from playground.errors import Forbidden, InvalidField
from playground.http import uuid_or_404
from playground.runs.access import changeable_runs, changeable_sessions, visible_runs, visible_sessions
from playground.runs.models import Run, Session
from playground.sharing.links import manageable_links
from playground.sharing.models import ShareLink


def session_to_see(user: User, session_id: UUID) -> Session:
    return get_object_or_404(visible_sessions(user).select_related("workspace", "owner"), pk=session_id)


def session_to_share(user: User, session_id: UUID) -> Session:
    session = changeable_sessions(user).select_related("workspace").filter(pk=session_id).first()
    if session is None:
        session_to_see(user, session_id)
        raise Forbidden(_refusal())
    return session


def run_to_see(user: User, run_id: UUID) -> Run:
    return get_object_or_404(visible_runs(user).select_related("turn__session__workspace"), pk=run_id)


def runs_to_share(user: User, left: str, right: str) -> tuple[Run, Run]:
    """Both must be the user's to share, and of one workspace."""
    found = _run_to_share(user, left), _run_to_share(user, right)
    if found[0].turn.session.workspace_id != found[1].turn.session.workspace_id:
        raise InvalidField("b", _("Both runs must be of one workspace to be shared by one link."))
    return found


def link_to_manage(user: User, link_id: int) -> ShareLink:
    return get_object_or_404(manageable_links(user), pk=link_id)


def _run_to_share(user: User, run_id: str) -> Run:
    pk = uuid_or_404(run_id)
    run = changeable_runs(user).select_related("turn__session__workspace").filter(pk=pk).first()
    if run is None:
        run_to_see(user, pk)
        raise Forbidden(_refusal())
    return run


def _refusal() -> str:
    return _("Only the person whose session this is can share it. Copy the session to share one of your own.")
