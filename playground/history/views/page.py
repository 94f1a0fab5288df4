"""What stands around the list of sessions: scopes, filters, saved filters, what was just deleted."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from playground.history.access import restorable_sessions
from playground.history.choices import offer_choices
from playground.history.filters import PRIMARY, SCOPE_WORDS, HistoryForm
from playground.history.saved_filters import SavedFilterForm, visible_filters
from playground.history.scopes import Scope
from playground.http import SignedInRequest
from playground.runs.models import Session
from playground.workspaces.models import Membership, Role


def page_context(
    request: SignedInRequest, membership: Membership, form: HistoryForm, saving: SavedFilterForm | None = None
) -> dict[str, Any]:
    """`membership`: the user's current one. `saving`: the form of a filter that could not be saved."""
    offer_choices(form, request.user, membership.workspace)
    gone = just_deleted(request)
    return {
        "scopes": [(scope, words, f"scope={scope}") for scope, words in SCOPE_WORDS.items()],
        "primary": [form[name] for name in PRIMARY if name != "author" or form.scope_chosen is not Scope.MINE],
        "more": [field for field in form.visible_fields() if field.name not in {*PRIMARY, "q", "scope"}],
        "saved": visible_filters(request.user, membership.workspace),
        "saving": saving,
        "may_share": membership.role != Role.VIEWER,
        "may_manage": membership.role == Role.OWNER,
        "gone": gone,
        "moment": request.GET.get("undo_all", ""),
        "undo": gone[0] if len(gone) == 1 else None,
    }


def just_deleted(request: SignedInRequest) -> list[Session]:
    """What the request before this one deleted, named by `undo` (a session) or `undo_all` (the moment of many)."""
    one, many = request.GET.get("undo", ""), request.GET.get("undo_all", "")
    try:
        if many:
            return list(deleted_at(request, many))
        return list(restorable_sessions(request.user).filter(pk=UUID(one))) if one else []
    except ValueError:
        return []


def deleted_at(request: SignedInRequest, moment: str) -> QuerySet[Session]:
    """Sessions that were deleted together have one moment. Raises ValueError for what is none."""
    at = datetime.fromisoformat(moment)
    if at.tzinfo is None:
        raise ValueError(moment)
    return restorable_sessions(request.user).filter(deleted_at=at)
