"""Who may present what, and whose show it is. Every view of this app starts here; the audience has a code instead.

Editors may present each session that they see, from its recordings. Live answers, notes and the choice of recordings
are for the person whose session it is, since they change it.
"""

from collections.abc import Collection
from typing import TypeVar
from uuid import UUID

from django.db.models import Model, QuerySet
from django.http import Http404
from django.utils.translation import gettext as _

from playground.accounts.link_tokens import digest_of
from playground.accounts.models import User
from playground.errors import Forbidden
from playground.http import uuid_of
from playground.presenting.models import Show, ShowQuerySet
from playground.runs.access import changeable_sessions, changeable_turns, is_visible, visible_sessions, visible_turns
from playground.runs.models import Session, Turn
from playground.workspaces.access import workspaces_of
from playground.workspaces.models import Role

M = TypeVar("M", bound=Model)


def presentable_sessions(user: User) -> QuerySet[Session]:
    return visible_sessions(user).filter(workspace__in=workspaces_of(user, Role.EDITOR))


def may_ask_live(user: User, session_id: UUID) -> bool:
    return changeable_sessions(user).filter(pk=session_id).exists()


def session_to_present(user: User, session_id: UUID) -> Session:
    found = presentable_sessions(user).select_related("workspace")
    return _allowed(
        found, visible_sessions(user), session_id, _("Viewers cannot present. Ask an owner for more rights.")
    )


def session_to_prepare(user: User, session_id: UUID) -> Session:
    """Whose models are asked."""
    found = changeable_sessions(user).select_related("workspace")
    return _allowed(found, visible_sessions(user), session_id, only_replayed())


def turn_to_prepare(user: User, turn_id: UUID) -> Turn:
    """Whose notes are written and recordings chosen."""
    refusal = _("Only the person whose session this is can change its notes and recordings.")
    return _allowed(changeable_turns(user).select_related("session"), visible_turns(user), turn_id, refusal)


def only_replayed() -> str:
    return _("Only the person whose session this is can ask its models live. Present its recordings, or copy it.")


def own_shows(user: User) -> ShowQuerySet:
    """Ended ones too."""
    return Show.objects.filter(presenter=user, session__in=presentable_sessions(user))


def show_to_present(user: User, show_id: UUID) -> Show:
    seen = Show.objects.filter(is_visible(user, "session__"))
    refusal = _("Only the person who presents this show can do that.")
    return _allowed(own_shows(user).select_related("session__workspace"), seen, show_id, refusal)


def show_by_code(code: str) -> Show:
    """Ended ones too. Raises Http404 for a code that no show has."""
    show = Show.objects.of_editors().filter(digest=digest_of(code)).first()
    if show is None:
        raise Http404
    return show


def open_to(user: User, show_ids: Collection[str]) -> set[str]:
    """The rooms of a presenter's own shows: see `runs.room_access`."""
    ids = [show_id for show_id in show_ids if str(uuid_of(show_id)) == show_id]
    return {str(pk) for pk in own_shows(user).filter(pk__in=ids).values_list("pk", flat=True)}


def _allowed(may_present: QuerySet[M], may_see: QuerySet[M], pk: UUID, refusal: str) -> M:
    """404 for what the user cannot see, 403 for what they see and may not present."""
    found = may_present.filter(pk=pk).first()
    if found is not None:
        return found
    if may_see.filter(pk=pk).exists():
        raise Forbidden(refusal)
    raise Http404
