"""What the list does to the rows that are chosen in it. Plain forms: it works without scripts."""

from typing import Final
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseBase, QueryDict, StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from playground.errors import BadRequest, NotFound
from playground.history import bulk, services
from playground.history.conditions import selection_of
from playground.history.filters import HistoryForm
from playground.history.listing import every
from playground.history.views.page import deleted_at
from playground.history.zipped import on_threads, session_files, zipped
from playground.http import SignedInRequest, uuid_of
from playground.runs.models import Visibility
from playground.workspaces.access import current_workspace
from playground.workspaces.audit import record
from playground.workspaces.models import Workspace

_VISIBILITY: Final = {"private": Visibility.PRIVATE, "workspace": Visibility.WORKSPACE}


@require_POST
@login_required
def act(request: SignedInRequest) -> HttpResponseBase:
    """`action` (see `bulk.ACTIONS`) on the sessions named by `session`, or with `all` on those that `query` finds."""
    action = request.POST.get("action", "")
    if action not in bulk.ACTIONS:
        raise BadRequest(_("Choose what to do with the sessions."))
    workspace = current_workspace(request.user)
    chosen = _chosen(request, workspace)
    ids = bulk.allowed(request.user, workspace, action, chosen)
    skipped = len(set(chosen)) - len(ids)
    if not chosen:
        messages.warning(request, _("No session is chosen. Tick the ones you mean first."))
    elif not ids:
        messages.warning(request, _("Nothing was changed: you may not do that to any of these sessions."))
    elif action == "export":
        return _download(request, workspace, ids)
    else:
        return _back(request, _do(request, workspace, action, ids, skipped))
    return _back(request)


@require_POST
@login_required
def restore(request: SignedInRequest) -> HttpResponse:
    """Undo the deletion of all that were deleted together, at `moment`."""
    try:
        sessions = deleted_at(request, request.POST.get("moment", ""))
    except ValueError:
        raise NotFound(_("There is nothing to bring back: it may be back already.")) from None
    count = services.restore_all(request.user, sessions)
    if not count:
        raise NotFound(_("There is nothing to bring back: it may be back already."))
    messages.success(request, _counted("back", count))
    return _back(request)


def _chosen(request: SignedInRequest, workspace: Workspace) -> list[UUID]:
    if request.POST.get("all"):
        form = HistoryForm(QueryDict(request.POST.get("query", "")))
        return every(selection_of(request.user, workspace, form), bulk.MOST)
    return [found for text in request.POST.getlist("session")[: bulk.MOST] if (found := uuid_of(text))]


def _do(request: SignedInRequest, workspace: Workspace, action: str, ids: list[UUID], skipped: int) -> str:
    """The moment of a deletion, else ""."""
    moment = ""
    if action in ("tag", "untag"):
        name = " ".join(request.POST.get("tag", "").split())[: bulk.TAG_LENGTH]
        if not name:
            messages.warning(request, _("Write the name of a tag first."))
            return ""
        count = (bulk.tag if action == "tag" else bulk.untag)(workspace, ids, name).number
    elif action == "delete":
        count, moment = bulk.delete(request.user, workspace, ids)
    else:
        count = bulk.show_to(request.user, workspace, ids, _VISIBILITY[action]).number
    sentences = [_counted(action, count)]
    if skipped:
        words = ngettext("%(count)d was skipped", "%(count)d were skipped", skipped) % {"count": skipped}
        sentences.append(_("%(number)s: you may not change it.") % {"number": words})
    if action != "delete" or skipped:
        messages.success(request, " ".join(sentences))
    return moment


def _counted(action: str, count: int) -> str:
    words = {
        "tag": ngettext("%(count)d session was tagged.", "%(count)d sessions were tagged.", count),
        "untag": ngettext(
            "The tag was removed from %(count)d session.", "The tag was removed from %(count)d sessions.", count
        ),
        "delete": ngettext("%(count)d session was deleted.", "%(count)d sessions were deleted.", count),
        "private": ngettext("%(count)d session is private.", "%(count)d sessions are private.", count),
        "workspace": ngettext("The workspace sees %(count)d session.", "The workspace sees %(count)d sessions.", count),
        "back": ngettext("%(count)d session is back.", "%(count)d sessions are back.", count),
    }
    return words[action] % {"count": count}


def _download(request: SignedInRequest, workspace: Workspace, ids: list[UUID]) -> StreamingHttpResponse:
    record(workspace, request.user, "export.sessions", sessions=len(ids))
    response = StreamingHttpResponse(on_threads(zipped(session_files(ids))), content_type="application/zip")
    name = f"sessions-{timezone.localdate():%Y-%m-%d}.zip"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Content-Encoding"] = (
        "identity"  # else each part is compressed on its own, and browsers read only the first
    )
    return response


def _back(request: SignedInRequest, moment: str = "") -> HttpResponse:
    """To the list as it was asked for."""
    query = HistoryForm(QueryDict(request.POST.get("query", ""))).query(undo_all=moment)
    return redirect(f"{reverse('history:sessions')}?{query}" if query else "history:sessions")
